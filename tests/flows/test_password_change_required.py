"""203: a login that must wait for a new password, and the change that ends it (login contract 3.5 row 27)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.login_world import World
from tests.service import codes
from tests.verifying import configure_tenant, linked_person

CHANGE = "/api/user/change-password"
OLD, NEW = "correct horse battery", "staple battery horse"


def password_login(world: World, user_id: str, password: str = OLD, **members: Any) -> requests.Response:
    body = {"loginId": world.user(user_id)["email"], "password": password, "applicationId": world.application_id}
    return world.service.call("POST", "/api/login", body | members)


def change(world: World, secret: str, password: str = NEW, **members: Any) -> requests.Response:
    return world.service.call("POST", CHANGE, {"changePasswordId": secret, "password": password} | members, key="")


def demanded(answer: requests.Response) -> tuple[str, str]:
    """The id and the reason of a 203, which has nothing else."""
    assert answer.status_code == 203, answer.text
    body = answer.json()
    assert body.keys() == {"changePasswordId", "changePasswordReason"}
    return body["changePasswordId"], body["changePasswordReason"]


@pytest.mark.parametrize("door", ["provider", "password"])
def test_an_administrator_demands_a_new_password_and_the_official_client_sets_it(world: World, door: str) -> None:
    user_id = linked_person(world, passwordChangeRequired=True)
    answer = world.login("alice") if door == "provider" else password_login(world, user_id)
    secret, reason = demanded(answer)
    assert reason == world.user(user_id)["passwordChangeReason"] == "Administrative"
    assert world.count("login_records") == world.count("refresh_tokens") == 0
    client = world.service.client
    assert client.check_change_password_using_id(secret).was_successful()
    changed = client.change_password(None, {"changePasswordId": secret, "password": NEW})
    assert changed.status == 200
    user = world.user(user_id)
    assert user["passwordChangeRequired"] is False
    assert "passwordChangeReason" not in user
    assert world.login("alice").status_code == 200
    assert password_login(world, user_id, OLD).status_code == 404
    assert password_login(world, user_id, NEW).status_code == 200


def test_the_one_time_password_logs_in_once_and_within_a_minute(world: World) -> None:
    user_id = linked_person(world, passwordChangeRequired=True)
    given = change(world, demanded(world.login("alice"))[0]).json()
    assert given.keys() == {"oneTimePassword"}
    body = {"oneTimePassword": given["oneTimePassword"], "applicationId": world.application_id}
    answers = [world.service.call("POST", "/api/login", body) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 404]
    assert answers[0].json()["user"]["id"] == user_id
    world.change_user(user_id, passwordChangeRequired=True)
    late = change(world, demanded(world.login("alice"))[0], "another good password").json()["oneTimePassword"]
    world.clock.advance(seconds=60)
    assert world.service.call("POST", "/api/login", body | {"oneTimePassword": late}).status_code == 404


def test_a_password_that_is_too_old_has_expired(world: World) -> None:
    configure_tenant(world, maximumPasswordAge={"enabled": True, "days": 30})
    user_id = linked_person(world)
    world.clock.advance(days=29)
    assert world.login("alice").status_code == 200
    world.clock.advance(days=1)
    secret, reason = demanded(world.login("alice"))
    assert reason == world.user(user_id)["passwordChangeReason"] == "Expired"
    assert change(world, secret).status_code == 200
    assert world.login("alice").status_code == 200


def test_a_password_that_breaks_the_rules_is_seen_at_the_password_door_only(world: World) -> None:
    user_id = linked_person(world)
    configure_tenant(world, passwordValidationRules={"validateOnLogin": True, "requireNumber": True})
    assert world.login("alice").status_code == 200
    secret, reason = demanded(password_login(world, user_id))
    assert reason == "Validation"
    assert codes(change(world, secret, NEW)) == {"[requireNumber]password"}
    assert change(world, secret, f"{NEW} 9").status_code == 200
    assert password_login(world, user_id, f"{NEW} 9").status_code == 200


def test_a_password_that_breaks_the_rules_passes_unless_logins_validate(world: World) -> None:
    user_id = linked_person(world)
    configure_tenant(world, passwordValidationRules={"requireNumber": True})
    assert password_login(world, user_id).status_code in (200, 202)


def test_a_user_without_a_password_is_not_asked_for_a_new_one(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    world.change_user(user_id, passwordChangeRequired=True)
    assert world.login("alice").status_code == 200


def test_203_comes_before_212(world: World) -> None:
    configure_tenant(world, emailConfiguration={"verifyEmail": True})
    linked_person(world, passwordChangeRequired=True)
    secret, _ = demanded(world.login("alice"))
    assert change(world, secret).status_code == 200
    assert world.login("alice").status_code == 212


def test_a_demanded_change_ends_every_session_and_every_other_id(world: World) -> None:
    user_id = linked_person(world)
    assert world.login("alice").status_code == 200
    assert world.count("refresh_tokens") == 1
    world.change_user(user_id, passwordChangeRequired=True)
    first, second = (demanded(world.login("alice"))[0] for _ in range(2))
    assert change(world, first).status_code == 200
    assert change(world, second).status_code == change(world, first).status_code == 404
    assert world.count("refresh_tokens") == 0


def test_of_parallel_changes_by_one_id_one_wins(world: World) -> None:
    user_id = linked_person(world, passwordChangeRequired=True)
    secret, _ = demanded(world.login("alice"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: change(world, secret, f"password number {n}").status_code, range(8)))
    assert sorted(answers) == [200] + [404] * 7
    assert password_login(world, user_id, f"password number {answers.index(200)}").status_code == 200


def test_sessions_stay_where_the_policy_says_so(world: World) -> None:
    policy = {"refreshTokenRevocationPolicy": {"onPasswordChanged": False}}
    configure_tenant(world, jwtConfiguration=policy)
    user_id = linked_person(world)
    assert world.login("alice").status_code == 200
    world.change_user(user_id, passwordChangeRequired=True)
    assert change(world, demanded(world.login("alice"))[0]).status_code == 200
    assert world.count("refresh_tokens") == 1


def test_an_id_lives_ten_minutes_and_belongs_to_its_tenant(world: World) -> None:
    linked_person(world, passwordChangeRequired=True)
    secret, _ = demanded(world.login("alice"))
    tenant_id, _ = world.add_tenant("other")
    foreign = {"changePasswordId": secret, "password": NEW}
    assert world.service.call("POST", CHANGE, foreign, key="", tenant=tenant_id).status_code == 404
    assert world.service.call("GET", f"{CHANGE}/{secret}", key="", tenant=tenant_id).status_code == 404
    assert world.service.call("GET", f"{CHANGE}/{secret}", key="").status_code == 200
    world.clock.advance(minutes=10)
    assert world.service.call("GET", f"{CHANGE}/{secret}", key="").status_code == 404
    assert change(world, secret).status_code == 404


def test_the_id_of_the_path_counts_too_and_a_current_password_is_checked_when_given(world: World) -> None:
    linked_person(world, passwordChangeRequired=True)
    secret, _ = demanded(world.login("alice"))
    body = {"password": NEW, "currentPassword": "wrong"}
    assert world.service.call("POST", f"{CHANGE}/{secret}", body, key="").status_code == 404
    body["currentPassword"] = OLD
    assert world.service.call("POST", f"{CHANGE}/{secret}", body, key="").status_code == 200


def test_a_demanded_change_may_come_however_young_the_password_is(world: World) -> None:
    configure_tenant(world, minimumPasswordAge={"enabled": True, "seconds": 3_600})
    linked_person(world, passwordChangeRequired=True)
    assert change(world, demanded(world.login("alice"))[0]).status_code == 200


def test_the_present_password_and_those_remembered_do_not_come_back(world: World) -> None:
    rules = {"rememberPreviousPasswords": {"enabled": True, "count": 2}}
    configure_tenant(world, passwordValidationRules=rules)
    user_id = linked_person(world)
    passwords = [OLD, *(f"password number {number}" for number in range(3))]

    def change_to(password: str) -> requests.Response:
        world.change_user(user_id, passwordChangeRequired=True)
        return change(world, demanded(world.login("alice"))[0], password)

    for password in passwords[1:]:
        assert change_to(password).status_code == 200
    for password in passwords[1:]:
        assert codes(change_to(password)) == {"[previouslyUsed]password"}
    assert change_to(OLD).status_code == 200
    assert world.count("previous_passwords") == 2


def test_linking_onto_an_unproved_address_leaves_no_way_back_in(world: World) -> None:
    configure_tenant(world, emailConfiguration={"verifyEmail": True})
    email = world.x.person("alice")["email"]
    planted = world.add_user(email=email)
    verification = world.service.call(
        "PUT", "/api/user/verify-email", params={"email": email, "sendVerifyEmail": "false"}
    )
    body = {"loginId": email, "sendForgotPasswordEmail": False}
    forgotten = world.service.call("POST", "/api/user/forgot-password", body)
    assert world.login("alice").json()["user"]["id"] == planted["id"]
    assert change(world, forgotten.json()["changePasswordId"]).status_code == 404
    ids = {"verificationId": verification.json()["verificationId"]}
    assert world.service.call("POST", "/api/user/verify-email", ids, key="").status_code == 404
    assert world.service.call("POST", "/api/login", {"loginId": email, "password": OLD}).status_code == 404
