"""Every route of the table, with keys that must not open it: generated, so that a new route cannot forget its guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
import requests

from identity.domain.access import KEY_MANAGER_ENDPOINT
from identity.http.fusionauth import PAGES
from identity.http.fusionauth.routes import Route
from tests import postgres
from tests.oauth_world import OPERATIONS
from tests.service import Service, running_service

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TABLE = [row for page in PAGES for row in page.table]
GUARDED = [row for row in TABLE if row.endpoint is not None]
OPEN = [row for row in TABLE if row.endpoint is None]
NOBODY = UUID("00000000-0000-4000-8000-00000000abcd")


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    """One service for all routes: nothing here gets past the guard, or it names objects that do not exist."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


def named(row: Route) -> str:
    return f"{row.method} {row.path}"


def call(service: Service, row: Route, key: str) -> requests.Response:
    path = re.sub(r"<[^>]*_id>", str(NOBODY), row.path)
    path = re.sub(r"<[^>]*>", "1", path)
    return service.call(row.method, path, None if row.method == "GET" else {}, key=key)


def everything_but(row: Route) -> dict[str, list[str]]:
    """The other methods of the route's endpoint, and every method of every other endpoint."""
    permissions = {neighbour.endpoint: list(METHODS) for neighbour in GUARDED if neighbour.endpoint is not None}
    assert row.endpoint is not None
    permissions[row.endpoint] = [method for method in METHODS if method != row.method]
    return permissions


def test_the_test_knows_every_route_that_is_served(service: Service) -> None:
    served = {
        (method.upper(), path)
        for path, operations in service.call("GET", "/openapi.json", key="").json()["paths"].items()
        for method in operations
        if method.upper() in METHODS
    }
    known = {(row.method, re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", row.path)) for row in TABLE}
    assert served == known | OPERATIONS  # the protocol knows no API keys


@pytest.mark.parametrize("row", GUARDED, ids=named)
def test_without_a_key_a_guarded_route_answers_401(service: Service, row: Route) -> None:
    response = call(service, row, key="")
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("row", GUARDED, ids=named)
def test_with_an_unknown_key_a_guarded_route_answers_401(service: Service, row: Route) -> None:
    assert call(service, row, key="nobody's key").status_code == 401


@pytest.mark.parametrize("row", GUARDED, ids=named)
def test_with_its_neighbours_permissions_only_a_guarded_route_answers_401(service: Service, row: Route) -> None:
    response = call(service, row, key=service.add_key(permissions=everything_but(row)))
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("row", [row for row in GUARDED if row.endpoint != KEY_MANAGER_ENDPOINT], ids=named)
def test_with_its_own_permission_alone_a_guarded_route_opens(service: Service, row: Route) -> None:
    assert row.endpoint is not None
    response = call(service, row, key=service.add_key(permissions={row.endpoint: [row.method]}))
    assert response.status_code != 401


@pytest.mark.parametrize("row", [row for row in GUARDED if row.endpoint == KEY_MANAGER_ENDPOINT], ids=named)
def test_a_map_that_names_it_does_not_open_the_key_managers_endpoint(service: Service, row: Route) -> None:
    response = call(service, row, key=service.add_key(permissions={KEY_MANAGER_ENDPOINT: list(METHODS)}))
    assert response.status_code == 401


@pytest.mark.parametrize("row", OPEN, ids=named)
def test_an_open_route_never_refuses_for_the_lack_of_a_key(service: Service, row: Route) -> None:
    """It may refuse a login or a token with 401, but then it refuses it with the super key just the same."""
    assert call(service, row, key="").status_code == call(service, row, key=service.key).status_code
