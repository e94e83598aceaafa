"""Search criteria: under `search` in a body, or as query parameters. Source: supporting contract 1.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load

from identity.http.fusionauth.routes import Call
from identity.store.search import Page
from identity.wire import Text, Whole, WireSchema

DEEPEST_ROW = 10_000
"""Decision 38."""

MOST_RESULTS = 1_000


class OrderBy(fields.Field[tuple[str, bool]]):
    """`field [ASC|DESC]` -> (column, descending). `columns` maps wire names to the columns of our table."""

    def __init__(self, columns: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = columns

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, bool]:
        if not isinstance(value, str):
            raise ValidationError("invalidJSON")
        name, _, direction = value.strip().partition(" ")
        direction = direction.strip().upper() or "ASC"
        if name not in self.columns or direction not in {"ASC", "DESC"}:
            raise ValidationError("invalid")
        return self.columns[name], direction == "DESC"


class SearchCriteria(WireSchema):
    """The criteria that all searches share; `page` holds them once loaded. A subclass adds `order_by` and its own."""

    number_of_results = Whole(least=0, most=MOST_RESULTS, load_default=25)
    start_row = Whole(least=0, most=DEEPEST_ROW, load_default=0)

    @post_load
    def into_page(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        column, descending = data.pop("order_by")
        page = Page(column, descending, data.pop("start_row"), data.pop("number_of_results"))
        return {**data, "page": page}


def criteria_of(call: Call, schema: type[SearchCriteria]) -> dict[str, Any]:
    """The loaded criteria of a GET or POST search. Raises Invalid, ValidationError; errors sit under `search.`."""
    if call.request.method == "GET":
        given: Any = _from_query(call, schema())
    else:
        given = call.json().get("search")
    try:
        loaded = schema().load({} if given is None else given)
    except ValidationError as error:
        raise ValidationError({"search": error.messages}) from error
    return dict(loaded)


def _from_query(call: Call, schema: SearchCriteria) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field in schema.fields.values():
        name = str(field.data_key)
        given[name] = call.whole(name) if isinstance(field, Whole) else call.text(name)
    return given


def search_text() -> Text:
    """A text with `*` wildcards."""
    return Text(limit=500)
