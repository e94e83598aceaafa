"""Setting up, naming and removing second factors, and recovery codes: by key and by access token."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import requests

from identity.domain.totp import Authenticator
from tests.login_world import World
from tests.second_factors import (
    METHODS,
    RECOVERY,
    Phone,
    answer,
    challenge,
    change_tenant,
    enable,
    tenant_policy,
    with_phone,
)

SECRET = "/api/two-factor/secret"
CODE_FORM = re.compile(r"[A-Z2-9]{8}")


@pytest.fixture
def alice(world: World) -> str:
    return str(world.logged_in("alice")["user"]["id"])


@pytest.fixture
def token(world: World, alice: str) -> dict[str, str]:
    """The header of an access token of Alice's."""
    return {"Authorization": f"Bearer {world.logged_in('alice')['token']}"}


def methods(world: World, user_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.user(user_id)["twoFactor"]["methods"]
    return found


def disable(world: World, user_id: str, **query: str) -> requests.Response:
    return world.service.call("DELETE", f"{METHODS}/{user_id}", params=query)


def first_error(response: requests.Response) -> str:
    assert response.status_code == 400, response.text
    [[error]] = response.json()["fieldErrors"].values()
    return str(error["code"])


def test_the_official_client_sets_up_names_and_removes_a_method(world: World, alice: str) -> None:
    client, phone = world.service.client, Phone(world)
    made = client.generate_two_factor_secret().success_response
    phone.secret = base64.b64decode(made["secret"])
    request = {"method": "authenticator", "secretBase32Encoded": made["secretBase32Encoded"], "code": phone.code()}
    enabled = client.enable_two_factor(alice, request)
    assert enabled.was_successful(), enabled.error_response
    codes = enabled.success_response["recoveryCodes"]
    assert len(set(codes)) == 10
    assert all(CODE_FORM.fullmatch(code) for code in codes)
    [method] = methods(world, alice)
    assert re.fullmatch(r"[A-Z2-9]{4}", method["id"])
    assert client.update_two_factor(alice, {"methodId": method["id"], "name": "My phone"}).status == 200
    assert methods(world, alice)[0]["name"] == "My phone"
    assert client.disable_two_factor(alice, method["id"], phone.code()).status == 200
    assert methods(world, alice) == []
    assert client.retrieve_two_factor_recovery_codes(alice).success_response == {"recoveryCodes": []}


def test_a_secret_is_fresh_and_the_same_in_both_forms(world: World) -> None:
    first, second = (world.service.call("GET", SECRET).json() for _ in range(2))
    assert first != second
    assert base64.b32decode(first["secretBase32Encoded"]) == base64.b64decode(first["secret"])


def test_a_wrong_code_sets_nothing_up(world: World, alice: str) -> None:
    phone = Phone(world)
    refused = enable(world, alice, phone, code=phone.wrong_codes(1)[0])
    assert (refused.status_code, refused.content) == (421, b"")
    assert methods(world, alice) == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"secret": None}, "[blank]secret"),
        ({"secret": "***"}, "[invalid]secret"),
        ({"secret": None, "secretBase32Encoded": "1"}, "[invalid]secretBase32Encoded"),
        ({"code": ""}, "[blank]code"),
        ({"method": "email"}, "[disabled]method"),
        ({"twoFactorId": "unknown"}, "[invalid]twoFactorId"),
    ],
)
def test_what_is_missing_or_wrong_is_a_field_error(
    world: World, alice: str, members: dict[str, Any], code: str
) -> None:
    assert first_error(enable(world, alice, Phone(world), **members)) == code
    assert methods(world, alice) == []


def test_only_the_first_method_comes_with_recovery_codes(world: World, alice: str) -> None:
    assert len(with_phone(world, alice)[1]) == 10
    assert with_phone(world, alice)[1] == []
    assert len(methods(world, alice)) == 2
    assert len(world.service.call("GET", f"{RECOVERY}/{alice}").json()["recoveryCodes"]) == 10


def test_a_user_has_ten_methods_at_most(world: World, alice: str) -> None:
    for _ in range(10):
        with_phone(world, alice)
    assert first_error(enable(world, alice, Phone(world))) == "[tooMany]method"


def test_fresh_recovery_codes_replace_the_former_ones(world: World, alice: str) -> None:
    _, former = with_phone(world, alice)
    fresh = world.service.client.generate_two_factor_recovery_codes(alice).success_response["recoveryCodes"]
    assert len(set(fresh) - set(former)) == 10
    assert answer(world, challenge(world, "alice"), former[0]).status_code == 421
    assert answer(world, challenge(world, "alice"), fresh[0]).status_code == 200
    left = world.service.call("GET", f"{RECOVERY}/{alice}").json()["recoveryCodes"]
    assert set(left) == set(fresh[1:])


