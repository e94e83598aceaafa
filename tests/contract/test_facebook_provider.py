"""The Facebook identity provider over HTTP, by the official client where it can say it (Rocket.Chat contract 10.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.patching import MERGE, OPERATIONS, TWITTER, patch
from tests.contract.provider_objects import add_application, add_lambda, field_codes
from tests.service import Service

FACEBOOK_ID = "56abdcc7-8bd9-4321-9621-4e9bbebae494"
ROOT = "/api/identity-provider"
PATH = f"{ROOT}/{FACEBOOK_ID}"
PLAIN = "application/json"
FACEBOOK = {"type": "Facebook", "appId": "1234", "client_secret": "canary-secret", "buttonText": "Go on with Facebook"}
MEMBER = "identityProvider"


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The service of this module, without a provider."""
    yield shared_service
    shared_service.call("DELETE", PATH)


@pytest.fixture
def application(shared_service: Service) -> str:
    return add_application(shared_service, shared_service.tenant_id)


def create(service: Service, **members: Any) -> dict[str, Any]:
    response = service.client.create_identity_provider({MEMBER: {**FACEBOOK, **members}})
    assert response.status == 200, response.error_response
    shown: dict[str, Any] = response.success_response[MEMBER]
    return shown


def read(service: Service) -> dict[str, Any]:
    shown: dict[str, Any] = service.client.retrieve_identity_provider(FACEBOOK_ID).success_response[MEMBER]
    return shown


def test_the_smallest_create_answers_200_with_every_default(service: Service) -> None:
    smallest = {name: value for name, value in FACEBOOK.items() if name != "buttonText"}
    response = service.client.create_identity_provider({MEMBER: smallest})
    assert response.status == 200, response.error_response
    shown = response.success_response[MEMBER]
    assert shown.pop("insertInstant") == shown.pop("lastUpdateInstant")
    assert shown == {
        **smallest,
        "id": FACEBOOK_ID,
        "name": "Facebook",
        "buttonText": "Login with Facebook",
        "enabled": False,
        "debug": False,
        "fields": "email",
        "permissions": "email",
        "loginMethod": "UsePopup",
        "linkingStrategy": "LinkByEmail",
        "applicationConfiguration": {},
        "tenantConfiguration": {},
    }


def test_every_member_comes_back(service: Service) -> None:
    members = {
        "fields": "email,first_name,picture.width(200)",
        "permissions": "email,user_birthday",
        "loginMethod": "UseRedirect",
        "data": {"note": "ours"},
        "enabled": True,
        "debug": True,
        "linkingStrategy": "CreatePendingLink",
    }
    shown = create(service, **members)
    assert {**FACEBOOK, **members}.items() <= shown.items()
    assert read(service) == shown


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize("blank", ["", "  ", None])
@pytest.mark.parametrize("member", ["appId", "client_secret", "buttonText"])
def test_a_required_member_must_not_be_blank(service: Service, member: str, blank: object, verb: str) -> None:
    if verb == "PUT":
        create(service)
    response = service.call(verb, PATH, {MEMBER: {**FACEBOOK, member: blank}})
    assert field_codes(response) == {f"{MEMBER}.{member}": [f"[blank]{MEMBER}.{member}"]}


@pytest.mark.parametrize("member", ["appId", "client_secret"])
def test_a_required_member_must_be_there(service: Service, member: str) -> None:
    sent = {name: value for name, value in FACEBOOK.items() if name != member}
    assert field_codes(service.call("POST", ROOT, {MEMBER: sent})) == {
        f"{MEMBER}.{member}": [f"[blank]{MEMBER}.{member}"]
    }


def test_every_mistake_is_named_at_once(service: Service) -> None:
    wrong = {"type": "Facebook", "buttonText": None, "loginMethod": "UseFax", "fields": 7, "enabled": "yes"}
    assert field_codes(service.call("POST", ROOT, {MEMBER: wrong})) == {
        f"{MEMBER}.appId": [f"[blank]{MEMBER}.appId"],
        f"{MEMBER}.buttonText": [f"[blank]{MEMBER}.buttonText"],
        f"{MEMBER}.client_secret": [f"[blank]{MEMBER}.client_secret"],
        f"{MEMBER}.enabled": ["[invalidJSON]"],
        f"{MEMBER}.fields": ["[invalidJSON]"],
        f"{MEMBER}.loginMethod": ["[invalidJSON]"],
    }


