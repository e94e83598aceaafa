"""Create, change and delete groups. Source: supporting contract 7."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_fields
from identity.domain.events import Event
from identity.domain.model import Group
from identity.flows.duplicates import duplicates_named
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.flows.users.user_events import with_partners
from identity.store import groups
from identity.store.db import Connection

DUPLICATES = {"groups_pkey": "groupId", "groups_id_key": "groupId", "groups_tenant_id_name_key": "group.name"}


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What a client asks a group to be."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    role_ids: Sequence[UUID] = ()


def create_group(services: Services, tenant_id: UUID, group_id: UUID | None, change: GroupChange, now: int) -> Group:
    """Raises Invalid, WebhooksRefused."""
    new = Group(tenant_id, group_id or services.runtime.new_id(), change.name, change.data, now, now)

    def work(conn: Connection, announce: Announce) -> Group:
        _check_roles(conn, tenant_id, change)
        groups.add(conn, new)
        group = _with_roles(conn, new, change)
        announce(tenant_id, _events("create", group=group))
        return group

    with duplicates_named(DUPLICATES):
        return transact(services, work)


def update_group(
    services: Services, tenant_id: UUID | None, group_id: UUID, change_of: Callable[[Group], GroupChange], now: int
) -> Group:
    """Replace what clients set; `change_of` sees the group as locked.

    Raises Invalid, NotFound, WebhooksRefused.
    """

    def work(conn: Connection, announce: Announce) -> Group:
        stored = locked(conn, tenant_id, group_id)
        change = change_of(stored)
        _check_roles(conn, stored.tenant_id, change)
        group = replace(stored, name=change.name, data=change.data, last_update_instant=now)
        groups.update(conn, group)
        group = _with_roles(conn, group, change)
        announce(group.tenant_id, _events("update", original=stored, group=group))
        return group

    with duplicates_named(DUPLICATES):
        return transact(services, work, turn=group_id)


def delete_group(services: Services, tenant_id: UUID | None, group_id: UUID) -> None:
    """With its memberships. Raises NotFound, WebhooksRefused."""

    def work(conn: Connection, announce: Announce) -> None:
        group = locked(conn, tenant_id, group_id)
        groups.remove(conn, group)
        announce(group.tenant_id, _events("delete", group=group))

    transact(services, work)


def locked(conn: Connection, tenant_id: UUID | None, group_id: UUID) -> Group:
    """The group, held until the transaction ends. Raises NotFound."""
    group = groups.lock(conn, tenant_id, group_id)
    if group is None:
        raise NotFound
    return group


def _events(verb: str, **payload: Group) -> list[Event]:
    return with_partners([Event(f"group.{verb}", payload)])


def _check_roles(conn: Connection, tenant_id: UUID, change: GroupChange) -> None:
    """Another tenant's role looks like none at all. Raises Invalid."""
    known = groups.roles_of_tenant(conn, tenant_id, change.role_ids)
    unknown = [index for index, role_id in enumerate(change.role_ids) if role_id not in known]
    if unknown:
        raise invalid_fields([(f"roleIds[{index}]", "invalid") for index in unknown])


def _with_roles(conn: Connection, group: Group, change: GroupChange) -> Group:
    groups.set_roles(conn, group.tenant_id, group.id, change.role_ids)
    stored = groups.get(conn, group.tenant_id, group.id)
    assert stored is not None  # this transaction holds it
    return stored
