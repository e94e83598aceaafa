"""The published cases of RFC 6902 and RFC 7396 through HTTP, on the custom data of everything that can be patched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.contract.patching import MERGE, OPERATIONS, PATCHABLES, Patchable, patch
from tests.service import Service, running_service

DATA = Path(__file__).parent / "data"
MERGES = json.loads((DATA / "rfc7396.json").read_text())
SUITES = [
    case
    for name in ("tests.json", "spec_tests.json")
    for case in json.loads((DATA / "json-patch-tests" / name).read_text())
    if "patch" in case and not case.get("disabled")
]


@pytest.fixture(scope="module", params=PATCHABLES, ids=lambda kind: kind.member)
def target(
    request: pytest.FixtureRequest, postgres_server: postgres.Server, migrated_template: str
) -> Iterator[tuple[Service, str, str]]:
    """A service with one object to patch: its path and its member."""
    kind: Patchable = request.param
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as service:
        yield service, kind.make(service), kind.member
    postgres.drop_database(postgres_server, url)


def put_document(service: Service, path: str, member: str, document: Any) -> None:
    stored = service.call("GET", path).json()[member]
    replaced = service.call("PUT", path, {member: {**stored, "data": {"doc": document}}})
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()[member]["data"] == {"doc": document}


@pytest.mark.parametrize("number", range(len(MERGES)))
def test_the_appendix_of_rfc_7396(target: tuple[Service, str, str], number: int) -> None:
    service, path, member = target
    original, change, result = MERGES[number]
    put_document(service, path, member, original)
    answer = patch(service, path, MERGE, {member: {"data": {"doc": change}}})
    assert answer.status_code == 200, answer.text
    expected = {} if result is None else {"doc": result}  # null removes the member it stands at
    assert answer.json()[member].get("data", {}) == expected


@pytest.mark.parametrize("number", range(len(SUITES)))
def test_the_json_patch_suite(target: tuple[Service, str, str], number: int) -> None:
    service, path, member = target
    case = SUITES[number]
    put_document(service, path, member, case["doc"])
    answer = patch(service, path, OPERATIONS, [_moved(operation, f"/{member}/data/doc") for operation in case["patch"]])
    stored = service.call("GET", path).json()[member]["data"]
    if "error" in case:
        assert answer.status_code == 400, case
        assert stored == {"doc": case["doc"]}
    else:
        assert answer.status_code == 200, (case, answer.text)
        assert stored == {"doc": case.get("expected", case["doc"])}


def _moved(operation: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The operation on the document where it lies in the envelope; a pointer that is none stays none."""
    moved = dict(operation)
    for name in ("path", "from"):
        pointer = moved.get(name)
        if isinstance(pointer, str) and (pointer == "" or pointer.startswith("/")):
            moved[name] = prefix + pointer
    return moved
