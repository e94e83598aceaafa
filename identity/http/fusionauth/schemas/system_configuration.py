"""The wire form of the system configuration and its defaults. Source: login contract 1.5, supporting contract 20."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, validates_schema

from identity.domain.cors import ANYBODY, normal_origin
from identity.http.fusionauth.schemas.common import custom_data, link, off, on, one_of, whole
from identity.http.fusionauth.schemas.user_fields import Zone
from identity.wire import Instant, Many, OneOf, Part, Text, WireSchema

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
ALLOWED_HEADERS = (
    "Accept",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Authorization",
    "Content-Type",
    "Last-Modified",
    "Origin",
    "X-FusionAuth-TenantId",
    "X-Requested-With",
)
EXPOSED_HEADERS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
EVENTS_KEPT = 10_000
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
MOST_ENTRIES = 1_000


class HeaderName(Text):
    """The name of an HTTP header, as an answer may carry it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name is None or not TOKEN.fullmatch(name):
            raise ValidationError("invalid")
        return name


class OriginUrl(Text):
    """Scheme, host and port, or `*`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        origin = super()._deserialize(value, attr, data, **kwargs)
        if origin is None or (origin != ANYBODY and normal_origin(origin) is None):
            raise ValidationError("invalid")
        return origin


def header_names(default: tuple[str, ...]) -> Many:
    return Many(HeaderName(limit=200), most=MOST_ENTRIES, load_default=lambda: list(default))


class CorsConfigurationSchema(WireSchema):
    allow_credentials = off()
    allowed_headers = header_names(ALLOWED_HEADERS)
    allowed_methods = Many(OneOf(METHODS), most=MOST_ENTRIES, load_default=lambda: ["GET", "OPTIONS"])
    allowed_origins = Many(OriginUrl(limit=2_000), most=MOST_ENTRIES, load_default=list)
    debug = off()
    enabled = off()
    exposed_headers = header_names(EXPOSED_HEADERS)
    preflight_max_age_in_seconds = whole(1_800, least=0)

    @validates_schema
    def anybody_stands_alone(self, data: dict[str, Any], **_: Any) -> None:
        origins = data.get("allowed_origins", ())
        if ANYBODY in origins and len(origins) > 1:
            raise ValidationError("invalid", "allowedOrigins")


class DeleteSchema(WireSchema):
    enabled = off()
    number_of_days_to_retain = whole(365)


class DeletableSchema(WireSchema):
    delete = Part(DeleteSchema)


class WebhookDeleteSchema(WireSchema):
    enabled = on()
    number_of_days_to_retain = whole(30)


class WebhookEventLogSchema(WireSchema):
    delete = Part(WebhookDeleteSchema)
    enabled = on()


class EventLogConfigurationSchema(WireSchema):
    number_to_retain = whole(EVENTS_KEPT, most=1_000_000)


class TrustedProxySchema(WireSchema):
    trust_policy = one_of("All", "OnlyConfigured", default="All")
    trusted = Many(Text(limit=100, blank=False), most=MOST_ENTRIES, load_default=list)


class UiConfigurationSchema(WireSchema):
    header_color = Text(limit=20)
    logo_url = link(data_key="logoURL")
    menu_font_color = Text(limit=20)


class UsageDataSchema(WireSchema):
    enabled = off()
    number_of_days_to_retain = whole(365)


class SystemConfigurationSchema(WireSchema):
    audit_log_configuration = Part(DeletableSchema)
    cors_configuration = Part(CorsConfigurationSchema)
    data = custom_data()
    event_log_configuration = Part(EventLogConfigurationSchema)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    login_record_configuration = Part(DeletableSchema)
    report_timezone = Zone(load_default="UTC")
    trusted_proxy_configuration = Part(TrustedProxySchema)
    ui_configuration = Part(UiConfigurationSchema)
    usage_data_configuration = Part(UsageDataSchema)
    webhook_event_log_configuration = Part(WebhookEventLogSchema)


class SystemConfigurationRequest(WireSchema):
    system_configuration = Part(SystemConfigurationSchema, required=True)


class SystemConfigurationResponse(WireSchema):
    system_configuration = Part(SystemConfigurationSchema)


def default_settings() -> dict[str, Any]:
    """What applies before anybody has changed anything."""
    return dict(SystemConfigurationSchema().load({}))
