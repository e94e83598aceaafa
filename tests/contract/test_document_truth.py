"""The OpenAPI document against the running service: what it says of bodies and answers is so, on every route."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route
from tests.contract.configuration_writes import CONFIGURATION, call, prepared
from tests.service import Service

NOBODY = "00000000-0000-4000-8000-00000000abcd"
TABLE = [row for page in PAGES for row in page.table]
WITHOUT_BODY = {
    "/api/login/<user_id>/<application_id>",
    "/api/user/search",
    "/api/user/verify-email",
    "/api/user/verify-registration",
}
"""A PUT that takes nothing: flushing the search index, one more mail with parameters of the query."""
KINDS: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


@pytest.fixture(scope="module")
def document(shared_service: Service) -> dict[str, Any]:
    found: dict[str, Any] = shared_service.call("GET", "/openapi.json", key="").json()
    return found


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


def operation(document: Mapping[str, Any], row: Route) -> Mapping[str, Any]:
    path = re.sub(r"<([^>]*)>", r"{\1}", row.path)
    found: Mapping[str, Any] = document["paths"][path][row.method.lower()]
    return found


def untruths(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Where a value is not what its schema says; a member that the schema does not name is such a place."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type")
    allowed = tuple(KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds or []))
    if allowed and not isinstance(value, allowed):
        yield f"{path} is {value!r}"
    if value not in schema.get("enum", [value]):
        yield f"{path} is {value!r}"
    for member, inner in value.items() if isinstance(value, dict) else []:
        known = schema.get("properties", {}).get(member, schema.get("additionalProperties"))
        if known is not None:
            yield from untruths(document, known, inner, f"{path}.{member}")
        elif "properties" in schema:
            yield f"{path}.{member} is not in the document"
    for inner in value if isinstance(value, list) else []:
        yield from untruths(document, schema.get("items", {}), inner, f"{path}[]")


def answered(document: Mapping[str, Any], row: Route, response: Any) -> list[str]:
    """What the document does not say, or says wrongly, of this answer."""
    described = operation(document, row)["responses"].get(str(response.status_code))
    if described is None:
        return [f"{response.status_code} is not in the document"]
    kind = response.headers.get("Content-Type", "application/json").partition(";")[0]
    content = described.get("content", {}).get(kind)
    if (content is None) != (response.content == b""):
        return [f"{response.status_code}: a body where none is described, or none where one is"]
    return (
        []
        if content is None or kind != "application/json"
        else list(untruths(document, content["schema"], response.json()))
    )


@pytest.mark.parametrize("row", CONFIGURATION, ids=named)
def test_what_a_write_of_configuration_answers_is_described(
    shared_service: Service, document: dict[str, Any], row: Route
) -> None:
    path, body = prepared(shared_service, row)
    response = call(shared_service, row.method, path, body)
    assert response.status_code == 200, response.text
    assert answered(document, row, response) == []


@pytest.mark.parametrize("row", CONFIGURATION, ids=named)
def test_what_a_write_of_configuration_takes_is_described(
    shared_service: Service, document: dict[str, Any], row: Route
) -> None:
    _, body = prepared(shared_service, row)
    content = operation(document, row).get("requestBody", {}).get("content", {})
    if body is None:
        assert row.method == "DELETE"
    else:
        assert list(untruths(document, content["application/json"]["schema"], body)) == []
    assert (row.method == "PATCH") == ("application/merge-patch+json" in content)


@pytest.mark.parametrize("row", TABLE, ids=named)
def test_the_answer_to_an_empty_request_is_described(
    shared_service: Service, document: dict[str, Any], row: Route
) -> None:
    path = re.sub(r"<[^>]*>", "1", re.sub(r"<[^>]*_id>", NOBODY, row.path))
    response = shared_service.call(row.method, path, None if row.method == "GET" else {})
    assert answered(document, row, response) == []


@pytest.mark.parametrize("row", [row for row in TABLE if row.method in {"GET", "DELETE"}], ids=named)
def test_the_answer_to_ids_of_nothing_is_described(
    shared_service: Service, document: dict[str, Any], row: Route
) -> None:
    path = re.sub(r"<[^>]*>", "1", re.sub(r"<[^>]*_id>", NOBODY, row.path))
    parameters = [each for each in operation(document, row).get("parameters", []) if each["in"] == "query"]
    ids = [each["name"] for each in parameters if each["schema"].get("format") == "uuid"]
    response = shared_service.call(row.method, f"{path}?{'&'.join(f'{name}={NOBODY}' for name in ids)}")
    assert answered(document, row, response) == []


@pytest.mark.parametrize("row", [row for row in TABLE if row.method in {"POST", "PUT", "PATCH"}], ids=named)
def test_a_route_that_writes_describes_its_body(document: dict[str, Any], row: Route) -> None:
    described = "requestBody" in operation(document, row)
    assert described == (row.method == "POST" or row.path not in WITHOUT_BODY)


def test_every_member_of_every_schema_has_a_type(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for member, inner in schema.get("properties", {}).items():
            assert {"type", "$ref", "enum", "allOf", "anyOf"} & inner.keys(), f"{name}.{member}"


def test_the_entries_of_a_map_and_the_options_of_a_member_are_in_the_document(document: dict[str, Any]) -> None:
    members = document["components"]["schemas"]["TwitterIdentityProvider"]["properties"]
    assert members["applicationConfiguration"]["additionalProperties"]["$ref"].endswith("/TwitterApplicationEntry")
    assert "Disabled" in members["linkingStrategy"]["enum"]
    assert not members["type"].get("readOnly")
