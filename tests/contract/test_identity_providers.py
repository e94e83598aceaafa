"""The Twitter identity provider over HTTP. Each test names what login contract section 2 says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.patching import MERGE, OPERATIONS, PROVIDER_ID, TWITTER, patch
from tests.contract.provider_objects import add_application, add_lambda, field_codes
from tests.service import Service

PATH = f"/api/identity-provider/{PROVIDER_ID}"
ROOT = "/api/identity-provider"
PLAIN = "application/json"


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The service of this module, without a provider."""
    yield shared_service
    shared_service.call("DELETE", PATH)


@pytest.fixture
def provider(service: Service) -> dict[str, Any]:
    """The smallest provider there can be, as the answer shows it."""
    return create(service)


@pytest.fixture
def application(shared_service: Service) -> str:
    return add_application(shared_service, shared_service.tenant_id)


def create(service: Service, **members: Any) -> dict[str, Any]:
    response = service.call("POST", ROOT, {"identityProvider": {**TWITTER, **members}})
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()["identityProvider"]
    return shown


def put(service: Service, **members: Any) -> Any:
    return service.call("PUT", PATH, {"identityProvider": {**TWITTER, **members}})


def read(service: Service) -> dict[str, Any]:
    shown: dict[str, Any] = service.call("GET", PATH).json()["identityProvider"]
    return shown


def general_codes(response: Any) -> list[str]:
    assert response.status_code == 400, response.text
    errors = response.json()
    assert errors["fieldErrors"] == {}
    return [item["code"] for item in errors["generalErrors"]]


# Create (2.2, 2.3, 2.4)


def test_the_smallest_create_answers_200_with_every_default(service: Service) -> None:
    response = service.client.create_identity_provider({"identityProvider": TWITTER})
    assert response.status == 200, response.error_response
    shown = response.success_response["identityProvider"]
    assert shown.pop("insertInstant") == shown.pop("lastUpdateInstant")
    assert shown == {
        **TWITTER,
        "id": PROVIDER_ID,
        "name": "Twitter",
        "enabled": False,
        "debug": False,
        "linkingStrategy": "LinkByEmail",
        "applicationConfiguration": {},
        "tenantConfiguration": {},
    }


def test_the_fixed_id_may_be_given_in_the_path(service: Service) -> None:
    response = service.client.create_identity_provider({"identityProvider": TWITTER}, PROVIDER_ID.upper())
    assert response.success_response["identityProvider"]["id"] == PROVIDER_ID


def test_another_id_is_refused(service: Service) -> None:
    response = service.call("POST", f"{ROOT}/{uuid4()}", {"identityProvider": TWITTER})
    assert field_codes(response) == {"identityProvider.id": ["[invalid]identityProvider.id"]}
    assert service.call("GET", ROOT).json() == {"identityProviders": []}


def test_a_second_provider_is_a_duplicate(service: Service, provider: dict[str, Any]) -> None:
    response = service.call("POST", ROOT, {"identityProvider": {**TWITTER, "name": "Another"}})
    assert field_codes(response) == {"identityProvider.id": ["[duplicate]identityProvider.id"]}


@pytest.mark.parametrize("name", ["My Twitter", "", None])
def test_the_name_is_twitter_whatever_is_sent(service: Service, name: object) -> None:
    assert create(service, name=name)["name"] == "Twitter"


def test_server_set_and_unknown_members_are_ignored(service: Service) -> None:
    shown = create(service, id=str(uuid4()), insertInstant=1, lastUpdateInstant="x", source="S", tenantId=7, surprise=1)
    assert shown["id"] == PROVIDER_ID
    assert shown["insertInstant"] > 1
    assert not {"source", "tenantId", "surprise", "attributeMappings"} & shown.keys()


@pytest.mark.parametrize("body", [{}, {"identityProvider": None}])
def test_the_envelope_is_required(service: Service, body: object) -> None:
    assert field_codes(service.call("POST", ROOT, body)) == {"identityProvider": ["[missing]identityProvider"]}


