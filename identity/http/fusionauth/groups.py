"""Groups: create, retrieve, replace, patch, delete, search. Source: supporting contract 7."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.model import Group
from identity.flows.users import save_group
from identity.flows.users.save_group import GroupChange
from identity.http import body
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.groups import (
    GroupAnswer,
    GroupRequest,
    GroupsAnswer,
    GroupSearchAnswer,
    GroupSearchRequest,
)
from identity.http.patch import patched
from identity.store import groups
from identity.wire import WireSchema

ENDPOINT = "/api/group"
SEARCH = "/api/group/search"
ONE = "/api/group/<group_id>"

REQUEST: WireSchema = GroupRequest()
ANSWER: WireSchema = GroupAnswer()
SOME: WireSchema = GroupSearchAnswer()

routes = Routes("Groups", "Groups of users and the application roles they bring.", announces=True)


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, takes=GroupRequest, gives=GroupAnswer)
def create_group(call: Call, group_id: UUID | None = None) -> Any:
    """Create a group with its roles, under the id of the path if there is one."""
    change = _change(call.load(REQUEST))
    return _one(save_group.create_group(call.services, call.tenant(), group_id, change, call.now))


@routes.get(ENDPOINT, endpoint=ENDPOINT, gives=GroupsAnswer)
def retrieve_groups(call: Call) -> Any:
    """All groups, of one tenant when the key or the header names it."""
    with call.services.db.read() as conn:
        return SOME.dump({"groups": groups.every(conn, call.tenant_id)})


@routes.get(ONE, endpoint=ENDPOINT, gives=GroupAnswer)
def retrieve_group(call: Call, group_id: UUID) -> Any:
    """One group with its roles."""
    return _one(_existing(call, group_id))


@routes.put(ONE, endpoint=ENDPOINT, takes=GroupRequest, gives=GroupAnswer)
def update_group(call: Call, group_id: UUID) -> Any:
    """Replace a group: name, data and roles. The members stay."""
    _existing(call, group_id)
    change = _change(call.load(REQUEST))
    return _one(save_group.update_group(call.services, call.tenant_id, group_id, lambda _: change, call.now))


@routes.patch(ONE, endpoint=ENDPOINT, takes=GroupRequest, gives=GroupAnswer)
def patch_group(call: Call, group_id: UUID) -> Any:
    """Change a part of a group, in one of three dialects chosen by the content type."""
    _existing(call, group_id)
    body.read_json(call.request)  # a slow sender must not hold the lock below

    def change_of(stored: Group) -> GroupChange:
        document = {**_one(stored), "roleIds": [str(role_id) for role_id in stored.role_ids]}
        return _change(REQUEST.load(patched(call.request, document)))

    return _one(save_group.update_group(call.services, call.tenant_id, group_id, change_of, call.now))


@routes.delete(ONE, endpoint=ENDPOINT)
def delete_group(call: Call, group_id: UUID) -> None:
    """Remove a group and its memberships; the users stay."""
    save_group.delete_group(call.services, call.tenant_id, group_id)


@routes.get(
    SEARCH,
    endpoint=SEARCH,
    gives=GroupSearchAnswer,
    query={**CRITERIA, "tenantId": "Those of this tenant only"},
)
def search_groups(call: Call) -> Any:
    """The groups that match the query."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, takes=GroupSearchRequest, gives=GroupSearchAnswer)
def search_groups_by_body(call: Call) -> Any:
    """The groups that match the criteria under `search`."""
    return _search(call)


def _search(call: Call) -> Any:
    wanted = criteria(call, GroupSearchRequest())
    tenant_id = call.tenant_id or wanted.get("tenant_id")
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = groups.search(conn, tenant_id, wanted.get("name"), page_of(wanted))
    return SOME.dump({"groups": found, "total": total})


def _existing(call: Call, group_id: UUID) -> Group:
    """Existence comes before the body is read (login contract 1.4). Raises NotFound."""
    with call.services.db.read() as conn:
        found = groups.get(conn, call.tenant_id, group_id)
    if found is None:
        raise NotFound
    return found


def _change(loaded: dict[str, Any]) -> GroupChange:
    return GroupChange(loaded["group"]["name"], loaded["group"]["data"], loaded["role_ids"])


def _one(group: Group) -> dict[str, Any]:
    dumped: dict[str, Any] = ANSWER.dump({"group": group})
    return dumped
