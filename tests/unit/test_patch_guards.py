"""The guards around RFC 6902, RFC 7396 and FusionAuth's own merge, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from identity.domain.errors import Invalid
from identity.http.patch import append_merge, apply_operations, depth_of


def code_of(document: Any, operations: Any) -> str:
    with pytest.raises(Invalid) as caught:
        apply_operations(document, operations)
    return caught.value.general_errors[0].code


def test_a_copy_bomb_is_refused_before_it_grows() -> None:
    operations = [{"op": "add", "path": "/a", "value": ["x" * 10]}]
    operations += [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(40)]
    assert code_of({}, operations) == "[invalidJSON]"


def test_copying_a_large_value_onto_itself_again_and_again_is_refused() -> None:
    operations = [{"op": "copy", "from": "/big", "path": "/other"} for _ in range(1000)]
    assert code_of({"big": ["x"] * 60_000}, operations) == "[invalidJSON]"


def test_nesting_by_copies_is_refused() -> None:
    operations: list[dict[str, Any]] = [{"op": "add", "path": "/a", "value": {}}]
    operations += [{"op": "move", "from": "/a", "path": "/b"}, {"op": "add", "path": "/a", "value": {}}]
    operations += [op for _ in range(70) for op in _nest()]
    assert code_of({}, operations) == "[invalidJSON]"


def _nest() -> list[dict[str, Any]]:
    return [
        {"op": "add", "path": "/holder", "value": {}},
        {"op": "move", "from": "/a", "path": "/holder/a"},
        {"op": "move", "from": "/holder", "path": "/a"},
    ]


@pytest.mark.parametrize(
    "operations",
    [
        "[]",
        {"op": "add"},
        [1],
        [{"op": "add", "path": 5, "value": 1}],
        [{"op": "add", "path": "no-slash", "value": 1}],
        [{"op": "fly", "path": "/a"}],
        [{"op": "remove", "path": "/missing"}],
        [{"op": "add", "path": "/list/9", "value": 1}],
        [{"op": "add", "path": "/list/-1", "value": 1}],
        [{"op": "copy", "from": "/missing", "path": "/a"}],
        [{"op": "copy", "from": 7, "path": "/a"}],
        [{"op": "copy", "path": "/a"}],
        [{"op": "move", "from": "/list", "path": "/list/0"}],
        [{"path": "/a", "value": 1}],
        [{"op": "add", "path": "/text/0", "value": 1}],
        [{"op": ["add"], "path": "/a", "value": 1}],
        [{"op": "add", "path": "/a", "value": 1}] * 1001,
    ],
)
def test_a_patch_that_can_not_be_applied_is_invalid_json_and_changes_nothing(operations: Any) -> None:
    document = {"list": [1, 2], "text": "abc"}
    assert code_of(document, operations) == "[invalidJSON]"
    assert document == {"list": [1, 2], "text": "abc"}


def test_a_failed_test_has_its_own_code_and_undoes_the_operations_before_it() -> None:
    document = {"a": 1}
    operations = [{"op": "replace", "path": "/a", "value": 2}, {"op": "test", "path": "/a", "value": 1}]
    assert code_of(document, operations) == "[JSONPatchTestFailed]"
    assert document == {"a": 1}


@pytest.mark.parametrize(
    ("stored", "value"),
    [(True, 1), (0, False), ([1], [True]), ({"a": 1}, {"a": True}), (None, False), ("1", 1), ([], {}), ({}, None)],
)
def test_a_test_operation_takes_no_value_of_another_type(stored: Any, value: Any) -> None:
    assert code_of({"a": stored}, [{"op": "test", "path": "/a", "value": value}]) == "[JSONPatchTestFailed]"


@pytest.mark.parametrize(("stored", "value"), [(1, 1.0), ({"a": [1, {}]}, {"a": [1, {}]}), (None, None), ("a", "a")])
def test_a_test_operation_takes_an_equal_value(stored: Any, value: Any) -> None:
    assert apply_operations({"a": stored}, [{"op": "test", "path": "/a", "value": value}]) == {"a": stored}


def test_a_test_of_what_is_not_there_fails() -> None:
    assert code_of({}, [{"op": "test", "path": "/a", "value": None}]) == "[JSONPatchTestFailed]"


def test_the_append_merge_appends_arrays_merges_objects_and_removes_nulls() -> None:
    stored = {"data": {"list": [1], "keep": True, "drop": 1}, "name": "old"}
    merged = append_merge(stored, {"data": {"list": [1, 2], "drop": None, "new": {"x": None, "y": 1}}, "name": "new"})
    assert merged == {"data": {"list": [1, 1, 2], "keep": True, "new": {"y": 1}}, "name": "new"}
    assert stored == {"data": {"list": [1], "keep": True, "drop": 1}, "name": "old"}


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ({}, 1), ([[]], 2), ({"a": [{"b": 1}]}, 3)])
def test_depth_counts_containers(value: Any, depth: int) -> None:
    assert depth_of(value) == depth
