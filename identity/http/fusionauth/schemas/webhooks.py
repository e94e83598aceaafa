"""Wire forms of webhooks and of the logs of their events. Source: supporting contract 17.1, 17.2; the OpenAPI file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
from marshmallow import ValidationError, fields

from identity.domain.events import TYPES
from identity.domain.webhooks import Webhook
from identity.flows.events.audience import CERTIFICATE, HEADERS, PASSWORD, USERNAME
from identity.flows.events.save_webhook import WebhookValues
from identity.http.fusionauth.schemas.common import MOST, custom_data, off, one_of, whole
from identity.keymaterial.certificates import is_certificate
from identity.outbound.http import split_url
from identity.store.webhook_logs import RESULTS, Attempt, EventLog
from identity.wire import Flag, Free, Id, Instant, Many, Part, Text, Whole, WireSchema

LONGEST_URL = 2_048
LONGEST_DESCRIPTION = 255
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
OUR_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-fusionauth-signature-jwt",
    }
)
"""Headers that the service itself sends."""


class Url(Text):
    """An absolute http or https URL without a user in it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            if text is not None:
                split_url(text)
                _ = urlsplit(text).port
        except ValueError as error:
            raise ValidationError("invalid") from error
        return text


class EventSwitches(Free):
    """A map of known event types to booleans."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        loaded = super()._deserialize(value, attr, data, **kwargs)
        if not all(name in TYPES and isinstance(on, bool) for name, on in loaded.items()):
            raise ValidationError("invalidJSON")
        return loaded


class Headers(Free):
    """A map of header names to values that can be sent."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        loaded = super()._deserialize(value, attr, data, **kwargs)
        for name, text in loaded.items():
            if not isinstance(text, str):
                raise ValidationError("invalidJSON")
            sendable = text.isprintable() and all(ord(letter) < 256 for letter in text)
            if not HEADER_NAME.fullmatch(name) or name.lower() in OUR_HEADERS or not sendable:
                raise ValidationError("invalid")
        return loaded


