"""The password grant (supporting contract 21.2): the password door, in OAuth's words."""

from __future__ import annotations

import jwt
import pytest

from tests import postgres
from tests.acting import acting
from tests.login_world import World, login_world
from tests.oauth_world import SCOPES, Client, add_client, refused
from tests.password_door import PASSWORD
from tests.second_factors import answer as answer_challenge
from tests.second_factors import with_phone
from tests.sessions import Sessions, claims_of
from tests.verifying import configure_tenant, verify_emails

NO_PROOF = ("invalid_grant", "invalid_user_credentials")


def test_a_right_password_gets_what_a_code_gets(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.log_in()
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["scope"] == SCOPES
    claims = claims_of(body["access_token"])
    assert claims["authenticationType"] == "PASSWORD"
    assert claims["sid"] == body["refresh_token_id"]
    assert jwt.get_unverified_header(body["access_token"])["gty"] == ["password"]
    refreshed = client.refresh(body["refresh_token"]).json()["access_token"]
    assert jwt.get_unverified_header(refreshed)["gty"] == ["password", "refresh_token"]


def test_a_login_is_recorded_and_traced(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.log_in()
    assert "X-Identity-Trace" in answer.headers
    record = sessions.call("GET", f"/api/system/login-record/search?retrieveTotal=true&userId={client.user_id}").json()
    assert record["total"] == 1
    assert "lastLoginInstant" in sessions.world.user(client.user_id)


def test_the_scopes_are_checked_before_the_password(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    assert refused(client.log_in("wrong", scope="sing")) == ("invalid_scope", "unknown_scope")


def test_nobody_and_a_wrong_password_get_the_same_answer(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    wrong, nobody = client.log_in("wrong"), client.log_in(username="nobody@example.com")
    assert refused(wrong) == refused(nobody) == NO_PROOF
    assert wrong.json() == nobody.json()


def test_a_second_factor_is_asked_for_with_the_id_that_answers_it(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    phone, _ = with_phone(sessions.world, client.user_id)
    answer = client.log_in()
    assert refused(answer) == ("two_factor_required", "two_factor_required")
    body = answer.json()
    assert [method["method"] for method in body["two_factor_methods"]] == ["authenticator"]
    assert "secret" not in answer.text
    assert answer_challenge(sessions.world, body["two_factor_id"], phone.code()).status_code == 200


def test_a_password_that_must_be_changed_comes_with_the_id_that_changes_it(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    sessions.world.change_user(client.user_id, passwordChangeRequired=True)
    answer = client.log_in()
    assert refused(answer) == ("change_password_required", "change_password_administrative")
    path = "/api/user/change-password"
    body = {"changePasswordId": answer.json()["change_password_id"], "password": "staple battery horse"}
    assert sessions.call("POST", path, body, key="").status_code == 200
    assert client.log_in("staple battery horse").status_code == 200


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("deactivated", "user_locked"), ("expired", "user_expired"), ("prevented", "login_prevented")],
)
def test_who_may_not_log_in_learns_why_after_the_right_password(sessions: Sessions, trouble: str, reason: str) -> None:
    client = add_client(sessions.world)
    if trouble == "deactivated":
        assert sessions.call("DELETE", f"/api/user/{client.user_id}").status_code == 200
    elif trouble == "expired":
        sessions.world.change_user(client.user_id, expiry=1)
    else:
        acting(sessions.world.service).ban(client.user_id)
    assert refused(client.log_in()) == ("invalid_grant", reason)
    assert refused(client.log_in("wrong")) == NO_PROOF


def test_an_application_that_wants_registrations_turns_strangers_away(sessions: Sessions) -> None:
    client = add_client(sessions.world, registered=False, requireRegistration=True)
    assert refused(client.log_in()) == ("interaction_required", "registration_required")
    client.configure(requireRegistration=False)
    assert "refresh_token" not in client.log_in().json()


def test_guesses_lock_the_user_out_here_and_at_the_other_door(world: World) -> None:
    configure_tenant(
        world,
        failedAuthenticationConfiguration={
            "tooManyAttempts": 3,
            "resetCountInSeconds": 60,
            "actionDuration": 3,
            "actionDurationUnit": "MINUTES",
        },
    )
    client = add_client(world)
    for _ in range(3):
        assert refused(client.log_in("wrong")) == NO_PROOF
    assert refused(client.log_in()) == ("invalid_grant", "user_locked")
    body = {"loginId": client.email, "password": PASSWORD, "applicationId": client.id}
    assert world.service.call("POST", "/api/login", body).status_code == 423
    world.clock.advance(minutes=4)
    assert client.log_in().status_code == 200


def test_an_address_that_has_not_verified_waits_where_it_is_gated(world: World) -> None:
    verify_emails(world, unverified={"behavior": "Gated"})
    client = add_client(world)
    assert refused(client.log_in()) == ("interaction_required", "email_verification_required")
    verify_emails(world, unverified={"behavior": "Allow"})
    assert client.log_in().status_code == 200


def test_a_login_lambda_that_refuses_is_access_denied(world: World) -> None:
    body = """
        function validate(result, user, registration, context) {
            result.errors.generalErrors = [{code: "no", message: "not today"}];
        }"""
    made = world.service.call("POST", "/api/lambda", {"lambda": {"name": "v", "type": "LoginValidation", "body": body}})
    configure_tenant(world, lambdaConfiguration={"loginValidationId": made.json()["lambda"]["id"]})
    assert refused(add_client(world).log_in()) == ("access_denied", "login_prevented")


def test_a_login_lambda_whose_words_are_no_text_has_failed(world: World) -> None:
    for half in ("code: '\\ud800', message: 'no'", "code: 'no', message: '\\ud800'"):
        body = f"function validate(result) {{ result.errors.fieldErrors = {{'x': [{{{half}}}]}}; }}"
        document = {"name": half, "type": "LoginValidation", "body": body}
        made = world.service.call("POST", "/api/lambda", {"lambda": document})
        configure_tenant(world, lambdaConfiguration={"loginValidationId": made.json()["lambda"]["id"]})
        client = add_client(world)
        assert refused(client.log_in(), 500) == ("server_error", "lambda_failed")
        door = {"loginId": client.email, "password": PASSWORD, "applicationId": client.id}
        assert world.service.call("POST", "/api/login", door).status_code == 512


def test_an_address_that_fails_too_often_waits(postgres_server: postgres.Server, migrated_template: str) -> None:
    from identity import settings as settings_module

    login = settings_module.load({"IDENTITY_MODE": "development", "IDENTITY_LOGIN_RATE_LIMIT": "3"}).login
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url, login=login) as world:
        client: Client = add_client(world)
        for _ in range(3):
            assert refused(client.log_in("wrong")) == NO_PROOF
        answer = client.log_in()
        assert refused(answer, 429) == ("access_denied", "too_many_requests")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        door = {"loginId": client.email, "password": PASSWORD, "applicationId": client.id}
        assert world.service.call("POST", "/api/login", door, key="").status_code in (401, 429)
        assert client.redeem(client.code()).status_code == 200
        world.clock.advance(seconds=61)
        assert client.log_in().status_code == 200
    postgres.drop_database(postgres_server, url)
