"""Put users into groups and take them out. Source: supporting contract 7.

Groups are locked in the order of their ids, so that two calls that name the same groups never wait crosswise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import Group, Membership
from identity.flows.services import Services
from identity.store import group_members, groups
from identity.store.db import Connection, InUse, UniqueConflict

Members = dict[UUID, list[Membership]]


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody who is to be in a group."""

    user_id: UUID
    id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def put_members(
    services: Services,
    tenant_id: UUID | None,
    asked: Mapping[UUID, Sequence[NewMember]],
    now: int,
    *,
    replacing: bool = False,
) -> Members:
    """Add members, or with `replacing` make them the only ones, all or nothing. Raises Invalid."""

    def work(conn: Connection) -> Members:
        found = _checked(conn, tenant_id, asked)
        stored: Members = {}
        for group in found:
            if replacing:
                users = [member.user_id for member in asked[group.id]]
                group_members.remove_all_but(conn, group.tenant_id, group.id, users)
            stored[group.id] = [_put(services, conn, group, member, now) for member in asked[group.id]]
        return stored

    with members_named():
        return services.db.transact(work)


def remove_members(services: Services, tenant_id: UUID | None, ids: Sequence[UUID]) -> list[Membership]:
    """By membership id; those that are none are passed over."""
    return services.db.transact(lambda conn: group_members.remove(conn, tenant_id, ids=ids))


def remove_users(
    services: Services, tenant_id: UUID | None, asked: Mapping[UUID, Sequence[UUID] | None]
) -> list[Membership]:
    """By group and user; None means all of the group's. Those that are none are passed over."""

    def work(conn: Connection) -> list[Membership]:
        removed = (
            group_members.remove(conn, tenant_id, group_id=group_id, user_ids=asked[group_id])
            for group_id in sorted(asked, key=str)
        )
        return [membership for found in removed for membership in found]

    return services.db.transact(work)


@contextmanager
def members_named() -> Iterator[None]:
    """A broken rule of the database becomes an error that names the members."""
    try:
        yield
    except UniqueConflict as conflict:
        if conflict.constraint != "group_members_id_key":
            raise
        raise invalid_field("members", "duplicate") from conflict
    except InUse as gone:  # a user or a group was removed after the check
        raise NotFound from gone


def _checked(conn: Connection, tenant_id: UUID | None, asked: Mapping[UUID, Sequence[NewMember]]) -> list[Group]:
    """The groups, locked. Raises Invalid: whatever is of another tenant looks like nothing at all."""
    problems: list[tuple[str, str]] = []
    found: list[Group] = []
    for group_id in sorted(asked, key=str):
        group = groups.lock(conn, tenant_id, group_id)
        if group is None:
            problems.append((f"members[{group_id}]", "invalid"))
            continue
        found.append(group)
        ids = [member.user_id for member in asked[group_id]]
        known = group_members.users_of_tenant(conn, group.tenant_id, ids)
        problems += [
            (f"members[{group_id}][{index}].userId", "invalid")
            for index, user_id in enumerate(ids)
            if user_id not in known
        ]
    if problems:
        raise invalid_fields(problems)
    return found


def _put(services: Services, conn: Connection, group: Group, member: NewMember, now: int) -> Membership:
    new = Membership(member.id or services.runtime.new_id(), group.id, member.user_id, now, member.data)
    return group_members.put(conn, group.tenant_id, new)