@pytest.mark.parametrize("inner", [[], "x", 1, True])
def test_the_envelope_holds_an_object(service: Service, inner: object) -> None:
    response = service.call("POST", ROOT, {"identityProvider": inner})
    assert field_codes(response) == {"identityProvider": ["[invalidJSON]"]}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "[missing]identityProvider.type"),
        ("", "[missing]identityProvider.type"),
        ("Twittr", "[invalidJSON]"),
        ("twitter", "[invalidJSON]"),
        ("Google", "[invalidJSON]"),
        (["Twitter"], "[invalidJSON]"),
    ],
)
def test_the_type_must_be_one_this_service_has(service: Service, kind: object, code: str) -> None:
    response = service.call("POST", ROOT, {"identityProvider": {**TWITTER, "type": kind}})
    assert field_codes(response) == {"identityProvider.type": [code]}


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize("blank", ["", "  ", None, ...])
@pytest.mark.parametrize("member", ["buttonText", "consumerKey", "consumerSecret"])
def test_a_required_member_must_not_be_blank(service: Service, member: str, blank: object, verb: str) -> None:
    if verb == "PUT":
        create(service)
    sent = {name: value for name, value in {**TWITTER, member: blank}.items() if value is not ...}
    response = service.call(verb, PATH, {"identityProvider": sent})
    path = f"identityProvider.{member}"
    assert field_codes(response) == {path: [f"[blank]{path}"]}


def test_every_mistake_is_named_at_once(service: Service) -> None:
    response = service.call("POST", ROOT, {"identityProvider": {"type": "Twitter", "enabled": "yes"}})
    assert field_codes(response) == {
        "identityProvider.buttonText": ["[blank]identityProvider.buttonText"],
        "identityProvider.consumerKey": ["[blank]identityProvider.consumerKey"],
        "identityProvider.consumerSecret": ["[blank]identityProvider.consumerSecret"],
        "identityProvider.enabled": ["[invalidJSON]"],
    }


APP = "identityProvider.applicationConfiguration"
TENANT = "identityProvider.tenantConfiguration"
NOBODY = "00000000-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"enabled": 1}, "identityProvider.enabled", "[invalidJSON]"),
        ({"debug": "true"}, "identityProvider.debug", "[invalidJSON]"),
        ({"buttonText": 7}, "identityProvider.buttonText", "[invalidJSON]"),
        ({"buttonText": "x" * 256}, "identityProvider.buttonText", "[tooLong]identityProvider.buttonText"),
        ({"consumerKey": "a\x00b"}, "identityProvider.consumerKey", "[invalid]identityProvider.consumerKey"),
        ({"consumerSecret": "x" * 4097}, "identityProvider.consumerSecret", "[tooLong]identityProvider.consumerSecret"),
        (
            {"linkingStrategy": "Unsupported"},
            "identityProvider.linkingStrategy",
            "[invalid]identityProvider.linkingStrategy",
        ),
        ({"linkingStrategy": "LinkByFax"}, "identityProvider.linkingStrategy", "[invalidJSON]"),
        ({"linkingStrategy": 1}, "identityProvider.linkingStrategy", "[invalidJSON]"),
        ({"lambdaConfiguration": []}, "identityProvider.lambdaConfiguration", "[invalidJSON]"),
        (
            {"lambdaConfiguration": {"reconcileId": "x"}},
            "identityProvider.lambdaConfiguration.reconcileId",
            "[invalidJSON]",
        ),
        (
            {"lambdaConfiguration": {"reconcileId": NOBODY}},
            "identityProvider.lambdaConfiguration.reconcileId",
            "[invalid]identityProvider.lambdaConfiguration.reconcileId",
        ),
        ({"applicationConfiguration": []}, APP, "[invalidJSON]"),
        ({"applicationConfiguration": {"x": {}}}, f"{APP}[x]", "[invalidJSON]"),
        ({"applicationConfiguration": {NOBODY: {}}}, f"{APP}[{NOBODY}]", f"[invalid]{APP}[{NOBODY}]"),
        ({"applicationConfiguration": {NOBODY: 1}}, f"{APP}[{NOBODY}]", "[invalidJSON]"),
        ({"applicationConfiguration": {NOBODY: {"enabled": 0}}}, f"{APP}[{NOBODY}].enabled", "[invalidJSON]"),
        (
            {"applicationConfiguration": {NOBODY: {"consumerKey": "x" * 4097}}},
            f"{APP}[{NOBODY}].consumerKey",
            f"[tooLong]{APP}[{NOBODY}].consumerKey",
        ),
        ({"tenantConfiguration": {NOBODY: {}}}, f"{TENANT}[{NOBODY}]", f"[invalid]{TENANT}[{NOBODY}]"),
        (
            {"tenantConfiguration": {NOBODY: {"limitUserLinkCount": {"maximumLinks": 0}}}},
            f"{TENANT}[{NOBODY}].limitUserLinkCount.maximumLinks",
            f"[invalid]{TENANT}[{NOBODY}].limitUserLinkCount.maximumLinks",
        ),
        (
            {"tenantConfiguration": {NOBODY: {"limitUserLinkCount": {"maximumLinks": "3"}}}},
            f"{TENANT}[{NOBODY}].limitUserLinkCount.maximumLinks",
            "[invalidJSON]",
        ),
        ({"data": []}, "identityProvider.data", "[invalidJSON]"),
        ({"data": {"a": "x" * 262_144}}, "identityProvider.data", "[tooLong]identityProvider.data"),
    ],
)
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
def test_a_bad_member_has_its_code_in_each_way_of_writing(
    service: Service, members: dict[str, Any], path: str, code: str, verb: str
) -> None:
    before = None if verb == "POST" else create(service)
    sent = members if verb == "PATCH" else {**TWITTER, **members}
    assert field_codes(service.call(verb, PATH, {"identityProvider": sent})) == {path: [code]}
    assert service.call("GET", PATH).status_code == (404 if before is None else 200)
    assert before is None or read(service) == before


