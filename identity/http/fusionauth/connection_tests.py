"""The connection test of an identity provider: begin one, see how it went. Source: login contract 2.11."""

from __future__ import annotations

from typing import Any

from identity.domain.errors import NotFound, invalid_field
from identity.flows.login.start_connection_test import start
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.connection_tests import ConnectionTestRequest, ConnectionTestResponse, shown
from identity.store import connection_tests
from identity.wire import parse_uuid

ENDPOINT = "/api/identity-provider/test"
ROUTE: dict[str, Any] = {"endpoint": ENDPOINT, "scope": Scope.GLOBAL, "gives": ConnectionTestResponse}

routes = Routes("Connection tests", "Try an identity provider without making users, links or tokens.")


@routes.post(ENDPOINT, takes=ConnectionTestRequest, **ROUTE)
def start_connection_test(call: Call) -> dict[str, Any]:
    """Ask the provider about the configured credentials; a login may then carry the test's id."""
    wanted = call.load(ConnectionTestRequest())
    return shown(start(call.services, call.now, wanted.get("identity_provider_id"), wanted.get("tenant_id")))


@routes.get(
    ENDPOINT,
    query={"connectionTestId": "the id that starting the test returned"},
    statuses={404: "There is no such test, or it has expired."},
    **ROUTE,
)
def retrieve_connection_test(call: Call) -> dict[str, Any]:
    """The steps so far, and the person once a login has come through."""
    text = call.text("connectionTestId")
    if text is None:
        raise invalid_field("connectionTestId", "missing")
    test_id = parse_uuid(text)
    with call.services.db.read() as conn:
        test = connection_tests.find(conn, test_id, call.now) if test_id else None
    if test is None:
        raise NotFound
    return shown(test)
