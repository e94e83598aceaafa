"""Connectors for tests: what a client sends to make one, and a tenant's policies."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from identity.domain.model import BUILT_IN_CONNECTOR_ID
from tests.service import Service

CONNECTOR = "/api/connector"
BUILT_IN = str(BUILT_IN_CONNECTOR_ID)
RECONCILE = "function reconcile(user, userAttributes) { user.username = userAttributes.uid; }"


def connector(reconcile_id: str, **members: Any) -> dict[str, Any]:
    """The body that creates a connector. A member that is None is left out."""
    document = {
        "authenticationURL": "ldap://localhost:389",
        "baseStructure": "dc=example,dc=com",
        "connectTimeout": 1000,
        "identifyingAttribute": "uid",
        "lambdaConfiguration": {"reconcileId": reconcile_id},
        "loginIdAttribute": "uid",
        "name": str(uuid4()),
        "readTimeout": 2000,
        "requestedAttributes": ["uid", "mail"],
        "securityMethod": "None",
        "systemAccountDN": "cn=admin,dc=example,dc=com",
        "systemAccountPassword": "secret",
        "type": "LDAP",
    }
    return {"connector": {name: value for name, value in (document | members).items() if value is not None}}


def add_lambda(service: Service, body: str = RECONCILE) -> str:
    """An LDAPConnectorReconcile lambda; returns its id."""
    document = {"name": str(uuid4()), "type": "LDAPConnectorReconcile", "body": body}
    answer = service.call("POST", "/api/lambda", {"lambda": document})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["lambda"]["id"])


def add_connector(service: Service, body: str = RECONCILE, **members: Any) -> dict[str, Any]:
    answer = service.call("POST", CONNECTOR, connector(add_lambda(service, body), **members))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["connector"]
    return made


def policy(connector_id: str, **members: Any) -> dict[str, Any]:
    return {"connectorId": connector_id, "data": {}, "domains": ["*"], "migrate": False} | members
