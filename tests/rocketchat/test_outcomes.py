"""What keeps somebody from logging in, in the words of the Rocket.Chat door (rocket sections 8 and 11)."""

from __future__ import annotations

from typing import Any

import pytest

from identity.domain.errors import Problem
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_codes import Asked, Missing
from identity.http.rocketchat.answers import details_of
from identity.http.rocketchat.outcomes import ANSWERS, answer_to
from tests.rocketchat.client import Chat, unauthorized
from tests.second_factors import change_application, change_tenant
from tests.troubles import (
    PASSWORD,
    TROUBLES,
    Somebody,
    demand_new_password,
    unregister,
    verify_email,
    verify_registration,
)

VALIDATION = {"function": "Accounts.validateLoginAttempt"}
BLOCKED = {
    "error": "error-login-blocked-for-user",
    "message": "Login has been temporarily blocked For User",
    "details": VALIDATION,
}
NOT_ACTIVATED = {"error": "error-user-is-not-activated", "message": "User is not activated", "details": VALIDATION}
UNAUTHORIZED = {"error": "Unauthorized", "message": "Unauthorized"}
INVALID_EMAIL = {"error": "error-invalid-email", "message": "Invalid email __email__"}
BY_TROUBLE: dict[int, dict[str, Any]] = {
    404: NOT_ACTIVATED,
    410: NOT_ACTIVATED,
    409: BLOCKED,
    400: UNAUTHORIZED,
    212: INVALID_EMAIL,
    213: NOT_ACTIVATED,
}
REQUIRED = {"oauthConfiguration": {"requireRegistration": True}}


@pytest.fixture
def somebody(own_chat: Chat) -> Somebody:
    return Somebody(own_chat.world)


def body_of(somebody: Somebody, password: str = PASSWORD) -> dict[str, str]:
    return {"user": somebody.email, "password": password}


def give_role(somebody: Somebody, role: str) -> None:
    registration = {"applicationId": somebody.world.application_id, "roles": [role]}
    path = f"/api/user/registration/{somebody.user_id}"
    changed = somebody.world.service.call("PUT", path, {"registration": registration})
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize("status", BY_TROUBLE)
def test_after_the_right_password_the_door_says_what_is_in_the_way(
    own_chat: Chat, somebody: Somebody, status: int
) -> None:
    TROUBLES[status](somebody)
    answer = own_chat.login(body_of(somebody))
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"success": False, "status": "error"} | BY_TROUBLE[status]
    assert own_chat.world.count("rocketchat_tokens") == 0


@pytest.mark.parametrize("status", sorted(set(TROUBLES) - {504}))
def test_a_wrong_password_shows_nothing_of_it(own_chat: Chat, somebody: Somebody, status: int) -> None:
    TROUBLES[status](somebody)
    assert unauthorized(own_chat.login(body_of(somebody, "wrong")))


def test_a_veto_of_a_webhook_is_a_fault(own_chat: Chat, somebody: Somebody) -> None:
    TROUBLES[504](somebody)
    answer = own_chat.login(body_of(somebody))
    assert (answer.status_code, answer.json()) == (500, {"success": False, "error": "Internal server error"})
    assert own_chat.world.count("rocketchat_tokens") == 0


def test_whoever_is_not_registered_is_a_user(own_chat: Chat, somebody: Somebody) -> None:
    unregister(somebody)
    assert own_chat.logged_in(somebody.email, PASSWORD).me["roles"] == ["user"]


def test_an_application_may_demand_a_registration(own_chat: Chat, somebody: Somebody) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    change_application(own_chat.world, **REQUIRED)
    assert session.is_alive
    unregister(somebody)
    records = own_chat.world.count("login_records")
    assert unauthorized(own_chat.login(body_of(somebody)))
    assert own_chat.world.count("rocketchat_tokens") == 0
    assert own_chat.world.count("login_records") == records


def test_a_token_from_before_does_not_make_up_for_a_registration(own_chat: Chat, somebody: Somebody) -> None:
    unregister(somebody)
    session = own_chat.logged_in(somebody.email, PASSWORD)
    change_application(own_chat.world, **REQUIRED)
    assert not session.is_alive
    assert unauthorized(own_chat.login({"resume": session.token}))


def test_a_password_that_must_be_changed_keeps_nobody_out(own_chat: Chat, somebody: Somebody) -> None:
    demand_new_password(somebody)
    session = own_chat.logged_in(somebody.email, PASSWORD)
    wanted = {"requirePasswordChange": True, "requirePasswordChangeReason": "Administrative"}
    assert wanted.items() <= session.me.items()
    assert wanted.items() <= session.get("/api/v1/me").json().items()
    assert somebody.password().status_code == 203


def test_an_unverified_address_keeps_nobody_out_where_it_is_allowed(own_chat: Chat, somebody: Somebody) -> None:
    verify_email(somebody)
    change_tenant(own_chat.world, emailConfiguration={"unverified": {"behavior": "Allow"}})
    session = own_chat.logged_in(somebody.email, PASSWORD)
    assert session.me["emails"] == [{"address": somebody.email, "verified": False}]
    assert "email" not in session.me
    # It is a completed login (decision 51).
    assert own_chat.world.count("login_records") == 1
    assert own_chat.world.rows("SELECT last_login_instant IS NOT NULL FROM users") == [(True,)]


def test_an_unverified_address_does_not_keep_administrators_out(own_chat: Chat, somebody: Somebody) -> None:
    give_role(somebody, "admin")
    verify_email(somebody)
    assert own_chat.logged_in(somebody.email, PASSWORD).me["roles"] == ["admin"]
    assert somebody.password().status_code == 212


