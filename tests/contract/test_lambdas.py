"""Lambdas through the official client. Source: login contract 6.1, supporting contract 10."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from identity.domain.lambdas import LambdaType
from identity.outbound.default_lambdas import TWITTER_RECONCILE
from tests.service import NOW, Service

RECONCILE = "function reconcile(user, registration, twitterUser) { user.fullName = twitterUser.name; }"


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes lambdas of its own."""
    return shared_service


def wanted(**members: Any) -> dict[str, Any]:
    return {"lambda": {"name": str(uuid4()), "type": "TwitterReconcile", "body": RECONCILE, **members}}


def made(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.client.create_lambda(wanted(**members))
    assert answer.status == 200, answer.error_response
    return answer.success_response["lambda"]


def codes(response: Any) -> dict[str, list[str]]:
    body = response.error_response if hasattr(response, "error_response") else response.json()
    return {path: [error["code"] for error in errors] for path, errors in body["fieldErrors"].items()}


# Create


def test_a_lambda_comes_back_with_its_defaults(service: Service) -> None:
    created = made(service, name="mine")
    assert {**created, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        "body": RECONCILE,
        "debug": False,
        "engineType": "GraalJS",
        "id": "",
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "name": "mine",
        "type": "TwitterReconcile",
    }
    assert service.client.retrieve_lambda(created["id"]).success_response == {"lambda": created}


def test_a_lambda_is_created_under_the_id_in_the_path(service: Service) -> None:
    lambda_id = str(uuid4())
    assert service.client.create_lambda(wanted(debug=True), lambda_id).success_response["lambda"]["id"] == lambda_id
    again = service.client.create_lambda(wanted(), lambda_id)
    assert (again.status, codes(again)) == (400, {"lambda.id": ["[duplicate]lambda.id"]})


def test_the_stock_lambda_is_accepted_as_it_is(service: Service) -> None:
    assert made(service, body=TWITTER_RECONCILE)["body"] == TWITTER_RECONCILE


def test_dead_and_old_members_do_no_harm(service: Service) -> None:
    created = made(service, enabled=False, engineType="Nashorn", id=str(uuid4()), insertInstant=1)
    assert (created["engineType"], "enabled" in created) == ("GraalJS", False)
    assert created["insertInstant"] > 1


@pytest.mark.parametrize("kind", LambdaType)
def test_the_source_must_define_the_function_of_its_type(service: Service, kind: LambdaType) -> None:
    other = "populate" if kind.function != "populate" else "reconcile"
    refused = service.client.create_lambda(wanted(type=kind.value, body=f"function {other}() {{}}"))
    assert (refused.status, codes(refused)) == (400, {"lambda.body": ["[invalid]lambda.body"]})
    assert kind.function in refused.error_response["fieldErrors"]["lambda.body"][0]["message"]
    assert made(service, type=kind.value, body=f"function {kind.function}() {{}}")["type"] == kind.value


def test_all_types_of_the_client_are_known() -> None:
    functions = {kind.value: kind.function for kind in LambdaType}
    assert len(functions) == 27
    assert functions["TwitterReconcile"] == functions["LDAPConnectorReconcile"] == "reconcile"
    assert functions["JWTPopulate"] == functions["UserInfoPopulate"] == "populate"
    assert functions["LoginValidation"] == functions["SelfServiceRegistrationValidation"] == "validate"
    assert functions["MFARequirement"] == "checkRequired"
    assert functions["SCIMServerGroupRequestConverter"] == "convert"


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        (
            {"name": None, "type": None, "body": None},
            ["[blank]lambda.body", "[blank]lambda.name", "[missing]lambda.type"],
        ),
        ({"name": " ", "body": "\n"}, ["[blank]lambda.body", "[blank]lambda.name"]),
        ({"type": "Nonsense"}, ["[invalidJSON]"]),
        ({"type": 1, "debug": "yes"}, ["[invalidJSON]", "[invalidJSON]"]),
        ({"body": "function reconcile( {"}, ["[invalid]lambda.body"]),
        ({"body": "const reconcile = 1"}, ["[invalid]lambda.body"]),
        ({"body": "throw new Error('x')"}, ["[invalid]lambda.body"]),
        ({"body": "for (;;) {}"}, ["[invalid]lambda.body"]),
        ({"body": RECONCILE + " " * 256 * 1024}, ["[tooLong]lambda.body"]),
        ({"body": RECONCILE + "//" + "é" * 140_000}, ["[invalid]lambda.body"]),
        ({"body": RECONCILE + "\x00"}, ["[invalid]lambda.body"]),
    ],
    ids=["absent", "blank", "type", "kinds", "syntax", "no function", "throws", "loops", "long", "bytes", "NUL"],
)
def test_what_is_no_lambda_is_refused_by_its_field(
    service: Service, members: dict[str, Any], refused: list[str]
) -> None:
    answer = service.client.create_lambda(wanted(**members))
    assert answer.status == 400
    assert sorted(code for found in codes(answer).values() for code in found) == refused