@pytest.mark.parametrize(
    "strategy",
    [
        "CreatePendingLink",
        "Disabled",
        "LinkAnonymously",
        "LinkByEmail",
        "LinkByEmailForExistingUser",
        "LinkByUsername",
        "LinkByUsernameForExistingUser",
    ],
)
def test_each_linking_strategy_is_accepted_and_may_change_while_enabled(service: Service, strategy: str) -> None:
    create(service, enabled=True)
    assert (
        put(service, enabled=True, linkingStrategy=strategy).json()["identityProvider"]["linkingStrategy"] == strategy
    )


def test_the_lambda_must_be_one_for_twitter(service: Service) -> None:
    good, bad = add_lambda(service, "TwitterReconcile"), add_lambda(service, "JWTPopulate")
    assert create(service, lambdaConfiguration={"reconcileId": good})["lambdaConfiguration"] == {"reconcileId": good}
    path = "identityProvider.lambdaConfiguration.reconcileId"
    assert field_codes(put(service, lambdaConfiguration={"reconcileId": bad})) == {path: [f"[invalid]{path}"]}


# Entries per application and tenant (2.3, 2.7)


def test_an_applications_entry_has_its_defaults_and_drops_blank_overrides(service: Service, application: str) -> None:
    entry = {"buttonText": "", "consumerKey": "  ", "consumerSecret": None}
    shown = create(service, applicationConfiguration={application.upper(): entry})
    assert shown["applicationConfiguration"] == {application: {"enabled": False, "createRegistration": True}}


def test_an_applications_overrides_come_back(service: Service, application: str) -> None:
    entry = {
        "enabled": True,
        "createRegistration": False,
        "buttonText": "Hello",
        "consumerKey": "own key",
        "consumerSecret": "own secret",
        "data": {"a": [1, None]},
    }
    create(service, applicationConfiguration={application: entry})
    assert read(service)["applicationConfiguration"] == {application: entry}


def test_a_tenants_entry_has_its_defaults(service: Service) -> None:
    tenant = str(service.tenant_id)
    shown = create(service, tenantConfiguration={tenant: {}})
    assert shown["tenantConfiguration"] == {tenant: {"limitUserLinkCount": {"enabled": False, "maximumLinks": 42}}}


def test_a_tenants_limit_comes_back(service: Service) -> None:
    entry = {"limitUserLinkCount": {"enabled": True, "maximumLinks": 3}, "data": {"b": 1}}
    create(service, tenantConfiguration={str(service.tenant_id): entry})
    assert read(service)["tenantConfiguration"] == {str(service.tenant_id): entry}


def test_half_an_overridden_pair_is_noted_once_in_the_event_log(service: Service, application: str) -> None:
    create(service, applicationConfiguration={application: {"consumerKey": "theirs"}})
    service.call("PATCH", PATH, {"identityProvider": {"debug": True}})
    with service.services.db.read() as conn:
        rows = conn.execute(
            "SELECT type, message FROM event_logs WHERE message LIKE %s", (f"%{application}%",)
        ).fetchall()
    assert len(rows) == 1
    assert rows[0][0] == "Information"
    assert "theirs" not in rows[0][1]


