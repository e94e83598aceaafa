"""Many writers of one object at once: every acknowledged change is there (login contract 2.2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.patching import MERGE, OPERATIONS, PATCHABLES, Patchable, make_application, patch
from tests.service import Service

WRITERS = 200


@pytest.mark.parametrize("kind", PATCHABLES, ids=lambda kind: kind.member)
def test_two_hundred_patches_at_once_lose_none(service: Service, kind: Patchable) -> None:
    path = kind.make(service)

    def write(number: int) -> int:
        member, value = kind.member, {f"writer{number}": number}
        if number % 3 == 0:
            operation = {"op": "add", "path": f"/{member}/data/writer{number}", "value": number}
            return patch(service, path, OPERATIONS, [operation]).status_code
        dialect = MERGE if number % 3 == 1 else "application/json"
        return patch(service, path, dialect, {member: {"data": value}}).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = list(threads.map(write, range(WRITERS)))
    stored = service.call("GET", path).json()[kind.member]["data"]
    assert statuses == [200] * WRITERS
    assert stored == {f"writer{number}": number for number in range(WRITERS)}


def test_two_hundred_writers_of_roles_and_keys_at_once_are_all_served(service: Service) -> None:
    role = f"{make_application(service)}/role"

    def write(number: int) -> int:
        name = f"writer {number}"
        if number % 3 == 0:
            return service.call("POST", role, {"role": {"name": name}}).status_code
        if number % 3 == 1:
            return service.call("POST", "/api/api-key", {"apiKey": {"name": name}}).status_code
        key = {"name": name, "type": "HMAC", "algorithm": "HS256", "secret": f"a secret of {name} and long enough"}
        return service.call("POST", "/api/key/import", {"key": key}).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = list(threads.map(write, range(WRITERS)))
    assert statuses == [200] * WRITERS
