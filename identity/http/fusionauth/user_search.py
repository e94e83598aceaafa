"""Searching users without a search engine. Source: supporting contract 3.5, column "database engine"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.errors import invalid_field
from identity.domain.model import User
from identity.domain.user_order import SORTABLE, InvalidPlace, Place, Search, Sort, decoded, encoded
from identity.http.fusionauth.routes import ABSENT, Call, Routes
from identity.http.fusionauth.schemas.user_search import (
    UserSearchAnswerSchema,
    UserSearchRequestSchema,
    UserSearchSchema,
)
from identity.http.fusionauth.schemas.users import user_wire
from identity.store import registrations, user_search
from identity.store.db import Connection
from identity.store.user_search import EVERYBODY
from identity.wire import WireSchema

ENDPOINT = "/api/user/search"
SORT_PARAMETER = re.compile(r"sortFields\[(\d)\]\.(name|order|missing)")
ORDERS = frozenset({"asc", "desc"})
MISSING = frozenset({"_first", "_last"})
ROWS = 25

CRITERIA: WireSchema = UserSearchSchema()
REQUEST: WireSchema = UserSearchRequestSchema()

routes = Routes("User search", "Users by id or by one exact term.")


@routes.get(
    "/api/user/search",
    endpoint=ENDPOINT,
    gives=UserSearchAnswerSchema,
    query={
        "ids": "Ids of users; repeat it. Wins over queryString.",
        "queryString": "One word that equals a whole first, last or full name, e-mail or username; connectorId:<id> "
        "for whoever belongs to a connector; * for everybody.",
        "numberOfResults": "Page size, default 25.",
        "startRow": "First row, default 0.",
        "sortFields[0].name": f"One of {', '.join(SORTABLE)}.",
        "sortFields[0].order": "asc or desc.",
        "sortFields[0].missing": "_first or _last.",
        "accurateTotal": "true: count beyond 10,000.",
        "nextResults": "From the page before: go on there, with its term and order.",
    },
)
def search_users(call: Call) -> dict[str, Any]:
    """Search by the query of the address."""
    return _search(call, CRITERIA.load(_criteria_of_query(call)), "")


@routes.post("/api/user/search", endpoint=ENDPOINT, takes=UserSearchRequestSchema, gives=UserSearchAnswerSchema)
def search_users_by_body(call: Call) -> dict[str, Any]:
    """Search by the criteria in the body."""
    return _search(call, call.load(REQUEST)["search"], "search.")


@routes.put("/api/user/search", endpoint=ENDPOINT)
def flush_search_index(_: Call) -> None:
    """Nothing to flush: a search sees what was written."""


def _search(call: Call, criteria: Mapping[str, Any], root: str) -> dict[str, Any]:
    if criteria["query"] is not None:
        raise invalid_field(f"{root}query", "invalid", "There is no search engine here: use queryString or ids.")
    tenant_id = call.tenant_id
    with call.services.db.read() as conn:
        if criteria["ids"]:
            found = user_search.by_ids(conn, tenant_id, criteria["ids"])
            total, more = len(found), dict[str, str]()
        else:
            found, total, more = _page(conn, tenant_id, criteria, root)
        registered = registrations.of_users(conn, call.services.sealer, [user.id for user in found])
    return {
        **more,
        "total": total,
        "users": [user_wire(user, registered.get((user.tenant_id, user.id), [])) for user in found],
    }


def _page(
    conn: Connection, tenant_id: UUID | None, criteria: Mapping[str, Any], root: str
) -> tuple[list[User], int, dict[str, str]]:
    """One page, how many there are in all, and the member that leads to the next page."""
    search, after = _wanted(criteria, root)
    found, place = user_search.page(conn, tenant_id, search, start_row=criteria["start_row"], after=after)
    total = user_search.count(conn, tenant_id, search.term, accurate=criteria["accurate_total"])
    return found, total, {} if place is None else {"nextResults": encoded(search, place)}


def _wanted(criteria: Mapping[str, Any], root: str) -> tuple[Search, Place | None]:
    """What to search for and where to begin. Raises Invalid."""
    if criteria["next_results"] is not None:
        try:
            search, after = decoded(criteria["next_results"])
        except InvalidPlace as error:
            raise invalid_field(f"{root}nextResults", "invalid") from error
        return replace(search, rows=criteria["number_of_results"] or search.rows), after
    term = term_of(criteria["query_string"], f"{root}queryString")
    sort = [_sort(one, f"{root}sortFields[{index}]") for index, one in enumerate(criteria["sort_fields"])]
    return Search(term, tuple(sort) or (Sort("login"),), criteria["number_of_results"] or ROWS), None


def term_of(query_string: str | None, path: str) -> str:
    """The one term of a queryString. Raises Invalid."""
    term = (query_string or EVERYBODY).strip()
    if len(term.split()) > 1:
        raise invalid_field(path, "invalid", "The term must be one word, without white space.")
    return term


def _sort(loaded: Mapping[str, Any], path: str) -> Sort:
    order, missing = (loaded["order"] or "asc").lower(), (loaded["missing"] or "_last").lower()
    for name, value, known in (
        ("name", loaded["name"], SORTABLE),
        ("order", order, ORDERS),
        ("missing", missing, MISSING),
    ):
        if value not in known:
            raise invalid_field(f"{path}.{name}", "invalid")
    return Sort(loaded["name"], order == "desc", missing == "_first")


def _criteria_of_query(call: Call) -> dict[str, Any]:
    """The address's query as the document a body would hold; absent members are None."""
    numbers = {name: call.whole(name) for name in ("numberOfResults", "startRow")}
    texts = {name: call.text(name) for name in ("nextResults", "query", "queryString")}
    ids = [value for value in call.request.args.getlist("ids") if value not in ABSENT]
    sort: dict[str, dict[str, str]] = {}
    for name, value in sorted(call.request.args.items()):
        if (match := SORT_PARAMETER.fullmatch(name)) and value not in ABSENT:
            sort.setdefault(match[1], {})[match[2]] = value
    accurate = call.flag("accurateTotal")
    return {**numbers, **texts, "ids": ids, "sortFields": list(sort.values()), "accurateTotal": accurate}
