"""POST /api/login and every status it answers. Source: supporting contract 15.1."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from identity.store import external_identifiers
from identity.store.external_identifiers import ExternalIdentifier, Kind
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.service import NOBODYS_ID, codes

WRONG = "incorrect horse battery"


@pytest.fixture
def door(world: World) -> Door:
    return Door(world)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_the_official_client_logs_a_registered_user_in(world: World, door: Door) -> None:
    user_id = door.add_user()
    request = {"loginId": door.email, "password": PASSWORD, "applicationId": world.application_id}
    answer = world.service.client.login(request)
    assert answer.status == 200
    body = answer.success_response
    assert body["user"]["id"] == user_id
    assert set(body) == {"refreshToken", "refreshTokenId", "token", "tokenExpirationInstant", "user"}
    claims = claims_of(body["token"])
    expected = {"aud": world.application_id, "authenticationType": "PASSWORD", "sub": user_id, "roles": ["user"]}
    assert claims.items() >= expected.items()
    assert claims["sid"] == body["refreshTokenId"]
    [record] = world.service.client.retrieve_user_recent_logins(user_id, 0, 10).success_response["logins"]
    assert (record["applicationId"], record["instant"]) == (world.application_id, body["user"]["lastLoginInstant"])


def test_both_tokens_come_as_cookies_too(door: Door) -> None:
    door.add_user()
    answer = door.knock()
    body = answer.json()
    assert answer.cookies.get_dict() == {"access_token": body["token"], "refresh_token": body["refreshToken"]}


@pytest.mark.parametrize("given", ["ANN@Example.COM", " ann@example.com ", "Ann.Owner", "ann.owner"])
def test_the_e_mail_or_the_username_names_the_user_in_any_case(world: World, given: str) -> None:
    door = Door(world, "ann@example.com")
    door.add_user(username="Ann.Owner")
    assert door.status(loginId=given) == 200


def test_login_id_types_choose_what_the_login_id_may_be(world: World) -> None:
    door = Door(world, "ann@example.com")
    door.add_user(username="ann")
    assert door.status(loginId="ann", loginIdTypes=["username"]) == 200
    assert door.status(loginId="ann", loginIdTypes=["email"]) == 404
    assert door.status(loginIdTypes=["username"]) == 404
    assert door.status(loginIdTypes=["phoneNumber"]) == 404
    assert door.status(loginIdTypes=[]) == 200


def test_without_an_application_the_login_is_into_the_tenant(door: Door) -> None:
    user_id = door.add_user(registered=False)
    answer = door.knock(applicationId=None)
    assert answer.status_code == 200
    claims = claims_of(answer.json()["token"])
    assert claims["sub"] == user_id
    assert not claims.keys() & {"aud", "applicationId", "roles", "sid"}
    assert "refreshToken" not in answer.json()


def test_a_user_without_registration_gets_202_and_no_refresh_token(door: Door) -> None:
    door.add_user(registered=False)
    answer = door.knock()
    assert answer.status_code == 202
    assert set(answer.json()) == {"token", "tokenExpirationInstant", "user"}


def test_no_jwt_drops_every_token_and_cookie(door: Door) -> None:
    door.add_user()
    answer = door.knock(noJWT=True)
    assert (answer.status_code, set(answer.json()), answer.cookies.get_dict()) == (200, {"user"}, {})


def test_the_device_and_the_address_are_kept(world: World, door: Door) -> None:
    user_id = door.add_user()
    device = {"name": "Phone", "type": "MOBILE", "description": "Ann's", "lastAccessedAddress": "192.0.2.8"}
    answer = door.knock(ipAddress="192.0.2.7", metaData={"device": device})
    record = world.service.call("GET", f"/api/jwt/refresh/{answer.json()['refreshTokenId']}").json()["refreshToken"]
    assert record["metaData"]["device"].items() >= device.items()
    [login] = world.service.call("GET", "/api/user/recent-login", params={"userId": user_id}).json()["logins"]
    assert login["ipAddress"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"[blank]loginId", "[blank]password"}),
        ({"loginId": "ann"}, {"[blank]password"}),
        ({"loginId": " ", "password": "x"}, {"[blank]loginId"}),
        ({"loginId": "x" * 256, "password": "x"}, {"[tooLong]loginId"}),
        ({"loginId": 7, "password": ["x"]}, {"[invalidJSON]"}),
        ({"loginId": "ann", "password": "x", "loginIdTypes": ["shoe size"]}, {"[invalidJSON]"}),
        ({"loginId": "ann", "password": "x", "applicationId": NOBODYS_ID}, {"[invalid]applicationId"}),
    ],
)
def test_a_bad_request_names_its_fields(world: World, body: dict[str, Any], expected: set[str]) -> None:
    assert codes(world.service.call("POST", "/api/login", body)) == expected


def test_an_inactive_application_is_refused(world: World, door: Door) -> None:
    door.add_user()
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200
    assert codes(door.knock()) == {"[invalid]applicationId"}


def test_an_api_key_is_needed_unless_the_application_or_the_tenant_says_otherwise(door: Door) -> None:
    door.add_user()
    answer = door.knock(key="")
    assert (answer.status_code, answer.content) == (401, b"")
    assert door.status(key="", applicationId=None) == 401
    assert door.status(key="no key of ours") == 401
    door.application(loginConfiguration={"requireAuthentication": False})
    assert door.status(key="") == 200
    assert door.status(key="no key of ours") == 200
    assert door.status(key="", applicationId=None) == 401
    door.tenant(loginConfiguration={"requireAuthentication": False})
    assert door.status(key="", applicationId=None) == 200


def test_a_key_must_be_allowed_to_log_people_in(world: World, door: Door) -> None:
    door.add_user()
    assert door.status(key=world.service.add_key(permissions={"/api/user": ["GET"]})) == 401
    assert door.status(key=world.service.add_key(permissions={"/api/login": ["POST"]})) == 200


def test_another_tenants_user_application_and_key_are_not_there(world: World, door: Door) -> None:
    door.add_user()
    other, application_id = world.add_tenant("other")
    locked = world.service.add_key(tenant_id=UUID(other))
    assert door.status(applicationId=application_id) == 404
    assert codes(door.knock(key=locked)) == {"[invalid]applicationId"}
    assert door.status(key=locked, applicationId=None) == 404
    assert codes(door.knock(applicationId=None)) == {"[TenantIdRequired]"}
    body = {"loginId": door.email, "password": PASSWORD}
    assert world.service.call("POST", "/api/login", body, tenant=world.service.tenant_id).status_code == 200
    for unknown in (body, body | {"applicationId": world.application_id}):
        assert codes(world.service.call("POST", "/api/login", unknown, tenant=uuid4())) == {"[InvalidTenantId]"}


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(door: Door) -> None:
    door.add_user()
    wrong, unknown = door.knock(WRONG), door.knock(WRONG, loginId="nobody@example.com")
    same = {"Content-Length", "Cache-Control", "X-Content-Type-Options"}
    for answer in (wrong, unknown):
        assert (answer.status_code, answer.content, answer.cookies.get_dict()) == (404, b"", {})
    assert {name: wrong.headers.get(name) for name in same} == {name: unknown.headers.get(name) for name in same}
    assert wrong.headers.keys() == unknown.headers.keys()


def test_a_user_without_password_is_not_found(world: World, door: Door) -> None:
    world.logged_in("alice")
    [(email,)] = world.rows("SELECT email FROM users")
    assert door.status("", loginId=email) == 400
    assert door.status("any password", loginId=email) == 404


def test_who_is_deactivated_expired_or_prevented_shows_after_the_right_password_only(world: World, door: Door) -> None:
    user_id = door.add_user()
    world.change_user(user_id, expiry=world.service.services.runtime.now() - 1)
    assert (door.status(WRONG), door.status()) == (404, 410)
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    answer = door.knock()
    assert (answer.status_code, answer.content) == (423, b"")
    assert door.status(WRONG) == 404


def test_who_must_change_the_password_is_told_so(world: World, door: Door) -> None:
    user_id = door.add_user()
    world.change_user(user_id, passwordChangeRequired=True)
    answer = door.knock()
    assert (answer.status_code, set(answer.json())) == (203, {"changePasswordId", "changePasswordReason"})


def grant_one_time_password(world: World, user_id: str, *, state: str | None = None) -> str:
    secret, now = uuid4().hex, world.service.services.runtime.now()
    identifier = ExternalIdentifier(
        Kind.ONE_TIME_PASSWORD, world.service.tenant_id, now, now + 60_000, user_id=UUID(user_id), state=state
    )
    with world.service.services.db.read() as conn:
        external_identifiers.add(conn, secret, identifier)
    return secret


def by_one_time_password(door: Door, secret: str, **members: Any) -> Any:
    return door.knock(None, loginId=None, oneTimePassword=secret, **members)


def test_a_one_time_password_logs_in_once_and_gives_the_state_back_byte_for_byte(world: World, door: Door) -> None:
    state = '{"b": 1.0,  "a":[1e2, "\\u00e9"]}'
    secret = grant_one_time_password(world, door.add_user(), state=state)
    answer = by_one_time_password(door, secret)
    assert answer.status_code == 200
    assert f'"state":{state}' in answer.text
    assert claims_of(answer.json()["token"])["authenticationType"] == "ONE_TIME_PASSWORD"
    assert by_one_time_password(door, secret).status_code == 404


def test_a_one_time_password_ends_and_is_its_tenants_alone(world: World, door: Door) -> None:
    user_id = door.add_user()
    secret = grant_one_time_password(world, user_id)
    _, foreign = world.add_tenant("other")
    assert by_one_time_password(door, secret, applicationId=foreign).status_code == 404
    world.clock.advance(seconds=60)
    assert by_one_time_password(door, secret).status_code == 404
    assert by_one_time_password(door, grant_one_time_password(world, user_id)).status_code == 200
    assert by_one_time_password(door, "no such one").status_code == 404


def test_the_applications_authentication_token_is_a_password_there(world: World, door: Door) -> None:
    door.application(authenticationTokenConfiguration={"enabled": True})
    user_id = door.add_user(registered=False)
    token = door.register(user_id, generateAuthenticationToken=True)["authenticationToken"]
    answer = door.knock(token)
    assert answer.status_code == 200
    assert claims_of(answer.json()["token"])["authenticationType"] == "APPLICATION_TOKEN"
    assert door.status(token, applicationId=None) == 404
    assert (door.status(), door.status(token + "x")) == (200, 404)
    door.application(authenticationTokenConfiguration={"enabled": False})
    assert (door.status(), door.status(token)) == (200, 404)


def test_a_login_hashes_the_password_as_the_tenant_hashes_now(world: World, door: Door) -> None:
    user_id = door.add_user(encryptionScheme="salted-pbkdf2-hmac-sha256", factor=1000)
    stored = "SELECT scheme, factor, last_update_instant FROM passwords WHERE user_id = %s"
    [(scheme, _, changed)] = world.rows(stored, user_id)
    [(version,)] = world.rows("SELECT login_version FROM users WHERE id = %s", user_id)
    door.tenant(passwordEncryptionConfiguration={"modifyEncryptionSchemeOnLogin": False})
    assert (door.status(), world.rows(stored, user_id)) == (200, [(scheme, 1000, changed)])
    door.tenant(passwordEncryptionConfiguration={"modifyEncryptionSchemeOnLogin": True})
    assert door.status(WRONG) == 404
    assert world.rows(stored, user_id) == [(scheme, 1000, changed)]
    assert (door.status(), world.rows(stored, user_id)) == (200, [("argon2id", 2, changed)])
    assert world.rows("SELECT login_version FROM users WHERE id = %s", user_id) == [(version,)]
    assert door.status() == 200
    door.tenant(passwordEncryptionConfiguration={"encryptionSchemeFactor": 3})
    assert (door.status(), world.rows(stored, user_id)) == (200, [("argon2id", 3, changed)])
    assert door.status() == 200


def test_an_authentication_token_is_never_taken_for_the_password_to_hash_anew(world: World, door: Door) -> None:
    door.application(authenticationTokenConfiguration={"enabled": True})
    user_id = door.add_user(registered=False, encryptionScheme="salted-pbkdf2-hmac-sha256", factor=1000)
    token = door.register(user_id, generateAuthenticationToken=True)["authenticationToken"]
    assert (door.status(token), door.status()) == (200, 200)
