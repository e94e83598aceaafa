"""Connectors and the policies of tenants that name them (rocket contract 9.3), through the official client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors import BUILT_IN, CONNECTOR, add_connector, add_lambda, connector, policy
from tests.contract.patching import MERGE, OPERATIONS
from tests.fakes.certificates import issue
from tests.service import Service

LDAP_MEMBERS = {
    "authenticationURL": "ldaps://[::1]:1636/",
    "baseStructure": "ou=people,dc=example,dc=com",
    "connectTimeout": 1,
    "data": {"modifiedBy": "richard", "mergeExistingUsers": True},
    "debug": True,
    "identifyingAttribute": "cn",
    "loginIdAttribute": "userPrincipalName",
    "name": "Whole",
    "readTimeout": 60_000,
    "requestedAttributes": ["cn", "objectGUID;binary", "2.5.4.4", "*"],
    "securityMethod": "LDAPS",
    "systemAccountDN": "uid=admin,ou=system",
    "systemAccountPassword": "canary-system-password",
}


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes objects of its own."""
    return shared_service


@pytest.fixture
def reconcile(service: Service) -> str:
    return add_lambda(service)


def codes(response: Any) -> dict[str, list[str]]:
    body = response.error_response if hasattr(response, "error_response") else response.json()
    return {path: [error["code"] for error in errors] for path, errors in body["fieldErrors"].items()}


def test_every_member_of_a_connector_comes_back(service: Service, reconcile: str) -> None:
    answer = service.client.create_connector(connector(reconcile, **LDAP_MEMBERS))
    created = answer.success_response["connector"]
    assert created.pop("insertInstant") == created.pop("lastUpdateInstant")
    assert created.pop("id")
    assert created == {**LDAP_MEMBERS, "lambdaConfiguration": {"reconcileId": reconcile}, "type": "LDAP"}


def test_what_is_optional_has_a_default(service: Service, reconcile: str) -> None:
    created = service.client.create_connector(connector(reconcile)).success_response["connector"]
    assert (created["data"], created["debug"]) == ({}, False)
    assert service.client.retrieve_connector(created["id"]).success_response == {"connector": created}


def test_a_connector_is_created_under_the_id_of_the_caller(service: Service, reconcile: str) -> None:
    wanted = str(uuid4())
    created = service.client.create_connector(connector(reconcile), wanted).success_response["connector"]
    assert created["id"] == wanted
    again = service.client.create_connector(connector(reconcile), wanted)
    assert (again.status, codes(again)) == (400, {"connector.id": ["[duplicate]connector.id"]})


def test_the_list_holds_the_built_in_connector_too(service: Service, reconcile: str) -> None:
    created = service.client.create_connector(connector(reconcile, name="A directory")).success_response["connector"]
    listed = service.client.retrieve_connectors().success_response["connectors"]
    assert created in listed
    assert [each["name"] for each in listed] == sorted(each["name"] for each in listed)
    [built_in] = [each for each in listed if each["id"] == BUILT_IN]
    assert built_in["insertInstant"] == built_in["lastUpdateInstant"]
    assert {name: built_in[name] for name in ("name", "type", "debug", "data")} == {
        "name": "Default",
        "type": "FusionAuth",
        "debug": False,
        "data": {},
    }
    assert service.client.retrieve_connector(BUILT_IN).success_response == {"connector": built_in}


def test_the_built_in_connector_is_neither_made_changed_nor_deleted(service: Service, reconcile: str) -> None:
    made = service.call("POST", f"{CONNECTOR}/{BUILT_IN}", connector(reconcile))
    assert codes(made) == {"connector.id": ["[duplicate]connector.id"]}
    for verb, body in (("PUT", connector(reconcile)), ("PATCH", {"connector": {"debug": True}}), ("DELETE", None)):
        refused = service.call(verb, f"{CONNECTOR}/{BUILT_IN}", body)
        assert (refused.status_code, codes(refused)) == (400, {"connector.id": ["[invalid]connector.id"]}), verb
        assert "built-in" in refused.text


