"""Search criteria: at the top level of a query, or under `search` in a body. Source: supporting contract 1.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from marshmallow import ValidationError, fields

from identity.domain.errors import Invalid, invalid_field, invalid_fields
from identity.http.fusionauth.respond import invalid_from
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
    if call.request.method == "POST":
        return dict(schema.load(call.json())["search"])
    try:
        return dict(schema.load({"search": _from_query(call, schema)})["search"])
    except ValidationError as error:
        raise _of_a_query(invalid_from(error)) from error


def _of_a_query(refused: Invalid) -> Invalid:
    """A text that is no id or no option has the wrong JSON type in a body; in a query it can not be converted."""
    wrong = [path for path, problems in refused.field_errors.items() if problems[0].code == "[invalidJSON]"]
    return invalid_fields([(path.removeprefix("search."), "couldNotConvert") for path in wrong]) if wrong else refused


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
