"""Members of groups: add, replace, remove, search. Source: supporting contract 7."""

from __future__ import annotations

from typing import Any

from identity.domain.errors import NotFound, invalid_field
from identity.flows.users import group_members as flow
from identity.flows.users.group_members import NewMember
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.groups import (
    MemberDeleteRequest,
    MemberSearchAnswer,
    MemberSearchRequest,
    MembersEnvelope,
)
from identity.store import group_members
from identity.wire import WireSchema

ENDPOINT = "/api/group/member"
SEARCH = "/api/group/member/search"
SEARCH_QUERY = {
    **{name: text for name, text in CRITERIA.items() if name != "name"},
    "groupId": "Members of this group only",
    "tenantId": "Those of this tenant only",
    "userId": "Memberships of this user only",
}

ENVELOPE: WireSchema = MembersEnvelope()
DELETION: WireSchema = MemberDeleteRequest()
SOME: WireSchema = MemberSearchAnswer()

routes = Routes("Group members", "Who is in which group.", announces=True)


@routes.post(ENDPOINT, endpoint=ENDPOINT, takes=MembersEnvelope, gives=MembersEnvelope)
def add_members(call: Call) -> Any:
    """Put users into groups; who is there already stays and takes the data."""
    return _put(call, replacing=False)


@routes.put(ENDPOINT, endpoint=ENDPOINT, takes=MembersEnvelope, gives=MembersEnvelope)
def replace_members(call: Call) -> Any:
    """Make these users the only members of the groups that are named."""
    return _put(call, replacing=True)


@routes.delete(
    ENDPOINT,
    endpoint=ENDPOINT,
    takes=MemberDeleteRequest,
    statuses={404: "There is no such membership."},
    query={
        "memberId": "The membership to remove.",
        "groupId": "The group to remove from; without userId it loses all members.",
        "userId": "The user to remove from that group.",
    },
)
def remove_members(call: Call) -> None:
    """Remove memberships: one of the query, or those of a body by their ids or by group and user."""
    member_id, group_id, user_id = (call.uuid(name) for name in ("memberId", "groupId", "userId"))
    if member_id is not None:
        if not flow.remove_members(call.services, call.tenant_id, [member_id]):
            raise NotFound
    elif group_id is not None:
        users = None if user_id is None else [user_id]
        if not flow.remove_users(call.services, call.tenant_id, {group_id: users}):
            raise NotFound
    else:
        _remove_by_body(call)


@routes.get(SEARCH, endpoint=SEARCH, gives=MemberSearchAnswer, query=SEARCH_QUERY)
def search_members(call: Call) -> Any:
    """The memberships that match the query."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, takes=MemberSearchRequest, gives=MemberSearchAnswer)
def search_members_by_body(call: Call) -> Any:
    """The memberships that match the criteria under `search`."""
    return _search(call)


def _put(call: Call, *, replacing: bool) -> Any:
    asked = {
        group_id: [NewMember(**member) for member in members]
        for group_id, members in call.load(ENVELOPE)["members"].items()
    }
    stored = flow.put_members(call.services, call.tenant_id, asked, call.now, replacing=replacing)
    return ENVELOPE.dump({"members": stored})


def _remove_by_body(call: Call) -> None:
    asked = call.load(DELETION)
    if not asked["member_ids"] and not asked["members"]:
        raise invalid_field("memberIds", "missing")
    flow.remove_members(call.services, call.tenant_id, asked["member_ids"])
    flow.remove_users(call.services, call.tenant_id, asked["members"])


def _search(call: Call) -> Any:
    wanted = criteria(call, MemberSearchRequest())
    tenant_id = call.tenant_id or wanted.get("tenant_id")
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = group_members.search(
            conn, tenant_id, wanted.get("group_id"), wanted.get("user_id"), page_of(wanted)
        )
    return SOME.dump({"members": found, "total": total})