class Certificate(Text):
    """An X.509 certificate as PEM."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and not is_certificate(text):
            raise ValidationError("invalid")
        return text


class SignatureConfiguration(WireSchema):
    enabled = off()
    signing_key_id = Id(load_default=None)


class WebhookSchema(WireSchema):
    connect_timeout = Whole(least=1, most=MOST, required=True)
    data = custom_data()
    description = Text(limit=LONGEST_DESCRIPTION, load_default=None)
    events_enabled = EventSwitches(load_default=dict, metadata={"additionalProperties": {"type": "boolean"}})
    global_ = Flag(load_default=False, data_key="global")
    headers = Headers(load_default=dict, limit=64 * 1024, metadata={"additionalProperties": {"type": "string"}})
    http_authentication_password = Text(limit=4_096, load_default=None)
    http_authentication_username = Text(limit=4_096, load_default=None)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    read_timeout = Whole(least=1, most=MOST, required=True)
    signature_configuration = Part(SignatureConfiguration)
    ssl_certificate = Certificate(limit=64 * 1024, load_default=None)
    ssl_certificate_key_id = Id(load_default=None)
    tenant_ids = Many(Id(), load_default=list)
    url = Url(required=True, blank=False, limit=LONGEST_URL)


class WebhookRequest(WireSchema):
    webhook = Part(WebhookSchema, required=True)


class WebhookResponse(WireSchema):
    webhook = fields.Nested(WebhookSchema)
    webhooks = Many(fields.Nested(WebhookSchema))
    total = Whole()


class WebhookSearch(WireSchema):
    description = Text(limit=1_000)
    number_of_results = whole(25, least=0, most=10_000)
    order_by = Text(limit=100)
    start_row = whole(0, least=0, most=10_000)
    tenant_id = Id()
    url = Text(limit=LONGEST_URL)


class WebhookSearchRequest(WireSchema):
    search = Part(WebhookSearch)


class WebhookCallResponseSchema(WireSchema):
    exception = Text()
    status_code = Whole()
    url = Text()


class ToldAttemptSchema(WireSchema):
    attempt_result = one_of("Success", "Failure", "Unknown")
    end_instant = Instant()
    id = Id()
    start_instant = Instant()
    webhook_call_response = fields.Nested(WebhookCallResponseSchema)
    webhook_event_log_id = Id()
    webhook_id = Id()


class ToldEventSchema(WireSchema):
    attempts = Many(fields.Nested(ToldAttemptSchema))
    event = Free()
    event_result = one_of(*RESULTS)
    event_type = Text()
    failed_attempts = Whole()
    id = Id()
    insert_instant = Instant()
    last_attempt_instant = Instant()
    last_update_instant = Instant()
    linked_object_id = Id()
    successful_attempts = Whole()


class ToldEventResponse(WireSchema):
    webhook_event_log = fields.Nested(ToldEventSchema)


class ToldAttemptResponse(WireSchema):
    webhook_attempt_log = fields.Nested(ToldAttemptSchema)


class ToldEventSearch(WireSchema):
    end = Instant()
    event = Text(limit=1_000)
    event_result = one_of(*RESULTS)
    event_type = one_of(*sorted(TYPES))
    number_of_results = whole(25, least=0, most=10_000)
    order_by = Text(limit=100)
    start = Instant()
    start_row = whole(0, least=0, most=10_000)


class ToldEventSearchRequest(WireSchema):
    search = Part(ToldEventSearch)


class ToldEventSearchResponse(WireSchema):
    total = Whole()
    webhook_event_logs = Many(fields.Nested(ToldEventSchema))


SECRETS = {PASSWORD: PASSWORD, USERNAME: USERNAME, CERTIFICATE: CERTIFICATE}


def values_from(loaded: Mapping[str, Any]) -> WebhookValues:
    """A loaded webhook as the flow wants it."""
    secrets = {name: loaded[member] for member, name in SECRETS.items() if loaded[member] is not None}
    if loaded["headers"]:
        secrets[HEADERS] = orjson.dumps(loaded["headers"]).decode()
    return WebhookValues(
        url=loaded["url"],
        description=loaded["description"],
        is_global=loaded["global_"],
        tenant_ids=tuple(dict.fromkeys(loaded["tenant_ids"])),
        connect_timeout=loaded["connect_timeout"],
        read_timeout=loaded["read_timeout"],
        events_enabled=loaded["events_enabled"],
        signature_enabled=loaded["signature_configuration"]["enabled"],
        signing_key_id=loaded["signature_configuration"]["signing_key_id"],
        ssl_certificate_key_id=loaded["ssl_certificate_key_id"],
        secrets=secrets,
        data=loaded["data"],
    )


def webhook_wire(webhook: Webhook, clear: Mapping[str, str]) -> dict[str, Any]:
    """A webhook as reads show it, with its secrets, as FusionAuth does: whoever reads it may change it."""
    shown: dict[str, Any] = WebhookSchema().dump(
        {
            "connect_timeout": webhook.connect_timeout,
            "data": webhook.data,
            "description": webhook.description,
            "events_enabled": webhook.events_enabled,
            "global_": webhook.is_global,
            "headers": orjson.loads(clear.get(HEADERS, "{}")),
            "id": webhook.id,
            "insert_instant": webhook.insert_instant,
            "last_update_instant": webhook.last_update_instant,
            "read_timeout": webhook.read_timeout,
            "signature_configuration": {
                "enabled": webhook.signature_enabled,
                "signing_key_id": webhook.signing_key_id,
            },
            "ssl_certificate_key_id": webhook.ssl_certificate_key_id,
            "tenant_ids": webhook.tenant_ids,
            "url": webhook.url,
            **{member: clear.get(name) for member, name in SECRETS.items()},
        }
    )
    return shown


def event_log_wire(log: EventLog, attempts: Sequence[Attempt] = ()) -> dict[str, Any]:
    shown: dict[str, Any] = ToldEventSchema().dump(
        {
            "attempts": [_attempt(each) for each in attempts],
            "event": {"event": log.event},
            "event_result": log.event_result,
            "event_type": log.event_type,
            "failed_attempts": log.failed_attempts,
            "id": log.id,
            "insert_instant": log.insert_instant,
            "last_attempt_instant": log.last_attempt_instant,
            "last_update_instant": log.last_update_instant,
            "linked_object_id": log.linked_object_id,
            "successful_attempts": log.successful_attempts,
        }
    )
    return shown


def attempt_wire(attempt: Attempt) -> dict[str, Any]:
    shown: dict[str, Any] = ToldAttemptSchema().dump(_attempt(attempt))
    return shown


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt_result": attempt.attempt_result,
        "end_instant": attempt.end_instant,
        "id": attempt.id,
        "start_instant": attempt.start_instant,
        "webhook_call_response": {
            "exception": attempt.exception,
            "status_code": attempt.status_code,
            "url": attempt.url,
        },
        "webhook_event_log_id": attempt.webhook_event_log_id,
        "webhook_id": attempt.webhook_id,
    }
