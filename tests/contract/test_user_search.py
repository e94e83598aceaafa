"""User search with the database alone. Source: supporting contract 3.5, column "database engine"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests import postgres
from tests.contract.people import add_application, add_user, codes, service_for_a_module
from tests.service import Service

SEARCH = "/api/user/search"
User = dict[str, Any]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


@pytest.fixture(scope="module")
def people(service: Service) -> list[User]:
    """All users there are, in the order of their login ids."""
    return [
        add_user(service, email="anna@example.com", firstName="Anna", fullName="Anna Bell", birthDate="1990-01-01"),
        add_user(service, email="bert@example.com", firstName="Bert", fullName="JÜRGEN", lastName="ANNA"),
        add_user(service, email=None, username="carla", firstName="Carla", birthDate="1980-01-01"),
        add_user(service, email="dora@example.com", username="Anna", birthDate="1985-01-01"),
    ]


def found(service: Service, **search: Any) -> list[User]:
    """The users that a search gives, the same by query and by body."""
    response = service.call("POST", SEARCH, {"search": search})
    assert response.status_code == 200, response.text
    query = {
        **{name: value for name, value in search.items() if name != "sortFields"},
        **{
            f"sortFields[{index}].{name}": value
            for index, sort in enumerate(search.get("sortFields", []))
            for name, value in sort.items()
        },
    }
    assert service.call("GET", SEARCH, params=query).json() == response.json()
    users: list[User] = response.json()["users"]
    return users


def test_the_official_client_searches_by_query_string_and_by_ids(service: Service, people: list[User]) -> None:
    answer = service.client.search_users_by_query({"search": {"queryString": "carla"}}).success_response
    assert answer == {"total": 1, "users": [people[2]]}
    ids = [people[3]["id"], str(uuid4()), people[0]["id"]]
    answer = service.client.search_users_by_ids(ids).success_response
    assert answer == {"total": 2, "users": [people[3], people[0]]}


@pytest.mark.parametrize("search", [{}, {"queryString": "*"}])
def test_without_a_term_everybody_is_found_in_order_of_login(
    service: Service, people: list[User], search: dict[str, Any]
) -> None:
    assert found(service, **search) == people


@pytest.mark.parametrize(
    ("term", "indexes"),
    [
        ("anna", [0, 1, 3]),
        ("ANNA", [0, 1, 3]),
        ("Bert@Example.com", [1]),
        ("jürgen", [1]),
        ("ann", []),
        ("ann*", []),
        ("%", []),
        ("a.na", []),
    ],
)
def test_a_term_equals_a_whole_value_ignoring_case(
    service: Service, people: list[User], term: str, indexes: list[int]
) -> None:
    assert found(service, queryString=term) == [people[index] for index in indexes]


def test_ids_win_over_the_term_and_are_neither_paged_nor_sorted(service: Service, people: list[User]) -> None:
    ids = [people[2]["id"], people[0]["id"], people[2]["id"]]
    answer = found(service, ids=ids, queryString="bert", numberOfResults=1, startRow=1)
    assert answer == [people[2], people[0]]


def test_pages_have_the_total_of_all(service: Service, people: list[User]) -> None:
    response = service.call("GET", SEARCH, params={"numberOfResults": 3, "startRow": 1})
    assert response.json() == {"total": 4, "users": people[1:4]}
    past = service.call("GET", SEARCH, params={"startRow": 9, "accurateTotal": "true"})
    assert past.json() == {"total": 4, "users": []}


@pytest.mark.parametrize(
    ("sort", "indexes"),
    [
        ([{"name": "birthDate"}], [2, 3, 0, 1]),
        ([{"name": "birthDate", "order": "desc"}], [0, 3, 2, 1]),
        ([{"name": "birthDate", "missing": "_first"}], [1, 2, 3, 0]),
        ([{"name": "login", "order": "DESC"}], [3, 2, 1, 0]),
        ([{"name": "login", "order": "", "missing": ""}], [0, 1, 2, 3]),
        ([{"name": "tenantId"}, {"name": "login"}], [0, 1, 2, 3]),
    ],
)
def test_sort_fields_order_the_answer(
    service: Service, people: list[User], sort: list[dict[str, str]], indexes: list[int]
) -> None:
    assert found(service, sortFields=sort) == [people[index] for index in indexes]


@pytest.mark.parametrize(
    "name",
    ["birthDate", "email", "fullName", "id", "insertInstant", "lastLoginInstant", "login", "tenantId", "username"],
)
def test_every_documented_sort_field_is_taken(service: Service, people: list[User], name: str) -> None:
    assert len(found(service, sortFields=[{"name": name}])) == len(people)


@pytest.mark.parametrize(
    ("search", "path", "code"),
    [
        ({"query": "{}"}, "query", "[invalid]"),
        ({"queryString": "two words"}, "queryString", "[invalid]"),
        ({"ids": ["x"]}, "ids[0]", "[invalidJSON]"),
        ({"startRow": 10_001}, "startRow", "[invalid]"),
        ({"numberOfResults": -1}, "numberOfResults", "[invalid]"),
        ({"sortFields": [{"name": "password"}]}, "sortFields[0].name", "[invalid]"),
        ({"sortFields": [{"name": "email", "order": "up"}]}, "sortFields[0].order", "[invalid]"),
        ({"sortFields": [{"name": "email", "missing": "x"}]}, "sortFields[0].missing", "[invalid]"),
    ],
)
def test_bad_criteria_are_refused_by_path(service: Service, search: dict[str, Any], path: str, code: str) -> None:
    refused = codes(service.call("POST", SEARCH, {"search": search}))
    assert list(refused) == [f"search.{path}"]
    assert refused[f"search.{path}"][0].startswith(code)


def test_numbers_of_a_query_must_be_numbers(service: Service) -> None:
    response = service.call("GET", SEARCH, params={"startRow": "first"})
    assert codes(response) == {"startRow": ["[couldNotConvert]startRow"]}


def test_flushing_the_index_is_accepted(service: Service) -> None:
    assert service.call("PUT", SEARCH).status_code == 200


def test_a_search_shows_registrations(service: Service, people: list[User]) -> None:
    application_id = str(add_application(service, service.tenant_id))
    body = {"registration": {"applicationId": application_id}}
    path = f"/api/user/registration/{people[1]['id']}"
    assert service.call("POST", path, body).status_code == 200
    answer = found(service, queryString="bert")
    assert [item["applicationId"] for item in answer[0]["registrations"]] == [application_id]
    assert service.call("DELETE", f"{path}/{application_id}").status_code == 200