def test_a_lambda_belongs_to_no_tenant(service: Service) -> None:
    assert service.call("POST", "/api/lambda", wanted(), tenant="nonsense").status_code == 200
    locked = service.add_key(tenant_id=service.tenant_id)
    assert service.call("GET", "/api/lambda", key=locked).status_code == 401


# Retrieve and search


def test_lambdas_are_listed_by_type(service: Service) -> None:
    populate = made(service, type="JWTPopulate", body="function populate(jwt, user, registration) {}")
    reconcile = made(service)
    listed = service.client.retrieve_lambdas_by_type("JWTPopulate").success_response["lambdas"]
    assert populate in listed
    assert reconcile not in listed
    everything = service.client.retrieve_lambdas().success_response["lambdas"]
    assert populate in everything
    assert reconcile in everything
    assert codes(service.call("GET", "/api/lambda?type=x")) == {"type": ["[couldNotConvert]type"]}


def test_an_unknown_lambda_is_404_whatever_the_body(service: Service) -> None:
    unknown = str(uuid4())
    assert service.client.retrieve_lambda(unknown).status == 404
    assert service.client.update_lambda(unknown, {"lambda": {}}).status == 404
    assert service.client.patch_lambda(unknown, {"lambda": {}}).status == 404
    assert service.client.delete_lambda(unknown).status == 404


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ({"name": "WOOD"}, ["wood oak", "wood pine"]),
        ({"name": "wood*", "orderBy": "name DESC"}, ["wood pine", "wood oak"]),
        ({"name": "wood", "body": "resin_"}, ["wood pine"]),
        ({"name": "wood", "body": "// R*IN_ }"}, []),
        ({"name": "wood", "type": "JWTPopulate"}, ["wood oak"]),
        ({"name": "wood", "orderBy": "insertInstant", "startRow": 1}, ["wood pine"]),
        ({"name": "wood", "orderBy": "engineType", "numberOfResults": 0}, []),
    ],
)
def test_a_search_finds_by_get_and_by_post(service: Service, criteria: dict[str, Any], names: list[str]) -> None:
    if service.client.search_lambdas({"search": {"name": "wood"}}).success_response["total"] == 0:
        made(service, name="wood oak", type="JWTPopulate", body="function populate() {}")
        made(service, name="wood pine", body=f"{RECONCILE} // Resin_")
    by_post = service.client.search_lambdas({"search": criteria}).success_response
    assert [found["name"] for found in by_post["lambdas"]] == names
    assert service.call("GET", "/api/lambda/search", params=criteria).json() == by_post


def test_an_order_by_the_source_is_refused(service: Service) -> None:
    answer = service.client.search_lambdas({"search": {"orderBy": "body"}})
    assert codes(answer) == {"search.orderBy": ["[invalid]search.orderBy"]}


# Update and patch


def test_an_update_replaces_all_but_id_type_and_birth(service: Service) -> None:
    created = made(service, debug=True)
    answer = service.client.update_lambda(created["id"], {"lambda": {"name": "new", "body": f"{RECONCILE}//"}})
    updated = answer.success_response["lambda"]
    assert {**updated, "lastUpdateInstant": 0} == {
        **created, "name": "new", "body": f"{RECONCILE}//", "debug": False, "lastUpdateInstant": 0,
    }  # fmt: skip
    assert updated["lastUpdateInstant"] >= created["lastUpdateInstant"]
    assert service.client.retrieve_lambda(created["id"]).success_response == {"lambda": updated}


def test_a_patch_changes_what_it_names_in_every_dialect(service: Service) -> None:
    created = made(service)
    path = f"/api/lambda/{created['id']}"
    assert service.client.patch_lambda(created["id"], {"lambda": {"debug": True}}).success_response["lambda"]["debug"]
    for kind, patch in (
        ("application/merge-patch+json", {"lambda": {"debug": None, "name": "merged"}}),
        ("application/json-patch+json", [{"op": "replace", "path": "/lambda/name", "value": "replaced"}]),
    ):
        response = service.call("PATCH", path, data=json.dumps(patch), headers={"Content-Type": kind})
        assert response.status_code == 200, response.text
    assert {**response.json()["lambda"], "lastUpdateInstant": 0} == {
        **created, "name": "replaced", "debug": False, "lastUpdateInstant": 0,
    }  # fmt: skip


