"""PATCH in three dialects, chosen by Content-Type, applied to the wire document; the result is validated as a PUT is.

Source: login contract 2.9, decision 8. The stored document is never touched in place. A patch is hostile until proven
otherwise: the number of operations, what they copy, and the size and depth of the result are bounded (security T14).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import json_merge_patch
import jsonpatch
import orjson
from flask import Request
from jsonpointer import JsonPointer, JsonPointerException

from identity.domain.errors import Invalid, invalid_request
from identity.http import body

MAXIMUM_OPERATIONS = 1_000
MAXIMUM_RESULT = 1024 * 1024
MAXIMUM_COPIED = 4 * MAXIMUM_RESULT
"""Bytes that all copy and move operations of one patch may duplicate: bounds the work, not only the result."""

_NOTHING = object()
"""Equal to no JSON value."""


def patched(request: Request, document: dict[str, Any], id_maps: Collection[str] = ()) -> dict[str, Any]:
    """The document after the request's patch. Raises Invalid; the given document stays as it is.

    `id_maps` are pointers to maps keyed by UUIDs, which a patch may spell in either case (decision 46).
    """
    kind = body.content_type(request)
    patch = body.read_json(request)
    if kind == body.JSON_PATCH:
        patch = _with_lower_pointers(patch, id_maps)
    else:
        patch = _with_lower_keys(patch, id_maps)
    if kind == body.JSON_PATCH:
        result = apply_operations(document, patch if request.get_data(cache=True).strip() else [])
    elif not isinstance(patch, dict):
        raise body.invalid_json("The patch must be a JSON object.")
    elif kind == body.MERGE_PATCH:
        result = json_merge_patch.merge(_fresh(document), _fresh(patch))
    else:
        result = append_merge(document, patch)
    if not isinstance(result, dict):
        raise body.invalid_json("The patch replaced the whole document by something that is no object.")
    body.check_shape(result)
    _check_size(_size(result))
    return result


def _with_lower_keys(patch: Any, id_maps: Collection[str]) -> Any:
    """A merge patch with the keys of those maps in lower case, as the document has them."""
    for pointer in id_maps:
        found = JsonPointer(pointer).resolve(patch, None)
        if isinstance(found, dict):
            JsonPointer(pointer).set(patch, {key.lower(): value for key, value in found.items()})
    return patch


def _with_lower_pointers(operations: Any, id_maps: Collection[str]) -> Any:
    """The operations with the first token below each of those maps in lower case."""
    for operation in operations if isinstance(operations, list) else []:
        for member in ("path", "from") if isinstance(operation, dict) else ():
            pointer = operation.get(member)
            for prefix in id_maps:
                if isinstance(pointer, str) and pointer.startswith(f"{prefix}/"):
                    key, slash, rest = pointer[len(prefix) + 1 :].partition("/")
                    operation[member] = f"{prefix}/{key.lower()}{slash}{rest}"
    return operations


def append_merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """FusionAuth's own dialect: objects merge by key, arrays append without de-duplication, null removes."""
    merged = dict(target)
    for key, value in patch.items():
        present = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = append_merge(present if isinstance(present, dict) else {}, value)
        elif isinstance(value, list) and isinstance(present, list):
            merged[key] = [*present, *value]
        else:
            merged[key] = value
    return merged


def apply_operations(document: Any, operations: Any) -> Any:
    """RFC 6902. All operations or none. Raises Invalid."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise body.invalid_json("A JSON Patch is a list of operations.")
    if len(operations) > MAXIMUM_OPERATIONS:
        raise body.invalid_json(f"A JSON Patch may have at most {MAXIMUM_OPERATIONS} operations.")
    result = _fresh(document)
    bound, copied = _size(result), 0
    try:
        for operation in operations:
            grown = _growth(operation, result)
            if operation.get("op") in {"copy", "move"}:
                copied += grown
                if copied > MAXIMUM_COPIED:
                    raise _too_large()
            if operation.get("op") == "test":
                _test(operation, result)
            else:
                result = jsonpatch.JsonPatch([_without_copy(operation, result)]).apply(result, in_place=True)
            bound += grown
            if bound > MAXIMUM_RESULT:
                bound = _size(result)
                _check_size(bound)
            if grown:
                _check_depth(operation, result)
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, ValueError, KeyError, IndexError) as error:
        # The library reports odd operands (a number as a path, a string where an array is) by built-in exceptions too.
        raise body.invalid_json("The patch has an operation that can not be applied.") from error
    return result


def _test(operation: dict[str, Any], document: Any) -> None:
    """The library would take true for 1, and false for 0."""
    found = JsonPointer(operation["path"]).resolve(document, _NOTHING)
    if not same(found, operation["value"]):
        raise invalid_request("JSONPatchTestFailed", "A test operation of the patch failed; nothing changed.")


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values (RFC 6902 section 4.6): numbers by value, and a boolean is no number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _without_copy(operation: dict[str, Any], document: Any) -> dict[str, Any]:
    """A copy as the addition of a fresh value: the library would copy member by member, a hundred times slower."""
    if operation.get("op") != "copy":
        return operation
    return {"op": "add", "path": operation["path"], "value": _fresh(JsonPointer(operation["from"]).resolve(document))}


def _fresh(value: Any) -> Any:
    """A deep copy."""
    return orjson.loads(orjson.dumps(value))


def _growth(operation: dict[str, Any], document: Any) -> int:
    """An upper bound of what this operation adds, in bytes of JSON, before it is applied."""
    match operation.get("op"):
        case "add" | "replace":
            return _size(operation.get("value")) + len(str(operation.get("path", "")))
        case "copy" | "move":
            source = JsonPointer(operation.get("from", "")).resolve(document, None)
            return _size(source) + len(str(operation.get("path", "")))
        case _:
            return 0


def _check_depth(operation: dict[str, Any], result: Any) -> None:
    """What was put in place sits as deep as its pointer says, and is itself so deep."""
    path = JsonPointer(operation["path"])
    appended = operation["path"].endswith("/-")
    holder = JsonPointer.from_parts(path.parts[:-1]).resolve(result, None) if appended else None
    placed = holder[-1] if isinstance(holder, list) and holder else path.resolve(result, None)
    level = len(path.parts) + depth_of(placed)
    if level > body.MAXIMUM_DEPTH:
        raise body.invalid_json("The patch nests the document too deep.")


def depth_of(value: Any) -> int:
    """How many objects and arrays lie inside one another; 0 for a scalar."""
    deepest = 0
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        current, level = pending.pop()
        if isinstance(current, dict | list):
            deepest = max(deepest, level)
            pending += [(inner, level + 1) for inner in (current.values() if isinstance(current, dict) else current)]
    return deepest


def _size(value: Any) -> int:
    return len(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def _check_size(size: int) -> None:
    if size > MAXIMUM_RESULT:
        raise _too_large()


def _too_large() -> Invalid:
    return body.invalid_json("The patch makes the document too large.")
