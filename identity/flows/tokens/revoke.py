"""Revoking refresh tokens: by id, by token, by user, by application; and logging out. Source: login contract 10.4."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.errors import NotFound, Unauthorized
from identity.flows.events.announce import Announce, tell, transact
from identity.flows.services import Services
from identity.flows.tokens.token_events import Lives, lives_of, revoked
from identity.store import applications, refresh_tokens, registrations, users
from identity.store.db import Connection
from identity.store.refresh_tokens import RefreshToken


@dataclass(frozen=True, slots=True)
class Revocation:
    """What to revoke: one token by id or by its text, or many by user, application or both."""

    token_id: UUID | None = None
    token: str | None = field(default=None, repr=False)
    user_id: UUID | None = None
    application_id: UUID | None = None


def revoke(services: Services, wanted: Revocation, *, tenant_id: UUID | None, owner_id: UUID | None) -> None:
    """`owner_id` is set when a user revokes with an access token: then only their own, by id or text.

    Raises NotFound, Unauthorized, WebhooksRefused.
    """
    lives = _lives(services, wanted, tenant_id)

    def work(conn: Connection, announce: Announce) -> None:
        if wanted.token_id is not None or wanted.token is not None:
            record = _one(conn, wanted, tenant_id)
            if record is None or owner_id not in (None, record.user_id):
                raise NotFound
            _end(conn, services, announce, record, lives)
        elif owner_id is not None:
            raise Unauthorized
        else:
            _many(conn, services, announce, wanted, tenant_id, lives)

    transact(services, work)  # two that revoke many rows may meet crosswise, and one of them begins anew


def _lives(services: Services, wanted: Revocation, tenant_id: UUID | None) -> Lives:
    """For the events: how long the access tokens live that are out there."""
    concerned: set[UUID | None] = {wanted.application_id}
    with services.db.read() as conn:
        if (record := _one(conn, wanted, tenant_id)) is not None:
            concerned.add(record.application_id)
        elif wanted.user_id is not None:
            concerned |= {each.application_id for each in refresh_tokens.of_user(conn, wanted.user_id, tenant_id)}
    return lives_of(services, concerned)


def _one(conn: Connection, wanted: Revocation, tenant_id: UUID | None) -> RefreshToken | None:
    if wanted.token_id is not None:
        return refresh_tokens.get(conn, wanted.token_id, tenant_id)
    record = refresh_tokens.find(conn, wanted.token) if wanted.token is not None else None
    return record if record and tenant_id in (None, record.tenant_id) else None


def _end(conn: Connection, services: Services, announce: Announce, record: RefreshToken, lives: Lives) -> None:
    """Revoke one token."""
    refresh_tokens.revoke(conn, record.id)
    user = users.get(conn, record.tenant_id, record.user_id)
    registered = registrations.of_user(conn, services.sealer, record.tenant_id, record.user_id)
    event = revoked(lives, user=user, registrations=registered, application_id=record.application_id, record=record)
    announce(record.tenant_id, [event])


def _many(
    conn: Connection,
    services: Services,
    announce: Announce,
    wanted: Revocation,
    tenant_id: UUID | None,
    lives: Lives,
) -> None:
    """Foreign and unknown users and applications have no tokens to revoke: nothing happens, as for none."""
    if wanted.user_id is not None:
        user = users.get(conn, tenant_id, wanted.user_id)
        if user is not None and refresh_tokens.revoke_of_user(conn, user.tenant_id, user.id, wanted.application_id):
            registered = registrations.of_user(conn, services.sealer, user.tenant_id, user.id)
            ended = revoked(lives, user=user, registrations=registered, application_id=wanted.application_id)
            announce(user.tenant_id, [ended])
    elif wanted.application_id is not None:
        application = applications.get(conn, wanted.application_id, tenant_id)
        if application and refresh_tokens.revoke_of_application(conn, application.tenant_id, application.id):
            announce(application.tenant_id, [revoked(lives, application_id=application.id)])


def revoke_reused(services: Services, record: RefreshToken) -> None:
    """End a session whose one-time token was used twice: nobody is asked whether a stolen token may live on."""
    end_session(services, record)


def end_session(services: Services, record: RefreshToken) -> None:
    """Revoke a token whatever the webhooks think of it: they are told."""
    lives = lives_of(services, [record.application_id])
    with services.db.transaction() as conn:
        if not refresh_tokens.revoke(conn, record.id):
            return
        user = users.get(conn, record.tenant_id, record.user_id)
        registered = registrations.of_user(conn, services.sealer, record.tenant_id, record.user_id)
    event = revoked(lives, user=user, registrations=registered, application_id=record.application_id, record=record)
    tell(services, record.tenant_id, [event])


def log_out(services: Services, token: str, *, everywhere: bool) -> None:
    """End the session of a refresh token, or every session of its owner. An unknown token is no error.

    Raises WebhooksRefused.
    """
    with services.db.read() as conn:
        found = refresh_tokens.find(conn, token)
    if found is None:
        return
    wanted = Revocation(user_id=found.user_id) if everywhere else Revocation(token=token)
    lives = _lives(services, wanted, found.tenant_id)

    def work(conn: Connection, announce: Announce) -> None:
        record = refresh_tokens.find(conn, token)
        if record is None:
            return
        if everywhere:
            _many(conn, services, announce, wanted, record.tenant_id, lives)
        else:
            _end(conn, services, announce, record, lives)

    transact(services, work)
