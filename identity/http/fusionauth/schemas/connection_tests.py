"""The connection test on the wire. Source: login contract 2.11 and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.connection_test import ConnectionTest
from identity.wire import Flag, Id, Instant, Many, Text, WireSchema


class ConnectionTestRequest(WireSchema):
    identity_provider_id = Id()
    tenant_id = Id()


class LoginStep(WireSchema):
    title = Text()
    detail = Text()
    success = Flag()


class ConnectionTestResult(WireSchema):
    identity_provider_id = Id(attribute="provider_id")
    start_instant = Instant(attribute="insert_instant")
    success = Flag()
    identity_provider_user_id = Text(attribute="subject")
    email = Text()
    username = Text()
    steps = Many(fields.Nested(LoginStep))


class ConnectionTestResponse(WireSchema):
    connection_test_id = Id(attribute="id")
    result = fields.Nested(ConnectionTestResult)


def shown(test: ConnectionTest) -> dict[str, Any]:
    dumped: dict[str, Any] = ConnectionTestResponse().dump({"id": test.id, "result": test})
    return dumped