@pytest.mark.parametrize("blank", ["", " ", None, ...])
def test_blank_lists_have_their_default(service: Service, blank: object) -> None:
    lists = {} if blank is ... else {"fields": blank, "permissions": blank}
    shown = create(service, **lists)
    assert (shown["fields"], shown["permissions"]) == ("email", "email")


@pytest.mark.parametrize("method", ["UsePopup", "UseRedirect", "UseVendorJavaScript"])
def test_each_login_method_is_kept(service: Service, method: str) -> None:
    assert create(service, loginMethod=method)["loginMethod"] == method


def test_the_camel_case_spelling_of_the_secret_is_no_member(service: Service) -> None:
    response = service.call("POST", ROOT, {MEMBER: {"type": "Facebook", "appId": "1", "clientSecret": "s"}})
    assert field_codes(response) == {f"{MEMBER}.client_secret": [f"[blank]{MEMBER}.client_secret"]}


def test_an_applications_overrides_come_back_without_blank_ones(service: Service, application: str) -> None:
    entry = {
        "appId": "theirs",
        "buttonText": "",
        "client_secret": "canary-override",
        "fields": " ",
        "permissions": "email,user_link",
        "loginMethod": "UseRedirect",
    }
    shown = create(service, applicationConfiguration={application: entry})
    assert shown["applicationConfiguration"][application] == {
        "appId": "theirs",
        "client_secret": "canary-override",
        "createRegistration": True,
        "enabled": False,
        "loginMethod": "UseRedirect",
        "permissions": "email,user_link",
    }


def test_half_an_overridden_pair_is_noted_in_the_event_log(service: Service, application: str) -> None:
    create(service, applicationConfiguration={application: {"appId": "theirs"}})
    with service.services.db.read() as conn:
        [(kind, message)] = conn.execute(
            "SELECT type, message FROM event_logs WHERE message LIKE %s", (f"%{application}%",)
        ).fetchall()
    assert kind == "Information"
    assert "client_secret" in message
    assert "theirs" not in message


def test_the_secrets_are_sealed_in_the_database_and_in_no_audit_log(service: Service, application: str) -> None:
    entry = {"appId": "theirs", "client_secret": "canary-override"}
    create(service, applicationConfiguration={application: entry})
    with service.services.db.read() as conn:
        stored = conn.execute(
            """
            SELECT (SELECT string_agg(p::text, '') FROM identity_providers p)
                || (SELECT string_agg(a::text, '') FROM identity_provider_applications a)
                || (SELECT string_agg(l::text, '') FROM audit_logs l)
            """
        ).fetchone()
    assert stored is not None
    assert "theirs" in stored[0]
    assert "canary" not in stored[0]


def test_the_lambda_must_be_one_for_facebook(service: Service) -> None:
    path = f"{MEMBER}.lambdaConfiguration.reconcileId"
    for_x = {"lambdaConfiguration": {"reconcileId": add_lambda(service, "TwitterReconcile")}}
    response = service.call("POST", ROOT, {MEMBER: {**FACEBOOK, **for_x}})
    assert field_codes(response) == {path: [f"[invalid]{path}"]}
    own = {"reconcileId": add_lambda(service, "FacebookReconcile")}
    assert create(service, lambdaConfiguration=own)["lambdaConfiguration"] == own


def test_another_id_and_a_second_one_are_refused(service: Service) -> None:
    response = service.call("POST", f"{ROOT}/{uuid4()}", {MEMBER: FACEBOOK})
    assert field_codes(response) == {f"{MEMBER}.id": [f"[invalid]{MEMBER}.id"]}
    create(service)
    assert field_codes(service.call("POST", ROOT, {MEMBER: FACEBOOK})) == {f"{MEMBER}.id": [f"[duplicate]{MEMBER}.id"]}


