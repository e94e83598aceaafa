"""What Complete-Login takes: headers and body of login contract 3.1 and 3.2, rows 1 to 3 of 3.5."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import requests

from tests.login_world import LOGIN, TWITTER, World, refused, wrong_fields


def device_of(world: World, login: dict[str, Any]) -> dict[str, Any]:
    """The device kept with the refresh token of this login."""
    answer = world.service.call("GET", f"/api/jwt/refresh?userId={login['user']['id']}")
    [token] = [item for item in answer.json()["refreshTokens"] if item["id"] == login["refreshTokenId"]]
    device: dict[str, Any] = token["metaData"]["device"]
    assert device.pop("lastAccessedInstant") > 0
    return device


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        (None, "[MissingContentType]"),
        ("text/plain", "[UnsupportedContentType]"),
        ("multipart/form-data", "[UnsupportedContentType]"),
        ("application/x-www-form-urlencoded", "[InvalidContentType]"),
        ("application/json-patch+json", "[PatchNotSupported]"),
    ],
)
def test_row_1_a_body_that_is_not_called_json_is_400(world: World, content_type: str | None, code: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = requests.post(world.service.url + LOGIN, data=b"{}", headers=headers, timeout=10)
    assert answer.status_code == 400, answer.text
    assert [error["code"] for error in answer.json()["generalErrors"]] == [code]


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'{"applicationId": NaN}', b"[" * 1000])
def test_row_1_a_body_that_is_no_json_object_is_400_and_nothing_else_is_said(world: World, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "X-FusionAuth-TenantId": "nonsense"}
    answer = requests.post(world.service.url + LOGIN, data=body, headers=headers, timeout=10)
    assert answer.status_code == 400, answer.text
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[invalidJSON]"]
    assert answer.json()["fieldErrors"] == {}


def test_row_2_everything_that_is_wrong_is_said_in_one_answer(world: World) -> None:
    body = {"identityProviderId": TWITTER, "data": {"oauth_token": " "}, "noJWT": "yes", "ipAddress": "a\u0000b"}
    answer = world.post_login(body, tenant="no-uuid")
    assert wrong_fields(answer) == {
        "tenantId": "[couldNotConvert]tenantId",
        "applicationId": "[missing]applicationId",
        "data.oauth_token": "[blank]data.oauth_token",
        "data.oauth_token_secret": "[blank]data.oauth_token_secret",
        "noJWT": "[invalidJSON]",
        "ipAddress": "[invalid]ipAddress",
    }


def test_row_2_an_empty_body_misses_both_ids(world: World) -> None:
    missing = {"applicationId": "[missing]applicationId", "identityProviderId": "[missing]identityProviderId"}
    assert wrong_fields(world.post_login({})) == missing


def test_row_2_missing_fields_come_before_an_unknown_application(world: World) -> None:
    body = {"applicationId": str(uuid4()), "identityProviderId": TWITTER}
    assert set(wrong_fields(world.post_login(body))) == {"data.oauth_token", "data.oauth_token_secret"}


@pytest.mark.parametrize("value", [7, True, ["a"], {"a": "b"}])
def test_a_value_of_data_that_is_no_string_is_invalid_json(world: World, value: object) -> None:
    body = world.login_body("alice")
    body["data"]["oauth_token"] = value
    assert wrong_fields(world.post_login(body)) == {"data.oauth_token": "[invalidJSON]"}


def test_row_3_an_unknown_application_is_400(world: World) -> None:
    assert wrong_fields(world.login("alice", applicationId=str(uuid4()))) == {"applicationId": "[invalid]applicationId"}


def test_row_3_an_application_of_another_tenant_than_the_headers_is_400(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    body = world.login_body("alice")
    assert wrong_fields(world.post_login(body, tenant=tenant_id)) == {"applicationId": "[invalid]applicationId"}
    assert world.post_login(body | {"applicationId": application_id}, tenant=tenant_id).status_code == 200


def test_row_3_comes_before_row_4_and_5(world: World) -> None:
    tenant_id, _ = world.add_tenant("other")
    world.service.call("DELETE", f"/api/application/{world.application_id}")  # deactivates it
    world.configure(enabled=False)
    answer = world.post_login(world.login_body("alice"), tenant=tenant_id)
    assert wrong_fields(answer) == {"applicationId": "[invalid]applicationId"}


def test_the_header_of_no_tenant_is_400(world: World) -> None:
    answer = world.post_login(world.login_body("alice"), tenant=uuid4())
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[InvalidTenantId]"]


def test_with_several_tenants_the_application_alone_names_the_tenant(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    body = world.logged_in("alice", applicationId=application_id)
    assert body["user"]["tenantId"] == tenant_id


def test_no_key_is_needed_and_a_useless_one_does_no_harm(world: World) -> None:
    body = world.login_body("alice")
    assert world.post_login(body, key="no such key").status_code == 200
    assert world.post_login(body, key="\x00\x01").status_code == 200


def test_a_key_locked_to_a_tenant_acts_like_its_header(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    key = world.service.add_key(tenant_id=UUID(tenant_id))
    body = world.login_body("alice")
    assert wrong_fields(world.post_login(body, key=key)) == {"applicationId": "[invalid]applicationId"}
    assert world.post_login(body | {"applicationId": application_id}, key=key).status_code == 200
    elsewhere = world.post_login(body, key=key, tenant=world.service.tenant_id)
    assert (elsewhere.status_code, elsewhere.content) == (401, b"")


@pytest.mark.parametrize("verifier", ["", "  "])
def test_a_blank_verifier_counts_as_absent_so_the_pair_is_an_access_token(world: World, verifier: str) -> None:
    body = world.login_body("alice")
    body["data"]["oauth_verifier"] = verifier
    assert world.post_login(body).status_code == 200
    assert [call["path"] for call in world.x.calls()] == ["/1.1/account/verify_credentials.json"]


def test_a_request_token_cannot_take_the_path_without_a_verifier(world: World) -> None:
    body = world.login_body("alice", verifier=True)
    del body["data"]["oauth_verifier"]
    assert refused(world.post_login(body)) == "[TwitterVerifyCredentials]"
    assert world.nothing_written()


def test_a_verifier_works_once(world: World) -> None:
    body = world.login_body("alice", verifier=True)
    assert world.post_login(body).status_code == 200
    assert refused(world.post_login(body)) == "[TwitterAccessToken]"


def test_unknown_members_and_those_of_other_products_are_accepted(world: World) -> None:
    members = {"newDevice": True, "botDetectionScore": 0.3, "encodedJWT": "e30.e30.", "surprise": {"a": [1]}}
    assert world.login("alice", **members).status_code == 200


def test_null_members_count_as_absent(world: World) -> None:
    members = {"noJWT": None, "noLink": None, "metaData": None, "eventInfo": None, "ipAddress": None}
    assert "token" in world.logged_in("alice", **members)


def test_ids_are_taken_in_upper_case_and_given_in_lower_case(world: World) -> None:
    body = world.logged_in("alice", applicationId=world.application_id.upper(), identityProviderId=TWITTER.upper())
    [registration] = body["user"]["registrations"]
    assert registration["applicationId"] == world.application_id


def test_the_device_is_kept_with_the_refresh_token(world: World) -> None:
    device = {"name": "Ann's phone", "description": "blue", "type": "MOBILE", "lastAccessedAddress": "192.0.2.9"}
    login = world.logged_in("alice", metaData={"device": device})
    assert device_of(world, login) == device


def test_the_type_of_a_device_is_free_text(world: World) -> None:
    login = world.logged_in("alice", metaData={"device": {"type": "fridge"}})
    assert device_of(world, login)["type"] == "fridge"


def test_event_info_describes_the_device_where_the_meta_data_does_not(world: World) -> None:
    event = {"deviceName": "tv", "deviceType": "TV", "deviceDescription": "in the hall", "ipAddress": "192.0.2.1"}
    login = world.logged_in("alice", metaData={"device": {"name": "mine"}}, eventInfo=event)
    expected = {"name": "mine", "type": "TV", "description": "in the hall", "lastAccessedAddress": "192.0.2.1"}
    assert device_of(world, login) == expected


def test_scopes_and_data_are_kept_with_the_refresh_token(world: World) -> None:
    login = world.logged_in("alice", metaData={"scopes": ["offline_access"], "data": {"cart": [1, 2]}})
    answer = world.service.call("GET", f"/api/jwt/refresh?userId={login['user']['id']}")
    [token] = answer.json()["refreshTokens"]
    assert token["metaData"]["scopes"] == ["offline_access"]
    assert token["metaData"]["data"] == {"cart": [1, 2]}


def test_the_token_can_be_used_at_once(world: World) -> None:
    login = world.logged_in("alice")
    headers = {"Authorization": f"Bearer {login['token']}"}
    answer = world.service.call("GET", "/api/jwt/validate", key="", headers=headers)
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(login["token"], options={"verify_signature": False})
    assert answer.json()["jwt"]["sub"] == claims["sub"]