def test_a_recovery_code_removes_every_method(world: World, alice: str) -> None:
    with_phone(world, alice)
    second, _ = with_phone(world, alice)
    codes = world.service.call("GET", f"{RECOVERY}/{alice}").json()["recoveryCodes"]
    assert disable(world, alice, code=codes[0]).status_code == 200
    assert methods(world, alice) == []
    assert disable(world, alice, code=codes[1], methodId="AAAA").status_code == 404
    assert world.login("alice").status_code == 200
    assert second.shown


def test_removing_one_of_two_methods_keeps_the_other_and_the_recovery_codes(world: World, alice: str) -> None:
    first, codes = with_phone(world, alice)
    with_phone(world, alice)
    method_id = methods(world, alice)[0]["id"]
    assert disable(world, alice, code=first.code(), methodId=method_id).status_code == 200
    assert len(methods(world, alice)) == 1
    assert set(world.service.call("GET", f"{RECOVERY}/{alice}").json()["recoveryCodes"]) == set(codes)


def test_removing_asks_for_a_code_of_that_very_method(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    other, _ = with_phone(world, alice)
    method_id = methods(world, alice)[0]["id"]
    assert first_error(disable(world, alice, methodId=method_id)) == "[blank]code"
    assert first_error(disable(world, alice, code=phone.code())) == "[blank]methodId"
    assert disable(world, alice, code=phone.code(), methodId="ZZZZ").status_code == 404
    assert disable(world, alice, code=other.code(), methodId=method_id).status_code == 421
    body = {"code": phone.code(), "methodId": method_id}
    assert world.service.call("DELETE", f"{METHODS}/{alice}", body).status_code == 200


def test_a_token_acts_for_its_owner_and_nobody_else(world: World, alice: str, token: dict[str, str]) -> None:
    other = world.add_user(email="other@example.com")["id"]
    made = world.service.call("GET", SECRET, key="", headers=token)
    phone = Phone(world, base64.b64decode(made.json()["secret"]))

    def as_owner(method: str, path: str, body: dict[str, Any]) -> int:
        return world.service.call(method, path, body, key="", headers=token).status_code

    body = {"method": "authenticator", "secret": phone.base64, "code": phone.code()}
    assert as_owner("POST", f"{METHODS}/{other}", body) == 404
    assert as_owner("POST", METHODS, body) == 200
    method_id = methods(world, alice)[0]["id"]
    assert as_owner("PUT", f"{METHODS}/{alice}", {"methodId": method_id, "name": "mine"}) == 200
    assert as_owner("DELETE", METHODS, {"methodId": method_id, "code": phone.code()}) == 200
    assert methods(world, alice) == methods(world, other) == []


def test_a_token_of_somebody_who_is_gone_opens_nothing(world: World, alice: str, token: dict[str, str]) -> None:
    assert world.service.call("DELETE", f"/api/user/{alice}").status_code == 200
    phone = Phone(world)
    body = {"method": "authenticator", "secret": phone.base64, "code": phone.code()}
    assert world.service.call("POST", METHODS, body, key="", headers=token).status_code == 401
    assert world.service.call("DELETE", f"/api/user/{alice}?hardDelete=true").status_code == 200
    assert world.service.call("POST", METHODS, body, key="", headers=token).status_code == 401


def test_a_key_names_the_user(world: World) -> None:
    phone = Phone(world)
    body = {"method": "authenticator", "secret": phone.base64, "code": phone.code()}
    assert first_error(world.service.call("POST", METHODS, body)) == "[missing]userId"


def test_setting_a_method_up_ends_sessions_where_the_policy_says_so(world: World, alice: str) -> None:
    with_phone(world, alice)
    assert world.count("refresh_tokens") > 0
    change_tenant(world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onMultiFactorEnable": True}})
    with_phone(world, alice)
    assert world.count("refresh_tokens") == 0


def test_a_new_authenticator_counts_as_the_tenant_says(world: World, alice: str) -> None:
    tenant_policy(world, authenticator={"algorithm": "HmacSHA256", "codeLength": 8, "timeStep": 60})
    phone = Phone(world, shape=Authenticator("HmacSHA256", 8, 60))
    assert enable(world, alice, phone).status_code == 200
    tenant_policy(world, authenticator={"algorithm": "HmacSHA1", "codeLength": 6, "timeStep": 30})
    method = world.login("alice").json()["methods"][0]
    assert method["authenticator"] == {"algorithm": "HmacSHA256", "codeLength": 8, "timeStep": 60}
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200


@pytest.mark.parametrize("setting", [{"codeLength": 5}, {"codeLength": 11}, {"timeStep": 1}, {"timeStep": 301}])
def test_a_tenant_can_not_make_codes_that_are_guessed_or_never_typed(world: World, setting: dict[str, int]) -> None:
    path = f"/api/tenant/{world.service.tenant_id}"
    document = {"tenant": {"multiFactorConfiguration": {"authenticator": setting}}}
    assert world.service.call("PATCH", path, document).status_code == 400


def test_a_login_under_way_notices_a_method_that_was_just_set_up(world: World, alice: str) -> None:
    before = world.rows("SELECT login_version FROM users WHERE id = %s", alice)
    with_phone(world, alice)
    assert world.rows("SELECT login_version FROM users WHERE id = %s", alice) > before


def test_another_tenants_user_looks_absent(world: World, alice: str) -> None:
    tenant_id, _ = world.add_tenant("other")
    for method, path in (("GET", RECOVERY), ("POST", RECOVERY), ("DELETE", METHODS)):
        response = world.service.call(method, f"{path}/{alice}", tenant=tenant_id)
        assert (response.status_code, response.content) == (404, b"")


def patch(world: World, user_id: str, document: Any, kind: str = "application/merge-patch+json") -> requests.Response:
    return world.service.call("PATCH", f"/api/user/{user_id}", document, headers={"Content-Type": kind})


def test_a_change_of_the_user_keeps_the_methods_that_it_names_or_says_nothing_of(world: World, alice: str) -> None:
    phone, codes = with_phone(world, alice)
    user = world.user(alice)
    assert world.service.call("PUT", f"/api/user/{alice}", {"user": user}).status_code == 200
    without = {name: value for name, value in user.items() if name != "twoFactor"}
    assert world.service.call("PUT", f"/api/user/{alice}", {"user": without}).status_code == 200
    world.change_user(alice, firstName="Alice")
    assert methods(world, alice) == user["twoFactor"]["methods"]
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200
    assert answer(world, challenge(world, "alice"), codes[0]).status_code == 200


def test_an_administrator_takes_every_method_away(world: World, alice: str) -> None:
    phone, codes = with_phone(world, alice)
    response = answer(world, challenge(world, "alice"), phone.code(), trustComputer=True)
    assert response.status_code == 200
    assert patch(world, alice, {"user": {"twoFactor": {"methods": []}}}).json()["user"]["twoFactor"]["methods"] == []
    assert world.login("alice").status_code == 200
    assert world.count("two_factor_recovery_codes") == 0
    with_phone(world, alice)
    trusted = {"fusionauth.trust": response.json()["twoFactorTrustId"]}
    assert world.post_login(world.login_body("alice"), cookies=trusted).status_code == 242
    assert codes


def test_an_administrator_adds_names_and_removes_single_methods(world: World, alice: str) -> None:
    with_phone(world, alice)
    phone = Phone(world)
    new = {"method": "authenticator", "secret": phone.base64, "name": "Office"}
    added = patch(world, alice, {"user": {"twoFactor": {"methods": [new]}}}, "application/json")
    first, second = added.json()["user"]["twoFactor"]["methods"]
    assert "secret" not in second
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200
    operations = [
        {"op": "replace", "path": "/user/twoFactor/methods/1/name", "value": "Home"},
        {"op": "remove", "path": "/user/twoFactor/methods/0"},
    ]
    changed = patch(world, alice, operations, "application/json-patch+json")
    assert changed.status_code == 200, changed.text
    [left] = methods(world, alice)
    assert (left["id"], left["name"]) == (second["id"], "Home")
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ({"method": "authenticator"}, "user.twoFactor.methods[1].secret"),
        ({"method": "email", "email": "none"}, "user.twoFactor.methods[1].email"),
        ({"id": "ZZZZ"}, "user.twoFactor.methods[1].method"),
    ],
)
def test_a_bad_method_in_a_change_of_the_user_is_named(
    world: World, alice: str, method: dict[str, str], path: str
) -> None:
    with_phone(world, alice)
    refused = patch(world, alice, {"user": {"twoFactor": {"methods": [method]}}}, "application/json")
    assert refused.status_code == 400
    assert set(refused.json()["fieldErrors"]) == {path}
    assert len(methods(world, alice)) == 1
