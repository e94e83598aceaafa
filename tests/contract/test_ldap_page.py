"""docs/ldap.md: what it tells people to configure is accepted and does what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from identity.http.fusionauth.schemas.connectors import ConnectorSchema
from tests.connectors import BUILT_IN, CONNECTOR, add_lambda, policy
from tests.service import Service

PAGE = (Path(__file__).parents[2] / "docs" / "ldap.md").read_text(encoding="utf-8")
READ_ONLY = {"id", "insertInstant", "lastUpdateInstant"}
ENTRY = {"mail": "jane@example.com", "uid": "jane", "givenName": "Jane", "sn": "Doe", "title": "Dr"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def examples(member: str) -> dict[str, Any]:
    """The page's first JSON example of this kind."""
    found: dict[str, Any] = next(each for each in map(json.loads, blocks("json")) if member in each)
    return found


def test_the_lambda_connector_and_policies_of_the_page_work(shared_service: Service) -> None:
    source = blocks("javascript")[0]
    reconcile_id = add_lambda(shared_service, source)
    [user] = shared_service.services.lambdas.call(source, "reconcile", [{"data": {}}, ENTRY], mutable=1).arguments
    assert {user[name] for name in ("email", "username", "firstName", "lastName")} == {*list(ENTRY.values())[:4]}
    assert user["data"] == {"title": "Dr"}
    assert user["registrations"][0]["roles"] == ["user"]

    document = examples("connector")
    document["connector"] |= {"name": str(uuid4()), "lambdaConfiguration": {"reconcileId": reconcile_id}}
    made = shared_service.call("POST", CONNECTOR, document)
    assert made.status_code == 200, made.text

    policies = examples("tenant")["tenant"]["connectorPolicies"]
    policies[0]["connectorId"] = made.json()["connector"]["id"]
    assert policies[1] == {name: value for name, value in policy(BUILT_IN).items() if name != "data"}
    tenant = {"tenant": {"name": str(uuid4()), "connectorPolicies": policies}}
    kept = shared_service.call("POST", "/api/tenant", tenant)
    assert kept.status_code == 200, kept.text
    assert [{**each, "data": {}} for each in policies] == kept.json()["tenant"]["connectorPolicies"]


def test_the_page_names_every_member_of_a_connector() -> None:
    members = {field.data_key for field in ConnectorSchema().fields.values()} - READ_ONLY
    named = {word for code in re.findall(r"`([^`\n]+)`", PAGE) for word in code.split(".")}
    assert members - named == set()
