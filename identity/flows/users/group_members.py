"""Put users into groups and take them out. Source: supporting contract 7.

Groups are locked in the order of their ids, so that two calls that name the same groups never wait crosswise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.events import Event
from identity.domain.model import Group, Membership
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.flows.users.user_events import with_partners
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
    """Add members, or with `replacing` make them the only ones, all or nothing. Raises Invalid, WebhooksRefused."""
    settled = {group_id: [_settled(services, each) for each in members] for group_id, members in asked.items()}

    def work(conn: Connection, announce: Announce) -> Members:
        stored: Members = {}
        for group in _checked(conn, tenant_id, settled):
            wanted = settled[group.id]
            if replacing:
                users = [member.user_id for member in wanted]
                group_members.remove_all_but(conn, group.tenant_id, group.id, users)
            stored[group.id] = [_put(conn, group, member, now) for member in wanted]
            announce(group.tenant_id, _events("update" if replacing else "add", group, stored[group.id]))
        return stored

    with members_named():
        return transact(services, work)


def remove_members(services: Services, tenant_id: UUID | None, ids: Sequence[UUID]) -> list[Membership]:
    """By membership id; those that are none are passed over. Raises WebhooksRefused."""

    def work(conn: Connection, announce: Announce) -> list[Membership]:
        removed = group_members.remove(conn, tenant_id, ids=ids)
        _announce_removed(conn, announce, removed)
        return removed

    return transact(services, work)


def remove_users(
    services: Services, tenant_id: UUID | None, asked: Mapping[UUID, Sequence[UUID] | None]
) -> list[Membership]:
    """By group and user; None means all of the group's. Those that are none are passed over. Raises WebhooksRefused."""

    def work(conn: Connection, announce: Announce) -> list[Membership]:
        removed = [
            membership
            for group_id in sorted(asked, key=str)
            for membership in group_members.remove(conn, tenant_id, group_id=group_id, user_ids=asked[group_id])
        ]
        _announce_removed(conn, announce, removed)
        return removed

    return transact(services, work)


def _announce_removed(conn: Connection, announce: Announce, removed: Sequence[Membership]) -> None:
    """One event for each group; a group that is gone meanwhile had its own."""
    for group_id in sorted({each.group_id for each in removed}, key=str):
        group = groups.get(conn, None, group_id)
        if group is not None:
            gone = sorted((each for each in removed if each.group_id == group_id), key=lambda each: str(each.id))
            announce(group.tenant_id, _events("remove", group, gone))


def _events(verb: str, group: Group, members: Sequence[Membership]) -> list[Event]:
    return with_partners([Event(f"group.member.{verb}", {"group": group, "members": list(members)})])


def _settled(services: Services, member: NewMember) -> NewMember:
    """With its id: the work may be done twice, and events name it."""
    return replace(member, id=member.id or services.runtime.new_id())


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


def _put(conn: Connection, group: Group, member: NewMember, now: int) -> Membership:
    assert member.id is not None  # it was settled
    new = Membership(member.id, group.id, member.user_id, now, member.data)
    return group_members.put(conn, group.tenant_id, new)
