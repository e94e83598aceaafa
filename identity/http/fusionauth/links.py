"""/api/identity-provider/link: create, read and remove links, and read pending ones (login contract section 5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import Link
from identity.flows.login.link_user import NewLink, complete_pending_link, create_link, remove_link
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.links import (
    LinkRequest,
    LinkResponse,
    PendingLinkResponse,
    link_limit_wire,
    link_wire,
    pending_link_wire,
)
from identity.store import links, pending_links, providers, users
from identity.store.db import Connection

ENDPOINT = "/api/identity-provider/link"
PENDING_ENDPOINT = "/api/identity-provider/link/pending"
routes = Routes("Identity provider links", "Which person at a provider is which user.")
REQUEST = LinkRequest()


@routes.post(ENDPOINT, endpoint=ENDPOINT, takes=LinkRequest, gives=LinkResponse)
def create_identity_provider_link(call: Call) -> dict[str, Any]:
    """Link a user by hand, or redeem a pending link."""
    body = call.load(REQUEST)
    inner = body["identity_provider_link"]
    user_id = inner.get("user_id") or body.get("user_id")
    if body.get("pending_idp_link_id"):
        link = complete_pending_link(call.services, body["pending_idp_link_id"], user_id, call.tenant_id, call.now)
    else:
        wanted = NewLink(
            provider_id=inner.get("identity_provider_id") or body.get("identity_provider_id"),
            subject=inner.get("identity_provider_user_id") or body.get("identity_provider_user_id"),
            user_id=user_id,
            display_name=inner.get("display_name") or body.get("display_name"),
            token=inner.get("token"),
        )
        link = create_link(call.services, wanted, call.tenant_id, call.now)
    with call.services.db.read() as conn:
        return {"identityProviderLink": _shown(call, conn, link)}


@routes.get(
    ENDPOINT,
    endpoint=ENDPOINT,
    gives=LinkResponse,
    query={
        "identityProviderId": "The provider.",
        "identityProviderUserId": "The person's id at the provider: answers with one link.",
        "userId": "The user: answers with all links, or with those at the provider.",
    },
    statuses={404: "There is no such link or user."},
)
def retrieve_identity_provider_links(call: Call) -> dict[str, Any]:
    """One link by the person at the provider, or the links of a user."""
    provider_id, subject, user_id = (
        call.uuid("identityProviderId"),
        call.text("identityProviderUserId"),
        call.uuid("userId"),
    )
    with call.services.db.read() as conn:
        if provider_id is not None and subject is not None:
            return {"identityProviderLink": _one(call, conn, provider_id, subject, user_id)}
        if user_id is None:
            raise invalid_field("userId", "missing")
        found = links.of_user(conn, call.tenant_id, user_id, provider_id)
    if found is None:
        raise NotFound
    opened = [(links.opened(call.services.sealer, link), provider) for link, provider in found]
    return {"identityProviderLinks": [_wire(call, link, provider) for link, provider in opened]}


def _one(call: Call, conn: Connection, provider_id: UUID, subject: str, user_id: UUID | None) -> dict[str, Any]:
    found = [
        link
        for link in links.find(conn, provider_id, subject, call.tenant_id)
        if user_id is None or link.user_id == user_id
    ]
    if not found:
        raise NotFound
    if len(found) > 1:
        call.tenant()  # one person may have a link in each of several tenants: which one is wanted?
    return _shown(call, conn, links.opened(call.services.sealer, found[0]))


def _shown(call: Call, conn: Connection, link: Link) -> dict[str, Any]:
    return _wire(call, link, providers.names(conn).get(link.identity_provider_id))


def _wire(call: Call, link: Link, provider: links.ProviderName | None) -> dict[str, Any]:
    return link_wire(link, provider, with_secret=call.services.settings.links.expose_token_secret)


@routes.delete(
    ENDPOINT,
    endpoint=ENDPOINT,
    query={"identityProviderId": "Required.", "identityProviderUserId": "Required.", "userId": "Required."},
    statuses={404: "There is no such link."},
)
def delete_identity_provider_link(call: Call) -> None:
    """Unlink a user. Neither tokens at the provider nor refresh tokens are revoked."""
    provider_id, subject, user_id = (
        call.uuid("identityProviderId"),
        call.text("identityProviderUserId"),
        call.uuid("userId"),
    )
    given = {"identityProviderId": provider_id, "identityProviderUserId": subject, "userId": user_id}
    missing = [(name, "missing") for name, value in given.items() if value is None]
    if missing:
        raise invalid_fields(missing)
    assert provider_id is not None and subject is not None and user_id is not None
    remove_link(call.services, provider_id, subject, user_id, call.tenant_id)


@routes.get(
    f"{PENDING_ENDPOINT}/<pending_link>",
    endpoint=PENDING_ENDPOINT,
    gives=PendingLinkResponse,
    query={"userId": "Also count this user's links to the provider."},
)
def retrieve_pending_link(call: Call, pending_link: str) -> dict[str, Any]:
    """What a pending link id stands for. Reading does not use it up."""
    user_id = call.uuid("userId")
    with call.services.db.read() as conn:
        pending = pending_links.find(conn, pending_link, call.tenant_id, call.now)
        if pending is None:
            raise NotFound
        config = providers.find(conn, call.services.sealer, pending.identity_provider_id)
        if config is None:
            raise NotFound
        body: dict[str, Any] = {"pendingIdPLink": pending_link_wire(pending, config)}
        if limit := config.tenants.get(pending.tenant_id):
            body["identityProviderTenantConfiguration"] = link_limit_wire(limit)
        if user_id is not None:
            if users.get(conn, pending.tenant_id, user_id) is None:
                raise NotFound
            body["linkCount"] = links.count(conn, pending.tenant_id, user_id, config.id)
    return body