def test_the_secrets_are_sealed_in_the_database(service: Service, application: str) -> None:
    entry = {"consumerKey": "k", "consumerSecret": "canary-override"}
    create(service, consumerSecret="canary-secret", applicationConfiguration={application: entry})
    with service.services.db.read() as conn:
        stored = conn.execute(
            "SELECT p::text || a::text FROM identity_providers p JOIN identity_provider_applications a ON true"
        ).fetchone()
    assert stored is not None
    assert "canary" not in stored[0]
    assert "v1.test." in stored[0]
    assert read(service)["consumerSecret"] == "canary-secret"


def test_no_secret_gets_into_the_audit_log(service: Service) -> None:
    create(service, consumerSecret="canary-secret")
    put(service, consumerSecret="canary-other")
    service.call("DELETE", PATH)
    with service.services.db.read() as conn:
        rows = conn.execute("SELECT audit_logs::text FROM audit_logs ORDER BY id DESC LIMIT 3").fetchall()
    text = "".join(row[0] for row in rows)
    assert "canary" not in text
    assert [word for word in ("Created", "Updated", "Deleted") if word in text] == ["Created", "Updated", "Deleted"]


# Retrieve (2.5)


def test_a_provider_is_found_by_id_in_either_case(service: Service, provider: dict[str, Any]) -> None:
    assert service.client.retrieve_identity_provider(PROVIDER_ID).success_response == {"identityProvider": provider}
    assert service.call("GET", f"{ROOT}/{PROVIDER_ID.upper()}").json() == {"identityProvider": provider}


def test_by_type_gives_the_provider_alone_and_in_a_list(service: Service, provider: dict[str, Any]) -> None:
    found = service.client.retrieve_identity_provider_by_type("Twitter")
    assert found.success_response == {"identityProvider": provider, "identityProviders": [provider]}


@pytest.mark.parametrize("query", ["?type=Twitter", "?type=Google"])
def test_a_type_that_is_not_configured_is_404(service: Service, query: str) -> None:
    response = service.call("GET", ROOT + query)
    assert (response.status_code, response.content) == (404, b"")


def test_a_type_that_does_not_exist_is_400(service: Service) -> None:
    assert field_codes(service.call("GET", f"{ROOT}?type=Fax")) == {"type": ["[couldNotConvert]type"]}


@pytest.mark.parametrize("query", ["", "?type=", "?type=undefined", "?type=null", "/"])
def test_all_providers_are_a_list_that_may_be_empty(service: Service, query: str) -> None:
    assert service.call("GET", ROOT + query).json() == {"identityProviders": []}
    shown = create(service)
    assert service.call("GET", ROOT + query).json() == {"identityProviders": [shown]}


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_id_is_404_before_the_body_is_looked_at(service: Service, verb: str) -> None:
    response = service.call(verb, f"{ROOT}/{uuid4()}", data="{", headers={"Content-Type": PLAIN})
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_id_that_is_none_is_400(service: Service, verb: str) -> None:
    response = service.call(verb, f"{ROOT}/x", {})
    assert field_codes(response) == {"identityProviderId": ["[couldNotConvert]identityProviderId"]}


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_write_without_id_and_type_is_400(service: Service, verb: str) -> None:
    assert field_codes(service.call(verb, ROOT, {})) == {"identityProviderId": ["[missing]identityProviderId"]}


# Replace (2.8)


def test_a_replacement_returns_what_it_leaves_out_to_the_default(service: Service, application: str) -> None:
    before = create(
        service,
        enabled=True,
        debug=True,
        linkingStrategy="Disabled",
        applicationConfiguration={application: {"enabled": True}},
        tenantConfiguration={str(service.tenant_id): {}},
        data={"a": 1},
    )
    response = service.client.update_identity_provider(
        PROVIDER_ID, {"identityProvider": {**TWITTER, "buttonText": "New"}}
    )
    after = response.success_response["identityProvider"]
    assert after.pop("lastUpdateInstant") >= before["lastUpdateInstant"]
    assert after == {
        **TWITTER,
        "buttonText": "New",
        "id": PROVIDER_ID,
        "name": "Twitter",
        "enabled": False,
        "debug": False,
        "linkingStrategy": "LinkByEmail",
        "applicationConfiguration": {},
        "tenantConfiguration": {},
        "insertInstant": before["insertInstant"],
    }
    assert read(service)["buttonText"] == "New"