def test_the_type_can_not_change(service: Service) -> None:
    created = made(service)
    for answer in (
        service.client.update_lambda(created["id"], wanted(type="JWTPopulate", body="function populate() {}")),
        service.client.patch_lambda(created["id"], {"lambda": {"type": "JWTPopulate"}}),
    ):
        assert (answer.status, codes(answer)) == (400, {"lambda.type": ["[invalid]lambda.type"]})
    assert service.client.update_lambda(created["id"], wanted()).status == 200


def test_a_bad_source_replaces_no_good_one(service: Service) -> None:
    created = made(service)
    for change in (service.client.update_lambda, service.client.patch_lambda):
        answer = change(created["id"], {"lambda": {"name": "x", "body": "function other() {}"}})
        assert (answer.status, codes(answer)) == (400, {"lambda.body": ["[invalid]lambda.body"]})
    assert service.client.retrieve_lambda(created["id"]).success_response == {"lambda": created}


def test_concurrent_patches_of_the_source_lose_none(service: Service) -> None:
    lambda_id = made(service, body="/**/" + RECONCILE)["id"]

    def append(number: int) -> int:
        path = f"/api/lambda/{lambda_id}"
        while True:
            stored = service.call("GET", path).json()["lambda"]["body"]
            operations = [
                {"op": "test", "path": "/lambda/body", "value": stored},
                {"op": "replace", "path": "/lambda/body", "value": stored.replace("/*", f"/*{number},", 1)},
            ]
            kind = {"Content-Type": "application/json-patch+json"}
            status = service.call("PATCH", path, data=json.dumps(operations), headers=kind).status_code
            if status == 200:
                return number
            assert status == 400  # the test operation found another source: begin anew

    with ThreadPoolExecutor(6) as others:
        list(others.map(append, range(12)))
    body = service.client.retrieve_lambda(lambda_id).success_response["lambda"]["body"]
    assert sorted(map(int, body[2 : body.index(",*/")].split(","))) == list(range(12))


def test_concurrent_patches_of_different_members_lose_none(service: Service) -> None:
    lambda_id = made(service, debug=False)["id"]
    patches = [{"debug": True}, {"name": "kept"}, {"body": f"{RECONCILE} // kept"}] * 6
    with ThreadPoolExecutor(6) as others:
        answers = list(others.map(lambda patch: service.client.patch_lambda(lambda_id, {"lambda": patch}), patches))
    assert {answer.status for answer in answers} == {200}
    kept = service.client.retrieve_lambda(lambda_id).success_response["lambda"]
    assert (kept["debug"], kept["name"], kept["body"]) == (True, "kept", f"{RECONCILE} // kept")


# Delete


def test_a_lambda_is_deleted(service: Service) -> None:
    created = made(service)
    assert service.call("DELETE", f"/api/lambda/{created['id']}").content == b""
    assert service.client.retrieve_lambda(created["id"]).status == 404


def test_a_lambda_that_a_provider_uses_is_not_deleted(service: Service) -> None:
    created = made(service)
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO identity_providers (id, type, name, linking_strategy, reconcile_id, settings, insert_instant,
                                            last_update_instant)
            VALUES (%s, 'Twitter', %s, 'LinkByEmail', %s, %s, %s, %s)
            """,
            (uuid4(), str(uuid4()), UUID(created["id"]), Jsonb({}), NOW, NOW),
        )
    answer = service.client.delete_lambda(created["id"])
    assert (answer.status, codes(answer)) == (400, {"lambda.id": ["[inUse]lambda.id"]})


def test_a_lambda_that_a_tenant_uses_is_not_deleted(service: Service) -> None:
    used = made(service, type="LoginValidation", body="function validate(result, user, registration, context) {}")
    tenant = {"name": str(uuid4()), "lambdaConfiguration": {"loginValidationId": used["id"]}}
    created = service.client.create_tenant({"tenant": tenant})
    assert created.status == 200, created.error_response
    answer = service.client.delete_lambda(used["id"])
    assert (answer.status, codes(answer)) == (400, {"lambda.id": ["[inUse]lambda.id"]})
    service.client.delete_tenant(created.success_response["tenant"]["id"])
    assert service.client.delete_lambda(used["id"]).status == 200


def test_changes_of_lambdas_are_in_the_audit_log(service: Service) -> None:
    created = made(service)
    service.client.patch_lambda(created["id"], {"lambda": {"debug": True}})
    service.client.delete_lambda(created["id"])
    with service.services.db.read() as conn:
        query = "SELECT message FROM audit_logs WHERE message LIKE %s ORDER BY id"
        written = [message for (message,) in conn.execute(query, (f"%{created['id']}%",))]
    assert [message.partition(" ")[0] for message in written] == ["Created", "Updated", "Deleted"]
