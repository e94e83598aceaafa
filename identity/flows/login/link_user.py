"""The Link API: tie an outside person to a user by hand, or redeem a pending link. Source: login contract section 5.

An administrator vouches for these links, or the person has just proved the account (flows/hosted/redeem_link.py); so
they strip nobody's credentials (decision 12) and pass only the gates tenant, user exists and link limit (decision 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.errors import Invalid, NotFound, field_problem, invalid_field, invalid_request
from identity.domain.model import Link, LinkLimit, User
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.flows.users.user_events import linked
from identity.store import links, pending_links, providers, registrations, users
from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as an administrator asks for it. The three ids may be missing: that is an error of their field."""

    provider_id: UUID | None
    subject: str | None
    user_id: UUID | None
    display_name: str | None = None
    token: str | None = None


def create_link(services: Services, wanted: NewLink, tenant_id: UUID | None, now: int) -> Link:
    """Raises Invalid."""
    _require(wanted)
    assert wanted.user_id is not None and wanted.provider_id is not None and wanted.subject is not None
    user_id, provider_id = wanted.user_id, wanted.provider_id

    def work(conn: Connection, announce: Announce) -> Link:
        user = _lock_user(conn, user_id, tenant_id)
        limit = _limit(conn, services, provider_id, user.tenant_id)
        return _linked(conn, services, announce, _sealed(services, user.tenant_id, wanted, now), limit, user)

    return links.opened(services.sealer, transact(services, work))


def complete_pending_link(
    services: Services,
    pending_id: str,
    user_id: UUID | None,
    tenant_id: UUID | None,
    now: int,
    *,
    vouched: bool = True,
) -> Link:
    """Redeem a pending link for a user. What the body says beside the user counts for nothing. Raises Invalid.

    `vouched`: an administrator says whose account it is, and not only who holds it (security T5).
    """
    if user_id is None:
        raise invalid_field("identityProviderLink.userId", "missing")

    def work(conn: Connection, announce: Announce) -> Link:
        pending = pending_links.take(conn, pending_id, tenant_id, now)
        if pending is None:
            raise invalid_request("InvalidPendingIdPLinkId", "The pending link id is unknown, expired or used.")
        user = _lock_user(conn, user_id, pending.tenant_id)
        limit = _limit(conn, services, pending.identity_provider_id, user.tenant_id)
        link = Link(
            user.tenant_id,
            pending.identity_provider_id,
            pending.identity_provider_user_id,
            user_id,
            pending.display_name,
            pending.token,
            pending.token_secret,
            {},
            now,
            now,
        )
        return _linked(conn, services, announce, link, limit, user, vouched=vouched)

    return links.opened(services.sealer, transact(services, work))


def remove_link(services: Services, provider_id: UUID, subject: str, user_id: UUID, tenant_id: UUID | None) -> None:
    """Raises NotFound: no such link, or it is another user's."""

    def work(conn: Connection, announce: Announce) -> None:
        user = users.get(conn, tenant_id, user_id)
        if user is None:
            raise NotFound
        held = [each for each in links.find(conn, provider_id, subject, user.tenant_id) if each.user_id == user_id]
        if not links.remove(conn, user.tenant_id, provider_id, subject, user_id):
            raise NotFound
        registered = registrations.of_user(conn, services.sealer, user.tenant_id, user_id)
        announce(user.tenant_id, [linked(each, user, registered, verb="unlink") for each in held])

    transact(services, work)


def _require(wanted: NewLink) -> None:
    problems = {}
    for path, reason, value in (
        ("identityProviderLink.identityProviderId", "missing", wanted.provider_id),
        ("identityProviderLink.identityProviderUserId", "blank", wanted.subject),
        ("identityProviderLink.userId", "missing", wanted.user_id),
    ):
        if value is None:
            problems[path] = [field_problem(path, reason)]
    if problems:
        raise Invalid(problems)


def _lock_user(conn: Connection, user_id: UUID, tenant_id: UUID | None) -> User:
    """The user, who stays locked, so that links are counted one request after the other."""
    if not users.lock(conn, tenant_id, user_id):
        raise invalid_field("identityProviderLink.userId", "invalid")
    user = users.get(conn, tenant_id, user_id)
    assert user is not None  # it is locked
    return user


def _limit(conn: Connection, services: Services, provider_id: UUID, tenant_id: UUID) -> LinkLimit:
    config = providers.find(conn, services.sealer, provider_id)
    if config is None:
        raise invalid_field("identityProviderLink.identityProviderId", "invalid")
    return config.tenants.get(tenant_id, LinkLimit())


def _sealed(services: Services, tenant_id: UUID, wanted: NewLink, now: int) -> Link:
    assert wanted.provider_id is not None and wanted.subject is not None and wanted.user_id is not None
    token, _ = links.seal_tokens(services.sealer, tenant_id, wanted.provider_id, wanted.subject, wanted.token, None)
    return Link(
        tenant_id,
        wanted.provider_id,
        wanted.subject,
        wanted.user_id,
        wanted.display_name,
        token,
        None,
        {},
        now,
        now,
    )


def _linked(
    conn: Connection,
    services: Services,
    announce: Announce,
    link: Link,
    limit: LinkLimit,
    user: User,
    *,
    vouched: bool = True,
) -> Link:
    """The link as stored, announced if it is new. Raises Invalid."""
    made = _store(conn, link, limit, vouched=vouched)
    stored = _find(conn, link)
    if made:
        registered = registrations.of_user(conn, services.sealer, user.tenant_id, user.id)
        announce(user.tenant_id, [linked(stored, user, registered)])
    return stored


def _store(conn: Connection, link: Link, limit: LinkLimit, *, vouched: bool) -> bool:
    """Add the link; whether it was new. The very same one again is no error (D25), another user's is (D26).

    Raises Invalid.
    """
    present = links.find(conn, link.identity_provider_id, link.identity_provider_user_id, link.tenant_id)
    if not present:
        held = links.count(conn, link.tenant_id, link.user_id, link.identity_provider_id)
        if limit.exceeded_by(held):
            raise invalid_request(
                "LinkCountExceeded", "The user has as many links to this provider as the tenant allows."
            )
        if links.add(conn, link, vouched=vouched):
            return True
        present = links.find(conn, link.identity_provider_id, link.identity_provider_user_id, link.tenant_id)
    if present and present[0].user_id != link.user_id:
        raise invalid_field("identityProviderLink.identityProviderUserId", "duplicate")
    links.describe_again(conn, link)
    return False


def _find(conn: Connection, link: Link) -> Link:
    return links.find(conn, link.identity_provider_id, link.identity_provider_user_id, link.tenant_id)[0]