def test_a_replacement_by_type_means_the_fixed_id(service: Service, provider: dict[str, Any]) -> None:
    response = service.call("PUT", f"{ROOT}?type=Twitter", {"identityProvider": {**TWITTER, "debug": True}})
    assert response.json()["identityProvider"]["debug"] is True


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [("Google", "[invalid]identityProvider.type"), ("Fax", "[invalid]identityProvider.type"), (7, "[invalidJSON]")],
)
def test_another_type_is_refused(service: Service, verb: str, kind: object, code: str) -> None:
    create(service)
    response = service.call(verb, PATH, {"identityProvider": {**TWITTER, "type": kind}})
    assert field_codes(response) == {"identityProvider.type": [code]}


def test_a_replacement_without_type_is_refused(service: Service, provider: dict[str, Any]) -> None:
    assert field_codes(put(service, type=None)) == {"identityProvider.type": ["[missing]identityProvider.type"]}


# Patch (2.9)


def test_the_official_clients_patch_merges(service: Service, application: str) -> None:
    create(
        service, applicationConfiguration={application: {"enabled": True, "createRegistration": False}}, data={"a": [1]}
    )
    change = {"applicationConfiguration": {application: {"buttonText": "Hi"}}, "data": {"a": [1, 2]}}
    response = service.client.patch_identity_provider(PROVIDER_ID, {"identityProvider": change})
    after = response.success_response["identityProvider"]
    assert after["data"] == {"a": [1, 1, 2]}
    assert after["applicationConfiguration"] == {
        application: {"enabled": True, "createRegistration": False, "buttonText": "Hi"}
    }


def test_a_merge_patch_replaces_arrays_and_removes_by_null(service: Service, application: str) -> None:
    create(service, debug=True, applicationConfiguration={application: {"enabled": True}}, data={"a": [1], "b": 2})
    change = {"debug": None, "applicationConfiguration": {application: None}, "data": {"a": [2], "b": None}}
    after = patch(service, PATH, MERGE, {"identityProvider": change}).json()["identityProvider"]
    assert (after["debug"], after["applicationConfiguration"], after["data"]) == (False, {}, {"a": [2]})


def test_operations_address_the_request_shaped_document(service: Service, application: str) -> None:
    create(service, data={"a/b": 1, "c~d": 2})
    operations = [
        {"op": "test", "path": "/identityProvider/id", "value": PROVIDER_ID},
        {"op": "replace", "path": "/identityProvider/enabled", "value": True},
        {"op": "add", "path": f"/identityProvider/applicationConfiguration/{application}", "value": {}},
        {
            "op": "add",
            "path": f"/identityProvider/applicationConfiguration/{application.upper()}/enabled",
            "value": True,
        },
        {"op": "remove", "path": "/identityProvider/data/a~1b"},
        {"op": "replace", "path": "/identityProvider/data/c~0d", "value": 3},
        {"op": "replace", "path": "/identityProvider/insertInstant", "value": 5},
    ]
    response = patch(service, PATH, OPERATIONS, operations)
    assert response.status_code == 200, response.text
    after = response.json()["identityProvider"]
    assert (after["enabled"], after["data"]) == (True, {"c~d": 3})
    assert after["applicationConfiguration"] == {application: {"enabled": True, "createRegistration": True}}
    assert after["insertInstant"] > 5


def test_what_is_absent_because_it_is_empty_can_be_added_to(service: Service, provider: dict[str, Any]) -> None:
    operations = [{"op": "add", "path": "/identityProvider/data/a", "value": 1}]
    assert patch(service, PATH, OPERATIONS, operations).json()["identityProvider"]["data"] == {"a": 1}


@pytest.mark.parametrize("kind", [PLAIN, MERGE])
def test_an_id_in_upper_case_means_the_same_entry(service: Service, application: str, kind: str) -> None:
    create(service, applicationConfiguration={application: {"createRegistration": False}})
    change = {"applicationConfiguration": {application.upper(): {"enabled": True}}}
    after = patch(service, PATH, kind, {"identityProvider": change}).json()["identityProvider"]
    assert after["applicationConfiguration"] == {application: {"enabled": True, "createRegistration": False}}