def test_the_system_password_is_sealed_at_rest(service: Service, reconcile: str) -> None:
    secret = "canary-" + uuid4().hex
    created = service.client.create_connector(connector(reconcile, systemAccountPassword=secret)).success_response
    assert created["connector"]["systemAccountPassword"] == secret
    with service.services.db.read() as conn:
        row = conn.execute("SELECT c::text FROM connectors c WHERE id = %s", (created["connector"]["id"],)).fetchone()
    assert row is not None
    assert secret not in row[0]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("type", None, "[missing]connector.type"),
        ("type", "FusionAuth", "[invalid]connector.type"),
        ("name", " ", "[blank]connector.name"),
        ("name", "n" * 192, "[tooLong]connector.name"),
        ("name", "Default", "[duplicate]connector.name"),
        ("authenticationURL", None, "[blank]connector.authenticationURL"),
        ("authenticationURL", "http://localhost", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldaps://localhost", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://user@localhost", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://localhost:99999", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://localhost:0", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://localhost/dc=example", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://localhost?uid", "[invalid]connector.authenticationURL"),
        ("authenticationURL", "ldap://local host", "[invalid]connector.authenticationURL"),
        ("baseStructure", "", "[blank]connector.baseStructure"),
        ("connectTimeout", None, "[missing]connector.connectTimeout"),
        ("connectTimeout", 0, "[invalid]connector.connectTimeout"),
        ("readTimeout", -1, "[invalid]connector.readTimeout"),
        ("readTimeout", 60_001, "[invalid]connector.readTimeout"),
        ("identifyingAttribute", None, "[blank]connector.identifyingAttribute"),
        ("identifyingAttribute", "cn=", "[invalid]connector.identifyingAttribute"),
        ("loginIdAttribute", "*", "[invalid]connector.loginIdAttribute"),
        ("loginIdAttribute", "", "[blank]connector.loginIdAttribute"),
        ("loginIdAttribute", "uid)(objectClass=*", "[invalid]connector.loginIdAttribute"),
        ("requestedAttributes", None, "[missing]connector.requestedAttributes"),
        ("requestedAttributes", [], "[blank]connector.requestedAttributes"),
        ("securityMethod", None, "[missing]connector.securityMethod"),
        ("securityMethod", "LDAPS", "[invalid]connector.authenticationURL"),
        ("systemAccountDN", None, "[blank]connector.systemAccountDN"),
        ("systemAccountPassword", "", "[blank]connector.systemAccountPassword"),
        ("lambdaConfiguration", None, "[missing]connector.lambdaConfiguration.reconcileId"),
        ("lambdaConfiguration", {}, "[missing]connector.lambdaConfiguration.reconcileId"),
        (
            "lambdaConfiguration",
            {"reconcileId": "00000000-0000-4000-8000-000000000001"},
            "[invalid]connector.lambdaConfiguration.reconcileId",
        ),
        ("data", {"mergeExistingUsers": "true"}, "[invalid]connector.data.mergeExistingUsers"),
        ("data", {"caCertificates": "no certificate"}, "[invalid]connector.data.caCertificates"),
        ("data", {"caCertificates": ["x"]}, "[invalid]connector.data.caCertificates"),
    ],
)
def test_a_member_that_does_not_fit_is_refused(
    service: Service, reconcile: str, member: str, value: Any, code: str
) -> None:
    refused = service.client.create_connector(connector(reconcile, **{member: value}))
    assert refused.status == 400
    assert codes(refused) == {code.partition("]")[2]: [code]}


@pytest.mark.parametrize("value", ["Unknown", 7])
def test_a_security_method_of_the_wrong_kind_is_invalid_json(service: Service, reconcile: str, value: Any) -> None:
    refused = service.client.create_connector(connector(reconcile, securityMethod=value))
    assert codes(refused) == {"connector.securityMethod": ["[invalidJSON]"]}


def test_the_generic_connector_is_refused_clearly(service: Service, reconcile: str) -> None:
    refused = service.call("POST", CONNECTOR, connector(reconcile, type="Generic"))
    assert codes(refused) == {"connector.type": ["[unsupported]connector.type"]}
    assert "not built" in refused.json()["fieldErrors"]["connector.type"][0]["message"]


