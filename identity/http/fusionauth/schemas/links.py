"""Wire form of links. Source: login contract section 5."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.model import Link, LinkLimit, ProviderConfig
from identity.store.pending_links import PendingLink
from identity.wire import Free, Id, Instant, Part, Text, WireSchema


class LinkSchema(WireSchema):
    """`identityProviderLink`; what is only set by the server is ignored on input."""

    identity_provider_id = Id()
    identity_provider_user_id = Text(limit=255)
    user_id = Id()
    display_name = Text(limit=255)
    token = Text(limit=4096)
    identity_provider_name = Text(dump_only=True)
    identity_provider_type = Text(dump_only=True)
    tenant_id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_login_instant = Instant(dump_only=True)
    data = Free(dump_only=True)


class LinkRequest(WireSchema):
    """The current form, a pending link's form, and the deprecated form with the members at the root."""

    identity_provider_link = Part(LinkSchema)
    pending_idp_link_id = Text(limit=255, data_key="pendingIdPLinkId")
    identity_provider_id = Id()
    identity_provider_user_id = Text(limit=255)
    user_id = Id()
    display_name = Text(limit=255)


class LinkResponse(WireSchema):
    identity_provider_link = fields.Nested(LinkSchema)
    identity_provider_links = fields.List(fields.Nested(LinkSchema))


class PendingLinkSchema(WireSchema):
    display_name = Text()
    email = Text()
    identity_provider_id = Id()
    identity_provider_name = Text()
    identity_provider_type = Text()
    identity_provider_user_id = Text()
    username = Text()


class PendingLinkResponse(WireSchema):
    pending_idp_link = fields.Nested(PendingLinkSchema, data_key="pendingIdPLink")
    identity_provider_tenant_configuration = Free()
    link_count = fields.Integer()


def link_wire(link: Link, provider: tuple[str, str] | None, *, with_secret: bool) -> dict[str, Any]:
    """The link as keyed reads show it; `provider` is the provider's name and type.

    The token secret is shown only where the operator allowed it (`links.expose_token_secret`).
    """
    data = dict(link.data)
    if with_secret and link.token_secret is not None:
        data["oauth_token_secret"] = link.token_secret
    wire: dict[str, Any] = {
        "identityProviderId": str(link.identity_provider_id),
        "identityProviderUserId": link.identity_provider_user_id,
        "insertInstant": link.insert_instant,
        "lastLoginInstant": link.last_login_instant,
        "tenantId": str(link.tenant_id),
        "userId": str(link.user_id),
    }
    optional = {
        "data": data or None,
        "displayName": link.display_name,
        "identityProviderName": provider[0] if provider else None,
        "identityProviderType": provider[1] if provider else None,
        "token": link.token,
    }
    return wire | {name: value for name, value in optional.items() if value is not None}


def pending_link_wire(pending: PendingLink, config: ProviderConfig) -> dict[str, Any]:
    optional = {"displayName": pending.display_name, "email": pending.email, "username": pending.username}
    return {
        "identityProviderId": str(config.id),
        "identityProviderName": config.name,
        "identityProviderType": config.type,
        "identityProviderUserId": pending.identity_provider_user_id,
    } | {name: value for name, value in optional.items() if value is not None}


def link_limit_wire(limit: LinkLimit) -> dict[str, Any]:
    return {"limitUserLinkCount": {"enabled": limit.enabled, "maximumLinks": limit.maximum_links}}