@pytest.mark.parametrize("kind", [PLAIN, MERGE])
def test_server_set_members_in_a_patch_are_ignored(service: Service, provider: dict[str, Any], kind: str) -> None:
    change = {"id": str(uuid4()), "insertInstant": 1, "name": "Other", "tenantId": str(uuid4()), "type": "Twitter"}
    after = patch(service, PATH, kind, {"identityProvider": change}).json()["identityProvider"]
    assert {**after, "lastUpdateInstant": 0} == {**provider, "lastUpdateInstant": 0}


@pytest.mark.parametrize(("kind", "body"), [(PLAIN, {}), (MERGE, {}), (OPERATIONS, [])])
def test_an_empty_patch_changes_nothing_but_the_instant(
    service: Service, provider: dict[str, Any], kind: str, body: object
) -> None:
    after = patch(service, PATH, kind, body).json()["identityProvider"]
    assert after["lastUpdateInstant"] >= provider["lastUpdateInstant"]
    assert {**after, "lastUpdateInstant": 0} == {**provider, "lastUpdateInstant": 0}


def test_an_absent_body_changes_nothing_either(service: Service, provider: dict[str, Any]) -> None:
    after = service.call("PATCH", PATH).json()["identityProvider"]
    assert {**after, "lastUpdateInstant": 0} == {**provider, "lastUpdateInstant": 0}


NULLS: dict[str, Any] = {
    PLAIN: lambda member: {"identityProvider": {member: None}},
    MERGE: lambda member: {"identityProvider": {member: None}},
    OPERATIONS: lambda member: [{"op": "replace", "path": f"/identityProvider/{member}", "value": None}],
}


@pytest.mark.parametrize("kind", NULLS)
@pytest.mark.parametrize("member", ["buttonText", "consumerKey", "consumerSecret"])
def test_null_for_a_required_member_is_blank_in_each_dialect(
    service: Service, provider: dict[str, Any], kind: str, member: str
) -> None:
    response = patch(service, PATH, kind, NULLS[kind](member))
    path = f"identityProvider.{member}"
    assert field_codes(response) == {path: [f"[blank]{path}"]}
    assert read(service) == provider


@pytest.mark.parametrize("kind", NULLS)
@pytest.mark.parametrize(
    ("member", "default"),
    [
        ("enabled", False),
        ("debug", False),
        ("linkingStrategy", "LinkByEmail"),
        ("applicationConfiguration", {}),
        ("tenantConfiguration", {}),
    ],
)
def test_null_for_another_member_is_its_default_in_each_dialect(
    service: Service, application: str, kind: str, member: str, default: object
) -> None:
    create(
        service,
        enabled=True,
        debug=True,
        linkingStrategy="Disabled",
        applicationConfiguration={application: {}},
        tenantConfiguration={str(service.tenant_id): {}},
    )
    assert patch(service, PATH, kind, NULLS[kind](member)).json()["identityProvider"][member] == default


def test_null_for_create_registration_is_true(service: Service, application: str) -> None:
    create(service, applicationConfiguration={application: {"createRegistration": False}})
    change = {"applicationConfiguration": {application: {"createRegistration": None}}}
    after = patch(service, PATH, PLAIN, {"identityProvider": change}).json()["identityProvider"]
    assert after["applicationConfiguration"][application]["createRegistration"] is True


