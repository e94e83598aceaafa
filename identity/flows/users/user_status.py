"""Deactivate, reactivate and delete users, one or many at a time. Source: supporting contract 3.1 and 3.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from identity.domain.errors import NotFound
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.flows.users.save_user import Registered, locked
from identity.flows.users.user_events import user_activity, user_deleted
from identity.store import audit, refresh_tokens, rocketchat_tokens, user_search, users
from identity.store.db import Connection

MOST_AT_ONCE = 10_000
"""Users of one bulk delete. Source: supporting contract 3.1, limit."""


def set_active(services: Services, tenant_id: UUID | None, user_id: UUID, active: bool, now: int) -> Registered:
    """Reactivate, or deactivate and end every session. Raises NotFound, WebhooksRefused."""

    def work(conn: Connection, announce: Announce) -> Registered:
        stored, registered = locked(services, conn, tenant_id, user_id)
        user = replace(stored, active=active, last_update_instant=now)
        users.update(conn, user)
        if not active:
            refresh_tokens.revoke_of_user(conn, user.tenant_id, user.id)
            rocketchat_tokens.remove_all(conn, user.tenant_id, user.id)
        announce(user.tenant_id, user_activity(user, registered))
        return user, registered

    return transact(services, work)


def delete_user(
    services: Services, tenant_id: UUID | None, user_id: UUID, actor: str, now: int, *, only_unverified: bool = False
) -> None:
    """Remove the user and everything that hangs on them, for good. Raises NotFound, WebhooksRefused.

    With `only_unverified` somebody who was verified meanwhile is not found.
    """

    def work(conn: Connection, announce: Announce) -> None:
        stored, registered = locked(services, conn, tenant_id, user_id)
        if only_unverified and stored.verified:
            raise NotFound
        users.remove(conn, stored)
        data = {"tenantId": str(stored.tenant_id), "userId": str(stored.id)}
        audit.add(conn, now, actor, f"Deleted user {stored.id}", data=data)
        announce(stored.tenant_id, user_deleted(stored, registered))

    transact(services, work)


@dataclass(frozen=True, slots=True)
class BulkDelete:
    """Whom to deactivate, or with `hard` to delete: by id, or everybody whom the term matches."""

    user_ids: Sequence[UUID] = ()
    term: str | None = None
    limit: int = MOST_AT_ONCE
    dry_run: bool = False
    hard: bool = False


def delete_users(services: Services, tenant_id: UUID | None, wanted: BulkDelete, actor: str, now: int) -> list[UUID]:
    """The ids of those who were found. Each user is one transaction: what is done stays done. Raises WebhooksRefused.

    Somebody whom another call deletes meanwhile is passed over.
    """
    with services.db.read() as conn:
        found = _found(conn, tenant_id, wanted)
    if wanted.dry_run:
        return found
    for user_id in found:
        try:
            if wanted.hard:
                delete_user(services, tenant_id, user_id, actor, now)
            else:
                set_active(services, tenant_id, user_id, False, now)
        except NotFound:
            continue
    return found


def _found(conn: Connection, tenant_id: UUID | None, wanted: BulkDelete) -> list[UUID]:
    if wanted.term is None:
        return users.existing(conn, tenant_id, wanted.user_ids)[: wanted.limit]
    return user_search.ids_of(conn, tenant_id, wanted.term, wanted.limit)
