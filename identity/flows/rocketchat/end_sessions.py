"""Ending sessions of the Rocket.Chat door: one, all others, or everything of a user.

Law: who ends more than one holds the user's row, so that no token that is being made at that moment slips past.
"""

from __future__ import annotations

from uuid import UUID

from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.services import Services
from identity.store import rocketchat_tokens, users
from identity.store.db import Connection


def end_session(services: Services, session: ChatSession) -> None:
    """Of this token alone; one that is gone already has ended."""
    with services.db.read() as conn:
        rocketchat_tokens.remove(conn, session.token.id)


def end_other_sessions(services: Services, session: ChatSession) -> None:
    """All logins of the caller but this one. Personal tokens stay. Raises StoreUnavailable."""
    user = session.user

    def work(conn: Connection) -> None:
        users.lock(conn, user.tenant_id, user.id)
        rocketchat_tokens.remove_logins(conn, user.tenant_id, user.id, but=session.token.id)

    services.db.transact(work)


def end_everything(services: Services, tenant_id: UUID, user_id: UUID) -> bool:
    """Every token of the user, personal ones too; False when there is no such user. Raises StoreUnavailable."""

    def work(conn: Connection) -> bool:
        found = users.lock(conn, tenant_id, user_id)
        rocketchat_tokens.remove_all(conn, tenant_id, user_id)
        return found

    return services.db.transact(work)
