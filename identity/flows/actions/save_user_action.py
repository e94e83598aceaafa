"""Creating, changing and deleting the definitions of user actions.

`values` are the members as the wire schema loads them. Actions that were taken keep what the definition said then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.user_actions import UserAction
from identity.flows.services import Services
from identity.store import audit, configuration, references, user_actions
from identity.store.db import Connection, UniqueConflict
from identity.wire import camel_case

Values = Mapping[str, Any]
T = TypeVar("T")
TEMPLATES = (
    "start_email_template_id",
    "modify_email_template_id",
    "cancel_email_template_id",
    "end_email_template_id",
)
FIELDS = {"user_actions_pkey": "userAction.id", "user_actions_name": "userAction.name"}


def create(services: Services, now: int, actor: str, values: Values, user_action_id: UUID | None) -> UserAction:
    """A new definition. Raises Invalid."""
    new_id = user_action_id or services.runtime.new_id()
    new = UserAction(id=new_id, active=True, insert_instant=now, last_update_instant=now, **values)

    def work(conn: Connection) -> None:
        _check(conn, new)
        user_actions.insert(conn, new)
        audit.add(conn, now, actor, f"Created the user action with id {new.id} and name {new.name!r}")

    _change(services, work)
    return new


def update(
    services: Services, now: int, actor: str, user_action_id: UUID, change: Callable[[UserAction], Values]
) -> UserAction:
    """Replace a definition by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection) -> UserAction:
        stored = user_actions.lock(conn, user_action_id)
        if stored is None:
            raise NotFound
        wanted = replace(stored, last_update_instant=now, **change(stored))
        _check(conn, wanted)
        user_actions.update(conn, wanted)
        audit.add(conn, now, actor, f"Updated the user action with id {user_action_id} and name {wanted.name!r}")
        return wanted

    return _change(services, work)


def set_active(services: Services, now: int, actor: str, user_action_id: UUID, *, active: bool) -> UserAction:
    """Deactivate a definition, so that nobody takes it any more, or undo that. Raises NotFound."""

    def work(conn: Connection) -> UserAction:
        stored = user_actions.lock(conn, user_action_id)
        if stored is None:
            raise NotFound
        wanted = replace(stored, active=active, last_update_instant=now)
        user_actions.update(conn, wanted)
        done = "Reactivated" if active else "Deactivated"
        audit.add(conn, now, actor, f"{done} the user action with id {user_action_id} and name {wanted.name!r}")
        return wanted

    return _change(services, work)


def delete(services: Services, now: int, actor: str, user_action_id: UUID) -> None:
    """Delete a definition and every action that was taken by it. Raises NotFound."""

    def work(conn: Connection) -> None:
        if not user_actions.delete(conn, user_action_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the user action with id {user_action_id}")

    _change(services, work)


def _check(conn: Connection, action: UserAction) -> None:
    """Only what lasts for a time can keep somebody out for it; the mails it names must exist. Raises Invalid."""
    problems = [("userAction.preventLogin", "invalid")] if action.prevent_login and not action.temporal else []
    named = {name: getattr(action, name) for name in TEMPLATES if getattr(action, name) is not None}
    known = references.email_templates(conn, named.values()) if named else set()
    problems += [(f"userAction.{camel_case(name)}", "invalid") for name, each in named.items() if each not in known]
    if problems:
        raise invalid_fields(problems)


def _change(services: Services, work: Callable[[Connection], T]) -> T:
    try:
        return configuration.change(services.db, work)
    except UniqueConflict as error:
        raise invalid_field(FIELDS[error.constraint], "duplicate") from error
