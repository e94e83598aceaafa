"""Tell webhooks that a user was to get the e-mail address or username of another one, which is refused.

Source: supporting contract 17.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from identity.domain.contact import canonical
from identity.domain.model import User
from identity.flows.events.announce import tell
from identity.flows.services import Services
from identity.flows.users.user_events import login_id_in_use
from identity.store import registrations, users
from identity.store.db import UniqueConflict

MEMBERS: dict[str, Literal["email", "username"]] = {
    "users_tenant_id_email_canonical_key": "email",
    "users_tenant_id_username_canonical_key": "username",
}


@contextmanager
def duplicates_told(services: Services, verb: Literal["create", "update"], wanted: Sequence[User]) -> Iterator[None]:
    """Around the write of a user; `wanted` holds, as the last one, whom the database refused. Raises UniqueConflict."""
    try:
        yield
    except UniqueConflict as conflict:
        if (member := MEMBERS.get(conflict.constraint)) is not None:
            _tell(services, verb, member, wanted[-1])
        raise


def _tell(services: Services, verb: str, member: Literal["email", "username"], wanted: User) -> None:
    value = getattr(wanted, member)
    with services.db.read() as conn:
        holder = users.find_by_canonical(conn, wanted.tenant_id, **{member: canonical(value)})
        if holder is None:  # gone meanwhile
            return
        registered = registrations.of_user(conn, services.sealer, holder.tenant_id, holder.id)
    event = login_id_in_use(verb, wanted, (holder, registered), {f"duplicate_{member}": value})
    tell(services, wanted.tenant_id, [event])
