"""Creating, changing and deleting lambdas. Their source is tried out before it is stored, and never in a transaction.

`values` are the members as the wire schema loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.errors import Busy, Conflict, Invalid, NotFound, invalid_field
from identity.domain.lambdas import Lambda, LambdaType
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.store import audit, configuration, lambdas, references
from identity.store.db import Connection, InUse, UniqueConflict

Values = Mapping[str, Any]
ATTEMPTS = 20
"""How often a change is tried anew because somebody else changed the source meanwhile."""


class _Untried(Exception):
    """The source is new and has not been tried out yet: the transaction ends without a change."""

    def __init__(self, body: str) -> None:
        super().__init__("untried source")
        self.body = body


def create(services: Services, now: int, actor: str, values: Values, lambda_id: UUID | None) -> Lambda:
    """A new lambda. Raises Invalid, Busy."""
    new = Lambda(id=lambda_id or services.runtime.new_id(), insert_instant=now, last_update_instant=now, **values)
    _try_out(services, new.body, new.type)

    def work(conn: Connection) -> None:
        lambdas.insert(conn, new)
        audit.add(conn, now, actor, f"Created the lambda with id {new.id} and name {new.name!r}")

    try:
        configuration.change(services.db, work)
    except UniqueConflict as error:
        raise invalid_field("lambda.id", "duplicate") from error
    return new


def update(services: Services, now: int, actor: str, lambda_id: UUID, change: Callable[[Lambda], Values]) -> Lambda:
    """Replace a lambda by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid, Busy; Conflict when others change the source again and again.
    """
    tried: set[str] = set()

    def work(conn: Connection) -> Lambda:
        stored = lambdas.lock(conn, lambda_id)
        if stored is None:
            raise NotFound
        wanted = _changed(stored, change(stored), now)
        if wanted.body != stored.body and wanted.body not in tried:
            raise _Untried(wanted.body)
        lambdas.update(conn, wanted)
        audit.add(conn, now, actor, f"Updated the lambda with id {lambda_id} and name {wanted.name!r}")
        return wanted

    with services.db.read() as conn:
        stored = lambdas.find(conn, lambda_id)
    if stored is None:
        raise NotFound
    for _ in range(ATTEMPTS):
        try:
            return configuration.change(services.db, work)
        except _Untried as untried:
            _try_out(services, untried.body, stored.type)
            tried.add(untried.body)
    raise Conflict


def delete(services: Services, now: int, actor: str, lambda_id: UUID) -> None:
    """Delete a lambda that nothing refers to. Raises NotFound, Invalid."""

    def work(conn: Connection) -> None:
        if references.is_named_in_settings(conn, lambda_id):
            raise _in_use()
        if not lambdas.delete(conn, lambda_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the lambda with id {lambda_id}")

    try:
        configuration.change(services.db, work)
    except InUse as error:
        raise _in_use() from error


def _in_use() -> Invalid:
    return invalid_field("lambda.id", "inUse")


def _changed(stored: Lambda, values: Values, now: int) -> Lambda:
    """The stored lambda with these values; a type that is given must be the stored one. Raises Invalid."""
    wanted = {**values, "type": values.get("type") or stored.type}
    if wanted["type"] is not stored.type:
        raise invalid_field("lambda.type", "invalid", "The type of a lambda can not be changed.")
    return replace(stored, last_update_instant=now, **wanted)


def _try_out(services: Services, body: str, type: LambdaType) -> None:
    """Load the source in a lambda process: it must run and define the function of its type. Raises Invalid, Busy."""
    try:
        problem = services.lambdas.check(body, type.function)
    except LambdaFailed as failure:
        raise Busy(failure.message) from failure
    if problem is not None:
        raise invalid_field("lambda.body", "invalid", f"The function {type.function} can not be used: {problem}")