def test_a_failed_test_changes_nothing(service: Service, provider: dict[str, Any]) -> None:
    operations = [
        {"op": "replace", "path": "/identityProvider/debug", "value": True},
        {"op": "test", "path": "/identityProvider/enabled", "value": 0},
    ]
    assert general_codes(patch(service, PATH, OPERATIONS, operations)) == ["[JSONPatchTestFailed]"]
    assert read(service) == provider


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (OPERATIONS, {"op": "remove", "path": "/identityProvider/debug"}),
        (OPERATIONS, "text"),
        (OPERATIONS, None),
        (OPERATIONS, [[]]),
        (OPERATIONS, [{"op": "remove", "path": "/identityProvider/nothing"}]),
        (OPERATIONS, [{"op": "replace", "path": "/identityProvider/nothing", "value": 1}]),
        (OPERATIONS, [{"op": "move", "from": "/identityProvider/nothing", "path": "/identityProvider/debug"}]),
        (OPERATIONS, [{"op": "copy", "from": "/identityProvider/nothing", "path": "/identityProvider/debug"}]),
        (OPERATIONS, [{"op": "add", "path": "identityProvider", "value": 1}]),
        (OPERATIONS, [{"op": "add", "path": "/identityProvider/data~2", "value": 1}]),
        (OPERATIONS, [{"op": "spin", "path": "/identityProvider/debug"}]),
        (OPERATIONS, [{"op": "replace", "path": "", "value": 7}]),
        (OPERATIONS, [{"op": "replace", "path": "", "value": []}]),
        (OPERATIONS, [{"op": "add", "path": "/x", "value": 1}] * 1001),
        (MERGE, []),
        (MERGE, "text"),
        (PLAIN, []),
        (PLAIN, 1),
    ],
)
def test_a_patch_that_is_none_is_invalid_json(
    service: Service, provider: dict[str, Any], kind: str, body: object
) -> None:
    headers = {"Content-Type": kind}
    sent = {"data": "null"} if body is None else {"json": body}
    response = service.call("PATCH", PATH, headers=headers, **sent)
    assert general_codes(response) == ["[invalidJSON]"]
    assert read(service) == provider


def test_the_root_may_be_replaced_by_a_whole_document(service: Service, provider: dict[str, Any]) -> None:
    operations = [{"op": "replace", "path": "", "value": {"identityProvider": {**TWITTER, "debug": True}}}]
    assert patch(service, PATH, OPERATIONS, operations).json()["identityProvider"]["debug"] is True


@pytest.mark.parametrize("value", [None, {}, {"identityProvider": {}}])
def test_the_root_may_not_be_replaced_by_half_a_document(
    service: Service, provider: dict[str, Any], value: object
) -> None:
    response = patch(service, PATH, OPERATIONS, [{"op": "replace", "path": "", "value": value}])
    assert response.status_code == 400
    assert read(service) == provider


def test_a_copy_bomb_is_refused(service: Service, provider: dict[str, Any]) -> None:
    operations: list[dict[str, Any]] = [{"op": "add", "path": "/identityProvider/data/a", "value": ["x" * 10]}]
    operations += [{"op": "copy", "from": "/identityProvider/data/a", "path": "/identityProvider/data/a/-"}] * 40
    assert general_codes(patch(service, PATH, OPERATIONS, operations)) == ["[invalidJSON]"]
    assert read(service) == provider


@pytest.mark.parametrize("kind", [PLAIN, MERGE])
def test_a_deep_merge_is_refused(service: Service, provider: dict[str, Any], kind: str) -> None:
    nested: dict[str, Any] = {}
    for _ in range(70):
        nested = {"a": nested}
    assert general_codes(patch(service, PATH, kind, {"identityProvider": {"data": nested}})) == ["[invalidJSON]"]
    assert read(service) == provider


def test_appending_again_and_again_ends_at_the_limit_of_the_data(service: Service) -> None:
    create(service, data={"a": ["x" * 100_000]})
    add = {"identityProvider": {"data": {"a": ["x" * 100_000]}}}
    assert patch(service, PATH, PLAIN, add).status_code == 200
    assert field_codes(patch(service, PATH, PLAIN, add)) == {
        "identityProvider.data": ["[tooLong]identityProvider.data"]
    }


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize("kind", [MERGE, OPERATIONS])
def test_patch_types_are_for_patches(service: Service, verb: str, kind: str) -> None:
    response = service.call(verb, PATH, {"identityProvider": TWITTER}, headers={"Content-Type": kind})
    assert general_codes(response) == ["[PatchNotSupported]"]


def test_a_patch_by_type_means_the_fixed_id(service: Service, provider: dict[str, Any]) -> None:
    response = service.call("PATCH", f"{ROOT}?type=Twitter", {"identityProvider": {"debug": True}})
    assert response.json()["identityProvider"]["debug"] is True


# Delete (2.10)


@pytest.mark.parametrize("path", [PATH, f"{ROOT}?type=Twitter"])
def test_a_delete_answers_200_empty_once(service: Service, provider: dict[str, Any], path: str) -> None:
    response = service.call("DELETE", path)
    assert (response.status_code, response.content) == (200, b"")
    assert service.call("DELETE", path).status_code == 404
    assert service.call("GET", PATH).status_code == 404


