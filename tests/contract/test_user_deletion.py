"""Deleting many users at once: supporting contract 3.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import postgres
from tests.contract.people import (
    add_refresh_token,
    add_tenant,
    add_user,
    codes,
    refresh_tokens_of,
    service_for_a_module,
)
from tests.service import Service

BULK = "/api/user/bulk"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


def delete(service: Service, body: Json | None = None, query: str = "", **options: Any) -> Json:
    response = service.call("DELETE", BULK + query, body, **options)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def state(service: Service, user: Json) -> bool | None:
    """Whether the user is active; None when there is none any more."""
    response = service.call("GET", f"/api/user/{user['id']}")
    return response.json()["user"]["active"] if response.status_code == 200 else None


def test_the_official_client_deactivates_and_deletes_many(service: Service) -> None:
    users = [add_user(service) for _ in range(3)]
    ids = [user["id"] for user in users]
    answer = service.client.deactivate_users_by_ids(ids[:2]).success_response
    assert answer == {"dryRun": False, "hardDelete": False, "total": 2, "userIds": ids[:2]}
    assert [state(service, user) for user in users] == [False, False, True]
    answer = service.client.delete_users_by_query({"hardDelete": True, "userIds": ids}).success_response
    assert answer == {"dryRun": False, "hardDelete": True, "total": 3, "userIds": ids}
    assert [state(service, user) for user in users] == [None, None, None]


def test_deactivating_many_ends_their_sessions(service: Service) -> None:
    user = add_user(service)
    add_refresh_token(service, user)
    delete(service, query=f"?userId={user['id']}")
    assert refresh_tokens_of(service, user) == []


def test_a_dry_run_only_says_who_it_would_be(service: Service) -> None:
    user = add_user(service)
    assert delete(service, query=f"?userId={user['id']}&dryRun=true&hardDelete=true") == {
        "dryRun": True,
        "hardDelete": True,
        "total": 1,
        "userIds": [user["id"]],
    }
    assert state(service, user) is True


def test_a_term_finds_them_as_the_search_does_up_to_the_limit(service: Service) -> None:
    name = uuid4().hex
    users = sorted((add_user(service, lastName=name) for _ in range(3)), key=lambda user: user["id"])
    ids = [user["id"] for user in users]
    assert delete(service, {"queryString": name.upper(), "dryRun": True})["userIds"] == ids
    assert delete(service, query=f"?queryString={name}&limit=2")["userIds"] == ids[:2]
    assert [state(service, user) for user in users] == [False, False, True]


def test_users_of_another_tenant_and_unknown_ones_are_passed_over(service: Service) -> None:
    other = add_tenant(service)
    user, stranger = add_user(service), add_user(service, other)
    ids = [str(uuid4()), stranger["id"], user["id"], user["id"]]
    assert delete(service, {"userIds": ids, "hardDelete": True}, tenant=service.tenant_id)["userIds"] == [user["id"]]
    assert state(service, stranger) is True
    everybody = delete(service, {"queryString": "*", "dryRun": True}, key=service.add_key(tenant_id=other))
    assert everybody["userIds"] == [stranger["id"]]


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "userIds", "[missing]userIds"),
        ({"query": "{}"}, "query", "[invalid]query"),
        ({"queryString": "two words"}, "queryString", "[invalid]queryString"),
        ({"userIds": ["x"]}, "userIds[0]", "[invalidJSON]"),
        ({"userIds": [str(UUID(int=1))], "limit": 0}, "limit", "[invalid]limit"),
    ],
)
def test_a_bad_bulk_delete_is_refused_by_its_path(service: Service, body: Json, path: str, code: str) -> None:
    assert codes(service.call("DELETE", BULK, body)) == {path: [code]}
