"""Search criteria: at the top level of a query, or under `search` in a body. Source: supporting contract 1.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from marshmallow import fields

from identity.domain.errors import invalid_field
from identity.http.fusionauth.routes import Call
from identity.store.listing import Page, UnknownOrder
from identity.wire import Whole, WireSchema

CRITERIA = {
    "name": "A name or a part of it; * stands for anything",
    "numberOfResults": "How many to return, 25 by default",
    "orderBy": "For example `name ASC`",
    "startRow": "The offset of the first one",
}


def criteria(call: Call, schema: WireSchema) -> dict[str, Any]:
    """The criteria of a GET or POST, loaded by a request schema whose one member is `search`. Raises Invalid."""
    document = call.json() if call.request.method == "POST" else {"search": _from_query(call, schema)}
    wanted: dict[str, Any] = schema.load(document)["search"]
    return wanted


def page_of(wanted: dict[str, Any]) -> Page:
    return Page(wanted.get("order_by"), wanted["start_row"], wanted["number_of_results"])


@contextmanager
def refusing_unknown_order() -> Iterator[None]:
    try:
        yield
    except UnknownOrder as error:
        raise invalid_field("search.orderBy", "invalid") from error


def _from_query(call: Call, schema: WireSchema) -> dict[str, Any]:
    part = schema.fields["search"]
    assert isinstance(part, fields.Nested)
    members = {member.data_key or "": member for member in part.schema.fields.values()}
    return {name: call.whole(name) if isinstance(field, Whole) else call.text(name) for name, field in members.items()}
