"""Revoking refresh tokens: by id, by token, by user, by application; and logging out. Source: login contract 10.4."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.errors import NotFound, Unauthorized
from identity.flows.services import Services
from identity.store import applications, refresh_tokens, users
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

    Raises NotFound, Unauthorized.
    """

    def work(conn: Connection) -> None:
        if wanted.token_id is not None or wanted.token is not None:
            record = _one(conn, wanted, tenant_id)
            if record is None or owner_id not in (None, record.user_id):
                raise NotFound
            refresh_tokens.revoke(conn, record.id)
        elif owner_id is not None:
            raise Unauthorized
        else:
            _many(conn, wanted, tenant_id)

    services.db.transact(work)  # two that revoke many rows may meet crosswise, and one of them begins anew


def _one(conn: Connection, wanted: Revocation, tenant_id: UUID | None) -> RefreshToken | None:
    if wanted.token_id is not None:
        return refresh_tokens.get(conn, wanted.token_id, tenant_id)
    record = refresh_tokens.find(conn, wanted.token or "")
    return record if record and tenant_id in (None, record.tenant_id) else None


def _many(conn: Connection, wanted: Revocation, tenant_id: UUID | None) -> None:
    """Foreign and unknown users and applications have no tokens to revoke: nothing happens, as for none."""
    if wanted.user_id is not None:
        user = users.get(conn, tenant_id, wanted.user_id)
        if user is not None:
            refresh_tokens.revoke_of_user(conn, user.tenant_id, user.id, wanted.application_id)
    elif wanted.application_id is not None:
        application = applications.get(conn, wanted.application_id, tenant_id)
        if application is not None:
            refresh_tokens.revoke_of_application(conn, application.tenant_id, application.id)


def log_out(services: Services, token: str, *, everywhere: bool) -> None:
    """End the session of a refresh token, or every session of its owner. An unknown token is no error."""

    def work(conn: Connection) -> None:
        record = refresh_tokens.find(conn, token)
        if record is None:
            return
        if everywhere:
            refresh_tokens.revoke_of_user(conn, record.tenant_id, record.user_id)
        else:
            refresh_tokens.revoke(conn, record.id)

    services.db.transact(work)
