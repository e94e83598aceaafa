"""What the page shows of an OpenAPI document: operations by group, and schemas by name.

Everything here stays plain text; the template escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A type in words: what is said around the name of a schema, and the schema's name where there is one."""

    words: str
    schema: str = ""
    others: tuple[Shape, ...] = ()
    """What it may be instead."""


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter or the member of an object."""

    name: str
    shape: Shape
    place: str = ""
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, or what an answer holds. `title` is the media type or the status."""

    title: str
    shape: Shape | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `anchor` is unique on the page."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    is_open: bool
    parameters: tuple[Member, ...]
    bodies: tuple[Body, ...]
    answers: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    description: str
    members: tuple[Member, ...]


def read_operations(document: Document) -> list[tuple[str, str, list[Operation]]]:
    """Name, description and operations of each group, by name."""
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document.get("tags", [])}
    for number, (path, method, item, operation) in enumerate(_walk(document)):
        group = next(iter(operation.get("tags", [])), "Other")
        shared = item.get("parameters", [])
        groups.setdefault(group, []).append(_operation(number, path, method, operation, shared))
    descriptions = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    return [(name, descriptions.get(name, ""), found) for name, found in sorted(groups.items(), key=_folded) if found]


def _folded(group: tuple[str, list[Operation]]) -> str:
    return group[0].lower()


def read_schemas(document: Document) -> list[Schema]:
    """Every named schema, by name."""
    found = document.get("components", {}).get("schemas", {})
    return [_schema(name, found[name]) for name in sorted(found, key=str.lower)]


def _walk(document: Document) -> Iterator[tuple[str, str, Document, Document]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def _operation(number: int, path: str, method: str, operation: Document, shared: list[Document]) -> Operation:
    parameters = [*shared, *operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    return Operation(
        anchor=f"operation-{number}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        is_open=not operation.get("security"),
        parameters=tuple(_parameter(item) for item in parameters),
        bodies=tuple(Body(kind, _shape(part.get("schema", {}))) for kind, part in content.items()),
        answers=tuple(_answer(status, answer) for status, answer in sorted(operation.get("responses", {}).items())),
    )


def _parameter(item: Document) -> Member:
    return Member(
        name=item["name"],
        shape=_shape(item.get("schema", {})),
        place=item["in"],
        required=bool(item.get("required")),
        description=item.get("description", ""),
    )


def _answer(status: str, answer: Document) -> Body:
    content = next(iter(answer.get("content", {}).values()), None)
    shape = _shape(content.get("schema", {})) if content else None
    return Body(str(status), shape, answer.get("description", ""))


def _schema(name: str, schema: Document) -> Schema:
    required = set(schema.get("required", []))
    members = tuple(
        Member(member, _shape(inner), required=member in required, description=inner.get("description", ""))
        for member, inner in schema.get("properties", {}).items()
    )
    return Schema(name, schema.get("description", ""), members)


def _shape(schema: Document) -> Shape:
    """`array of` X, `map of` X, `string (uuid)`; null is what every member may be, so it is not said."""
    if "$ref" in schema:
        return Shape("", schema["$ref"].rpartition("/")[2])
    for choice in ("allOf", "anyOf", "oneOf"):
        if shapes := [_shape(part) for part in schema.get(choice, []) if part.get("type") != "null"]:
            return replace(shapes[0], others=tuple(shapes[1:]) if choice != "allOf" else ())
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        kind = " or ".join(item for item in kind if item != "null")
    if kind == "array":
        return _around("array of ", _shape(schema.get("items", {})))
    if isinstance(schema.get("additionalProperties"), dict):
        return _around("map of ", _shape(schema["additionalProperties"]))
    if schema.get("enum"):
        return Shape(" | ".join(str(value) for value in schema["enum"] if value is not None))
    return Shape(f"{kind} ({schema['format']})" if schema.get("format") else str(kind))


def _around(words: str, inner: Shape) -> Shape:
    return replace(inner, words=words + inner.words)