def test_the_official_client_deletes(service: Service, provider: dict[str, Any]) -> None:
    assert service.client.delete_identity_provider(PROVIDER_ID).status == 200


# Search and lookup (2.5)


def found(service: Service, **criteria: Any) -> int:
    """How many a search finds, the same by POST and by GET."""
    posted = service.client.search_identity_providers({"search": criteria})
    assert posted.status == 200, posted.error_response
    query = {name: value for name, value in criteria.items() if value is not None}
    assert service.call("GET", f"{ROOT}/search", params=query).json() == posted.success_response
    shown = posted.success_response
    assert len(shown["identityProviders"]) == shown["total"]
    total: int = shown["total"]
    return total


@pytest.mark.parametrize("name", ["Twitter", "twit", "TWIT", "t*r", "*", "Twitter*", None])
def test_a_search_by_name_finds(service: Service, provider: dict[str, Any], name: str | None) -> None:
    assert found(service, name=name) == 1


@pytest.mark.parametrize("name", ["x", "t*x", "Twitt_r", "%", "wit*"])
def test_a_search_by_name_finds_nothing_and_is_no_404(service: Service, provider: dict[str, Any], name: str) -> None:
    assert found(service, name=name) == 0


def test_a_search_by_application_finds_what_is_enabled_for_it(service: Service, application: str) -> None:
    create(service, enabled=True, applicationConfiguration={application: {"enabled": True}})
    assert found(service, applicationId=application.upper()) == 1
    assert found(service, applicationId=str(uuid4())) == 0
    put(service, enabled=True, applicationConfiguration={application: {"enabled": False}})
    assert found(service, applicationId=application) == 0


def test_a_search_by_type_finds(service: Service, provider: dict[str, Any]) -> None:
    assert (found(service, type="Twitter"), found(service, type="Google")) == (1, 0)


@pytest.mark.parametrize(
    "order", ["name", "enabled DESC", "id ASC", "insertInstant desc", "source ASC", "type,name DESC"]
)
def test_a_search_may_be_ordered(service: Service, provider: dict[str, Any], order: str) -> None:
    assert found(service, orderBy=order) == 1


def test_a_search_has_pages(service: Service, provider: dict[str, Any]) -> None:
    body = service.call("POST", f"{ROOT}/search", {"search": {"startRow": 1}}).json()
    assert body == {"identityProviders": [], "total": 1}


@pytest.mark.parametrize(
    ("criteria", "path", "code"),
    [
        ({"orderBy": "secret"}, "search.orderBy", "[invalid]search.orderBy"),
        ({"orderBy": "name; DROP TABLE users"}, "search.orderBy", "[invalid]search.orderBy"),
        ({"type": "Fax"}, "search.type", "[invalidJSON]"),
        ({"applicationId": "x"}, "search.applicationId", "[invalidJSON]"),
        ({"startRow": -1}, "search.startRow", "[invalid]search.startRow"),
    ],
)
def test_a_bad_criterion_has_its_code(service: Service, criteria: dict[str, Any], path: str, code: str) -> None:
    assert field_codes(service.call("POST", f"{ROOT}/search", {"search": criteria})) == {path: [code]}


@pytest.mark.parametrize("domain", ["example.com", "ada@example.com"])
def test_a_lookup_finds_no_twitter_and_needs_no_key(service: Service, provider: dict[str, Any], domain: str) -> None:
    assert service.client.lookup_identity_provider(domain).status == 404
    response = service.call("GET", f"{ROOT}/lookup?domain={domain}", key="")
    assert (response.status_code, response.content) == (404, b"")


# Keys and tenants (1.1, 1.2)


def test_a_tenant_locked_key_is_refused_everywhere(service: Service, provider: dict[str, Any]) -> None:
    key = service.add_key(tenant_id=service.tenant_id)
    for verb, path in [("GET", PATH), ("GET", ROOT), ("PUT", PATH), ("POST", f"{ROOT}/search"), ("DELETE", PATH)]:
        response = service.call(verb, path, key=key)
        assert (response.status_code, response.content) == (401, b"")


def test_the_tenant_header_is_neither_parsed_nor_checked(service: Service, provider: dict[str, Any]) -> None:
    assert service.call("GET", PATH, tenant="no uuid").status_code == 200