def test_all_mistakes_are_told_at_once(service: Service) -> None:
    refused = service.client.create_connector({"connector": {"type": "LDAP"}})
    assert set(codes(refused)) == {
        f"connector.{name}"
        for name in (
            "authenticationURL",
            "baseStructure",
            "connectTimeout",
            "identifyingAttribute",
            "loginIdAttribute",
            "name",
            "readTimeout",
            "requestedAttributes",
            "securityMethod",
            "systemAccountDN",
            "systemAccountPassword",
        )
    }


def test_two_connectors_do_not_share_a_name(service: Service, reconcile: str) -> None:
    first = service.client.create_connector(connector(reconcile)).success_response["connector"]
    second = service.client.create_connector(connector(reconcile)).success_response["connector"]
    named = connector(reconcile, name=first["name"])
    for refused in (service.client.create_connector(named), service.client.update_connector(second["id"], named)):
        assert codes(refused) == {"connector.name": ["[duplicate]connector.name"]}


def test_own_authorities_are_certificates(service: Service, reconcile: str, tmp_path: Path) -> None:
    pem = issue(tmp_path)[0].read_text()
    created = service.client.create_connector(connector(reconcile, data={"caCertificates": pem * 2}))
    assert created.success_response["connector"]["data"] == {"caCertificates": pem * 2}


def test_a_lambda_for_directories_is_needed_and_kept_while_it_is_used(service: Service, reconcile: str) -> None:
    twitter = {"name": "t", "type": "TwitterReconcile", "body": "function reconcile() {}"}
    other = service.call("POST", "/api/lambda", {"lambda": twitter}).json()["lambda"]["id"]
    path = "connector.lambdaConfiguration.reconcileId"
    assert codes(service.client.create_connector(connector(other))) == {path: [f"[invalid]{path}"]}
    created = service.client.create_connector(connector(reconcile)).success_response["connector"]
    refused = service.client.delete_lambda(reconcile)
    assert (refused.status, codes(refused)) == (400, {"lambda.id": ["[inUse]lambda.id"]})
    assert service.client.delete_connector(created["id"]).status == 200
    assert service.client.delete_lambda(reconcile).status == 200


def test_a_connector_is_replaced_patched_and_deleted(service: Service, reconcile: str) -> None:
    created = service.client.create_connector(connector(reconcile, debug=True)).success_response["connector"]
    path = f"{CONNECTOR}/{created['id']}"
    replaced = service.client.update_connector(created["id"], connector(reconcile, name="replaced")).success_response
    assert (replaced["connector"]["debug"], replaced["connector"]["insertInstant"]) == (False, created["insertInstant"])
    added = {"connector": {"requestedAttributes": ["cn", "uid"]}}
    patched = service.client.patch_connector(created["id"], added).success_response["connector"]
    assert patched["requestedAttributes"] == ["uid", "mail", "cn"]
    merged = service.call("PATCH", path, data=json.dumps(added), headers={"Content-Type": MERGE}).json()["connector"]
    assert merged["requestedAttributes"] == ["cn", "uid"]
    operations = json.dumps([{"op": "replace", "path": "/connector/readTimeout", "value": 77}])
    operated = service.call("PATCH", path, data=operations, headers={"Content-Type": OPERATIONS}).json()["connector"]
    assert (operated["readTimeout"], operated["systemAccountPassword"]) == (77, "secret")
    assert service.client.delete_connector(created["id"]).status == 200
    for verb, body in (("GET", None), ("PUT", connector(reconcile)), ("PATCH", added), ("DELETE", None)):
        assert service.call(verb, path, body).status_code == 404, verb


def test_a_change_to_another_type_is_refused(service: Service, reconcile: str) -> None:
    created = service.client.create_connector(connector(reconcile)).success_response["connector"]
    for refused in (
        service.client.update_connector(created["id"], connector(reconcile, type="Generic")),
        service.client.patch_connector(created["id"], {"connector": {"type": "Generic"}}),
    ):
        assert codes(refused) == {"connector.type": ["[unsupported]connector.type"]}


# Policies of tenants


