"""Creating, changing and deleting the reasons for user actions. `values` are the members as the wire schema loads them.

Actions that were taken keep the text and the code of their reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.user_actions import UserActionReason
from identity.flows.services import Services
from identity.store import audit, configuration, user_action_reasons
from identity.store.db import Connection, UniqueConflict

Values = Mapping[str, Any]
T = TypeVar("T")
FIELDS = {
    "user_action_reasons_pkey": "userActionReason.id",
    "user_action_reasons_code": "userActionReason.code",
    "user_action_reasons_text": "userActionReason.text",
}


def create(services: Services, now: int, actor: str, values: Values, reason_id: UUID | None) -> UserActionReason:
    """A new reason. Raises Invalid."""
    new_id = reason_id or services.runtime.new_id()
    new = UserActionReason(id=new_id, insert_instant=now, last_update_instant=now, **values)

    def work(conn: Connection) -> None:
        user_action_reasons.insert(conn, new)
        audit.add(conn, now, actor, f"Created the user action reason with id {new.id} and code {new.code!r}")

    _change(services, work)
    return new


def update(
    services: Services, now: int, actor: str, reason_id: UUID, change: Callable[[UserActionReason], Values]
) -> UserActionReason:
    """Replace a reason by what `change` makes of the stored one. Raises NotFound, Invalid."""

    def work(conn: Connection) -> UserActionReason:
        stored = user_action_reasons.lock(conn, reason_id)
        if stored is None:
            raise NotFound
        wanted = replace(stored, last_update_instant=now, **change(stored))
        user_action_reasons.update(conn, wanted)
        audit.add(conn, now, actor, f"Updated the user action reason with id {reason_id} and code {wanted.code!r}")
        return wanted

    return _change(services, work)


def delete(services: Services, now: int, actor: str, reason_id: UUID) -> None:
    """Raises NotFound."""

    def work(conn: Connection) -> None:
        if not user_action_reasons.delete(conn, reason_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the user action reason with id {reason_id}")

    _change(services, work)


def _change(services: Services, work: Callable[[Connection], T]) -> T:
    try:
        return configuration.change(services.db, work)
    except UniqueConflict as error:
        raise invalid_field(FIELDS[error.constraint], "duplicate") from error
