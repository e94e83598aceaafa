"""What a combined create answers with beside user and registration: supporting contract 4."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.contract.people import codes
from tests.login_world import World
from tests.second_factors import tenant_policy
from tests.service import NOBODYS_ID
from tests.sessions import REFRESH, Sessions, claims_of
from tests.verifying import GATED, verify_emails, verify_registrations

REGISTRATION = "/api/user/registration"
TOKENS = {"refreshToken", "refreshTokenId", "token", "tokenExpirationInstant"}


def new_body(application_id: str, **user: Any) -> dict[str, Any]:
    known = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    return {"user": known | user, "registration": {"applicationId": application_id}}


def test_the_official_clients_combined_create_answers_with_tokens(sessions: Sessions) -> None:
    body = new_body(sessions.world.application_id, username="bobby")
    answer = sessions.world.service.client.register(body)
    assert answer.was_successful(), answer.status
    made = answer.success_response
    assert set(made) == {"registration", "user"} | TOKENS
    claims = claims_of(made["token"])
    assert claims["authenticationType"] == "REGISTRATION"
    assert claims["sub"] == made["user"]["id"]
    assert claims["aud"] == claims["applicationId"] == sessions.world.application_id
    assert (claims["email"], claims["preferred_username"]) == (made["user"]["email"], "bobby")
    assert (claims["roles"], claims["sid"]) == (["user"], made["refreshTokenId"])
    assert claims["tid"] == made["user"]["tenantId"]
    assert claims["auth_time"] == claims["iat"]
    assert claims["exp"] * 1000 == made["tokenExpirationInstant"]
    assert sessions.world.service.client.validate_jwt(made["token"]).status == 200
    assert sessions.is_live(made["refreshToken"])


def test_it_is_a_login_and_leaves_a_record(sessions: Sessions) -> None:
    headers = {"X-Forwarded-For": "203.0.113.5"}
    made = sessions.call("POST", REGISTRATION, new_body(sessions.world.application_id), headers=headers).json()
    path = f"/api/user/recent-login?userId={made['user']['id']}"
    [login] = sessions.call("GET", path).json()["logins"]
    assert (login["applicationId"], login["ipAddress"]) == (sessions.world.application_id, "203.0.113.5")
    record = sessions.record(made["refreshTokenId"])
    assert record is not None
    assert record["metaData"]["device"]["lastAccessedAddress"] == "203.0.113.5"


def test_an_application_that_issues_no_refresh_tokens_answers_with_an_access_token_alone(sessions: Sessions) -> None:
    application_id = sessions.application(loginConfiguration={"generateRefreshTokens": False})
    made = sessions.call("POST", REGISTRATION, new_body(application_id)).json()
    assert TOKENS & set(made) == {"token", "tokenExpirationInstant"}
    assert "sid" not in claims_of(made["token"])
    assert sessions.call("GET", f"{REFRESH}?userId={made['user']['id']}").json() == {"refreshTokens": []}


def test_the_applications_own_configuration_counts(sessions: Sessions) -> None:
    application_id = sessions.application({"timeToLiveInSeconds": 33})
    claims = claims_of(sessions.call("POST", REGISTRATION, new_body(application_id)).json()["token"])
    assert claims["exp"] - claims["iat"] == 33
    sessions.configure(application_id, timeToLiveInSeconds=44)
    claims = claims_of(sessions.call("POST", REGISTRATION, new_body(application_id)).json()["token"])
    assert claims["exp"] - claims["iat"] == 44


def test_registering_an_existing_user_logs_nobody_in(sessions: Sessions) -> None:
    session, application_id = sessions.begin(), sessions.application()
    body = {"registration": {"applicationId": application_id}}
    answer = sessions.call("POST", f"{REGISTRATION}/{session.user_id}", body)
    assert answer.status_code == 200, answer.text
    assert not TOKENS & set(answer.json())


def test_a_user_who_has_expired_already_is_created_without_tokens(sessions: Sessions) -> None:
    made = sessions.call("POST", REGISTRATION, new_body(sessions.world.application_id, expiry=1)).json()
    assert set(made) == {"registration", "user"}


def test_an_inactive_application_logs_nobody_in(sessions: Sessions) -> None:
    application_id = sessions.application()
    assert sessions.call("DELETE", f"/api/application/{application_id}").status_code == 200
    answer = sessions.call("POST", REGISTRATION, new_body(application_id))
    assert not TOKENS & set(answer.json())


@pytest.mark.parametrize("change", [{"roles": ["emperor"]}, {"applicationId": NOBODYS_ID}])
def test_a_combined_create_that_fails_leaves_no_token_and_no_record(sessions: Sessions, change: dict[str, Any]) -> None:
    before = sessions.world.count("refresh_tokens"), sessions.world.count("login_records")
    body = new_body(sessions.world.application_id)
    body["registration"] |= change
    assert codes(sessions.call("POST", REGISTRATION, body))
    assert (sessions.world.count("refresh_tokens"), sessions.world.count("login_records")) == before


@pytest.mark.parametrize("step", ["password", "second factor", "address", "registration"])
def test_who_has_one_more_step_to_take_is_not_logged_in(world: World, step: str) -> None:
    body = new_body(world.application_id, passwordChangeRequired=step == "password")
    if step == "second factor":
        tenant_policy(world, loginPolicy="Required")
    elif step == "address":
        verify_emails(world, **GATED)
    elif step == "registration":
        verify_registrations(world, **GATED)
    made = world.service.call("POST", REGISTRATION, body)
    assert made.status_code == 200
    assert made.json().keys() == {"registration", "user"}
    assert world.count("login_records") == world.count("refresh_tokens") == 0


def test_the_unverified_are_logged_in_where_they_may_be(world: World) -> None:
    verify_emails(world)
    verify_registrations(world)
    made = world.service.call("POST", REGISTRATION, new_body(world.application_id)).json()
    assert set(made) == {"registration", "user"} | TOKENS
    assert made["user"]["verified"] is made["registration"]["verified"] is False