def test_a_tenant_keeps_its_policies_in_their_order(service: Service) -> None:
    first, second = (add_connector(service)["id"] for _ in range(2))
    wanted = [
        policy(second, domains=["example.com", "example.org"], migrate=True, data={"a": 1}),
        policy(BUILT_IN),
        policy(first),
    ]
    tenant = {"tenant": {"name": str(uuid4()), "connectorPolicies": wanted}}
    created = service.client.create_tenant(tenant).success_response["tenant"]
    assert created["connectorPolicies"] == wanted
    assert service.client.retrieve_tenant(created["id"]).success_response["tenant"]["connectorPolicies"] == wanted


def test_a_patch_adds_a_policy_after_the_others(service: Service) -> None:
    created = service.client.create_tenant({"tenant": {"name": str(uuid4())}}).success_response["tenant"]
    added = policy(add_connector(service)["id"])
    answer = service.client.patch_tenant(created["id"], {"tenant": {"connectorPolicies": [added]}})
    assert answer.success_response["tenant"]["connectorPolicies"] == [policy(BUILT_IN), added]


@pytest.mark.parametrize("policies", [None, []])
def test_a_tenant_without_policies_checks_passwords_itself(service: Service, policies: Any) -> None:
    tenant = {"tenant": {"name": str(uuid4()), "connectorPolicies": policies}}
    created = service.client.create_tenant(tenant).success_response["tenant"]
    assert created["connectorPolicies"] == [policy(BUILT_IN)]


def test_an_empty_set_of_domains_is_every_domain_and_a_domain_counts_once(service: Service) -> None:
    directory = add_connector(service)["id"]
    wanted = [{"connectorId": directory, "domains": ["a.com", "a.com"]}, {"connectorId": BUILT_IN, "domains": []}]
    tenant = {"tenant": {"name": str(uuid4()), "connectorPolicies": wanted}}
    created = service.client.create_tenant(tenant).success_response["tenant"]
    assert [each["domains"] for each in created["connectorPolicies"]] == [["a.com"], ["*"]]


def test_policies_that_do_not_fit_are_refused(service: Service) -> None:
    directory = add_connector(service)["id"]
    named = [policy(BUILT_IN), policy(directory), policy(directory), policy(str(uuid4())), policy(BUILT_IN)]
    refused = service.client.create_tenant({"tenant": {"name": str(uuid4()), "connectorPolicies": named}})
    place = "tenant.connectorPolicies[{}].connectorId".format
    assert codes(refused) == {
        place(2): [f"[duplicate]{place(2)}"],
        place(3): [f"[invalid]{place(3)}"],
        place(4): [f"[duplicate]{place(4)}"],
    }


@pytest.mark.parametrize("domain", ["a@example.com", "exam ple.com", "a,b"])
def test_a_domain_that_is_none_is_refused(service: Service, domain: str) -> None:
    named = [policy(BUILT_IN, domains=["*", domain])]
    refused = service.client.create_tenant({"tenant": {"name": str(uuid4()), "connectorPolicies": named}})
    path = "tenant.connectorPolicies[0].domains"
    assert codes(refused) == {path: [f"[invalid]{path}"]}


def test_a_connector_that_a_tenant_uses_is_not_deleted(service: Service) -> None:
    directory = add_connector(service)["id"]
    name = f"Tenant {uuid4()}"
    policies = [policy(BUILT_IN), policy(directory)]
    tenant = service.client.create_tenant({"tenant": {"name": name, "connectorPolicies": policies}}).success_response
    refused = service.client.delete_connector(directory)
    assert (refused.status, codes(refused)) == (400, {"connector.id": ["[inUse]connector.id"]})
    assert name in refused.error_response["fieldErrors"]["connector.id"][0]["message"]
    assert service.client.delete_tenant(tenant["tenant"]["id"]).status == 200
    assert service.client.delete_connector(directory).status == 200


def test_changes_are_in_the_audit_log(service: Service, reconcile: str) -> None:
    created = service.client.create_connector(connector(reconcile, name="Audited")).success_response["connector"]
    service.client.patch_connector(created["id"], {"connector": {"debug": True}})
    service.client.delete_connector(created["id"])
    found = service.call("GET", f"/api/system/audit-log/search?message=*{created['id']}*").json()["auditLogs"]
    assert sorted(each["message"].partition(" ")[0] for each in found) == ["Created", "Deleted", "Updated"]
    assert "secret" not in json.dumps(found)