@pytest.mark.parametrize(("behavior", "role"), [("Allow", "user"), ("Allow", "admin"), ("Gated", "admin")])
def test_an_address_that_may_wait_hides_no_registration_that_may_not(
    own_chat: Chat, somebody: Somebody, behavior: str, role: str
) -> None:
    give_role(somebody, role)
    verify_email(somebody)
    verify_registration(somebody)
    change_tenant(own_chat.world, emailConfiguration={"unverified": {"behavior": behavior}})
    answer = own_chat.login(body_of(somebody))
    assert (answer.status_code, answer.json()) == (401, {"success": False, "status": "error"} | NOT_ACTIVATED)
    assert own_chat.world.count("rocketchat_tokens") == 0


def test_an_unverified_address_does_not_end_a_session(own_chat: Chat, somebody: Somebody) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    verify_email(somebody)
    assert session.is_alive
    assert own_chat.login({"resume": session.token}).status_code == 200


@pytest.mark.parametrize(("status", "alive"), [(410, False), (409, False), (213, True), (203, True), (242, True)])
def test_a_session_lives_by_the_gates_of_a_refresh(
    own_chat: Chat, somebody: Somebody, status: int, alive: bool
) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    change_tenant(own_chat.world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    TROUBLES[status](somebody)
    assert session.is_alive == alive


def test_a_prevented_login_ends_the_sessions_from_before(own_chat: Chat, somebody: Somebody) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    change_tenant(own_chat.world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    TROUBLES[409](somebody)
    own_chat.login(body_of(somebody))
    assert own_chat.world.count("rocketchat_tokens") == 1
    change_tenant(own_chat.world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": True}})
    own_chat.login(body_of(somebody))
    assert own_chat.world.count("rocketchat_tokens") == 0
    assert not session.is_alive


def test_after_a_second_factor_an_unverified_address_is_in_the_way_all_the_same(
    own_chat: Chat, somebody: Somebody
) -> None:
    TROUBLES[242](somebody)
    verify_email(somebody)
    assert somebody.phone is not None
    answer = own_chat.login(body_of(somebody) | {"code": somebody.phone.code()})
    assert answer.json() == {"success": False, "status": "error"} | INVALID_EMAIL


@pytest.mark.parametrize("status", [410, 409, 213])
def test_going_on_with_a_token_passes_the_gates_too(own_chat: Chat, somebody: Somebody, status: int) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    change_tenant(own_chat.world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onLoginPrevented": False}})
    TROUBLES[status](somebody)
    answer = own_chat.login({"resume": session.token})
    assert (answer.status_code, answer.json()) == (401, {"success": False, "status": "error"} | BY_TROUBLE[status])


def test_a_token_that_outlives_a_deactivation_opens_nothing(own_chat: Chat, somebody: Somebody) -> None:
    session = own_chat.logged_in(somebody.email, PASSWORD)
    own_chat.world.service.services.db.transact(
        lambda conn: conn.execute("UPDATE users SET active = false WHERE id = %s", (somebody.user_id,))
    )
    assert not session.is_alive
    answer = own_chat.login({"resume": session.token})
    assert answer.json() == {"success": False, "status": "error"} | NOT_ACTIVATED


def test_somebody_locked_out_for_guessing_is_blocked(own_chat: Chat, somebody: Somebody) -> None:
    lockout = {"tooManyAttempts": 3, "resetCountInSeconds": 60, "actionDuration": 3, "actionDurationUnit": "MINUTES"}
    change_tenant(own_chat.world, failedAuthenticationConfiguration=lockout)
    for _ in range(3):
        assert unauthorized(own_chat.login(body_of(somebody, "wrong")))
    answer = own_chat.login(body_of(somebody))
    assert answer.json() == {"success": False, "status": "error"} | BLOCKED
    assert somebody.password().status_code == 423


def test_every_verdict_has_an_answer() -> None:
    assert set(ANSWERS) == set(Verdict)
    for verdict in Verdict:
        assert answer_to(LoginOutcome(verdict)).status_code in {401, 500}


@pytest.mark.parametrize(("failed", "status"), [(False, 401), (True, 500)])
def test_a_provider_that_fails_is_a_fault_and_one_that_refuses_is_not(failed: bool, status: int) -> None:
    outcome = LoginOutcome(Verdict.REFUSED, problem=Problem("[X]", "X"), provider_failed=failed)
    assert answer_to(outcome).status_code == status


@pytest.mark.parametrize("verdict", [Verdict.NOT_FOUND, Verdict.LOCKED])
def test_the_deactivated_are_told_so_whatever_the_door_made_of_it(verdict: Verdict) -> None:
    answer = answer_to(LoginOutcome(verdict, deactivated=True))
    assert answer.get_json() == {"success": False, "status": "error"} | NOT_ACTIVATED


def test_the_details_of_an_authenticator_say_no_more_than_that() -> None:
    details = details_of(Asked(Missing.REQUIRED, "totp", ("totp",)))
    assert details == {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}


def test_the_details_of_a_code_by_mail_say_whom_it_went_to_and_until_when_it_works() -> None:
    asked = Asked(
        Missing.REQUIRED,
        "email",
        ("email",),
        code_generated=True,
        code_expires=1_750_000_000_123,
        email_or_username="richard",
    )
    assert details_of(asked) == {
        "method": "email",
        "codeGenerated": True,
        "emailOrUsername": "richard",
        "codeExpires": "2025-06-15T15:06:40.123Z",
        "availableMethods": ["email"],
    }