@pytest.mark.parametrize("by", [PATH, f"{ROOT}?type=Facebook"])
def test_a_replacement_returns_what_it_leaves_out_to_the_default(service: Service, by: str) -> None:
    create(service, permissions="email,user_link", loginMethod="UseRedirect", enabled=True)
    shown = service.call("PUT", by, {MEMBER: {**FACEBOOK, "appId": "5678"}}).json()[MEMBER]
    assert (shown["appId"], shown["permissions"], shown["loginMethod"]) == ("5678", "email", "UsePopup")
    assert shown["enabled"] is False
    assert read(service) == shown


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_it_can_not_become_another_provider(service: Service, verb: str) -> None:
    create(service)
    response = service.call(verb, PATH, {MEMBER: {**FACEBOOK, "type": "Twitter"}})
    assert field_codes(response)[f"{MEMBER}.type"] == [f"[invalid]{MEMBER}.type"]


def test_the_official_clients_patch_merges(service: Service) -> None:
    create(service, fields="email,link")
    response = service.client.patch_identity_provider(FACEBOOK_ID, {MEMBER: {"client_secret": "other"}})
    assert response.status == 200, response.error_response
    shown = response.success_response[MEMBER]
    assert (shown["client_secret"], shown["fields"], shown["appId"]) == ("other", "email,link", "1234")


@pytest.mark.parametrize("kind", [PLAIN, MERGE, OPERATIONS])
def test_null_is_absence_in_each_dialect_of_a_patch(service: Service, kind: str) -> None:
    create(service, loginMethod="UseRedirect", fields="link")
    names = ("buttonText", "loginMethod", "fields")
    if kind == OPERATIONS:
        body: Any = [{"op": "replace", "path": f"/{MEMBER}/{name}", "value": None} for name in names]
    else:
        body = {MEMBER: dict.fromkeys(names)}
    answer = patch(service, PATH, kind, body)
    assert answer.status_code == 200, answer.text
    shown = answer.json()[MEMBER]
    assert [shown[name] for name in names] == ["Login with Facebook", "UsePopup", "email"]


@pytest.mark.parametrize("kind", [PLAIN, MERGE, OPERATIONS])
def test_a_required_member_can_not_be_patched_away(service: Service, kind: str) -> None:
    create(service)
    pointer = f"/{MEMBER}/client_secret"
    body = [{"op": "remove", "path": pointer}] if kind == OPERATIONS else {MEMBER: {"client_secret": None}}
    answer = patch(service, PATH, kind, body)
    assert field_codes(answer) == {f"{MEMBER}.client_secret": [f"[blank]{MEMBER}.client_secret"]}


def test_both_providers_live_beside_each_other(service: Service) -> None:
    own = create(service)
    other = service.call("POST", ROOT, {MEMBER: TWITTER}).json()[MEMBER]
    try:
        everyone = service.client.retrieve_identity_providers().success_response["identityProviders"]
        assert everyone == [own, other]
        found = service.client.retrieve_identity_provider_by_type("Facebook").success_response
        assert found == {MEMBER: own, "identityProviders": [own]}
        searched = service.client.search_identity_providers({"search": {"type": "Facebook"}}).success_response
        assert searched == {"identityProviders": [own], "total": 1}
    finally:
        service.call("DELETE", f"{ROOT}/{other['id']}")
    assert read(service) == own


def test_the_official_client_deletes(service: Service) -> None:
    create(service)
    assert service.client.delete_identity_provider(FACEBOOK_ID).status == 200
    assert service.client.retrieve_identity_provider(FACEBOOK_ID).status == 404


def test_the_document_shows_each_kind_of_provider(shared_service: Service) -> None:
    schemas = shared_service.call("GET", "/openapi.json").json()["components"]["schemas"]
    forms = [form["$ref"].rpartition("/")[2] for form in schemas["ProviderRequest"]["properties"][MEMBER]["oneOf"]]
    assert forms == ["TwitterIdentityProvider", "FacebookIdentityProvider"]
    own = schemas["FacebookIdentityProvider"]
    assert own["properties"]["type"]["enum"] == ["Facebook"]
    assert own["properties"]["client_secret"]["minLength"] == 1
    assert {"appId", "client_secret", "type"} <= set(own["required"])
    assert "buttonText" not in own["required"]
    entry = schemas["FacebookApplicationEntry"]["properties"]
    assert {"appId", "client_secret", "fields", "permissions", "loginMethod", "buttonText"} <= set(entry)
