"""An action that prevents logins at the login doors: 409 and its body, refresh tokens, races. Rows 18 and 11.3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.acting import Acting, acting
from tests.login_world import World


@pytest.fixture
def admin(world: World) -> Acting:
    return acting(world.service)


def refresh(world: World, token: str) -> int:
    return world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="").status_code


def keep_sessions(world: World) -> None:
    set_policy(world, onLoginPrevented=False)


def set_policy(world: World, **members: bool) -> None:
    policy = {"refreshTokenRevocationPolicy": members}
    answer = world.service.call(
        "PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": {"jwtConfiguration": policy}}
    )
    assert answer.status_code == 200, answer.text


def test_a_banned_person_is_told_by_what_and_gets_nothing_else(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    reason = admin.reason(localizedTexts={"fr": "Pourriel"})
    definition = admin.definition(localizedNames={"fr": "Exclusion"}, options=[{"name": "Hard"}])
    world.change_user(user_id, preferredLanguages=["fr"])
    end = world.service.services.runtime.now() + 1_000_000
    taken = admin.take(user_id, definition, expiry=end, option="Hard", reasonId=reason["id"])
    answer = world.login("alice")
    assert answer.status_code == 409
    assert answer.json() == {
        "actions": [
            {
                "actionId": taken["id"],
                "actionerUserId": admin.actor_id,
                "expiry": end,
                "localizedName": "Exclusion",
                "localizedReason": "Pourriel",
                "name": definition["name"],
                "option": "Hard",
                "reason": reason["text"],
                "reasonCode": reason["code"],
            }
        ]
    }
    assert not answer.cookies


def test_every_preventing_action_is_named_and_an_endless_one_has_no_expiry(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    taken = [admin.ban(user_id)["id"], admin.ban(user_id)["id"]]
    admin.take(user_id, admin.definition(preventLogin=False))
    actions = world.login("alice").json()["actions"]
    assert {each["actionId"] for each in actions} == set(taken)
    assert all("expiry" not in each for each in actions)


def test_once_it_is_cancelled_or_over_the_login_goes_through(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    admin.cancel(admin.ban(user_id)["id"])
    assert world.login("alice").status_code == 200
    admin.ban(user_id, expiry=world.service.services.runtime.now() + 31 * 86_400_000)
    assert world.login("alice").status_code == 409
    world.clock.advance(days=31)
    assert world.login("alice").status_code == 200


def test_an_action_for_some_applications_bars_those_and_no_other(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    other = world.service.call("POST", "/api/application", {"application": {"name": uuid4().hex}})
    admin.ban(user_id, applicationIds=[other.json()["application"]["id"]])
    assert world.login("alice").status_code == 200
    admin.ban(user_id, applicationIds=[world.application_id])
    assert world.login("alice").status_code == 409


def test_a_ban_ends_the_sessions_it_bars(world: World, admin: Acting) -> None:
    first = world.logged_in("alice")
    dana = world.logged_in("dana-before")
    admin.ban(first["user"]["id"])
    assert refresh(world, first["refreshToken"]) == 400
    assert world.count("refresh_tokens") == 1
    assert refresh(world, dana["refreshToken"]) == 200


def test_a_ban_from_one_application_leaves_the_sessions_at_the_others(world: World, admin: Acting) -> None:
    session = world.logged_in("alice")
    other = world.service.call("POST", "/api/application", {"application": {"name": uuid4().hex}})
    admin.ban(session["user"]["id"], applicationIds=[other.json()["application"]["id"]])
    assert refresh(world, session["refreshToken"]) == 200


def test_a_policy_may_keep_the_sessions_and_they_sleep_until_the_ban_is_over(world: World, admin: Acting) -> None:
    keep_sessions(world)
    session = world.logged_in("alice")
    taken = admin.ban(session["user"]["id"])
    assert world.login("alice").status_code == 409
    assert world.count("refresh_tokens") == 1
    assert refresh(world, session["refreshToken"]) == 400
    admin.cancel(taken["id"])
    assert refresh(world, session["refreshToken"]) == 200


def test_a_prevented_login_ends_the_sessions_that_another_policy_had_spared(world: World, admin: Acting) -> None:
    keep_sessions(world)
    session = world.logged_in("alice")
    admin.ban(session["user"]["id"])
    set_policy(world, onLoginPrevented=True)
    assert world.count("refresh_tokens") == 1
    assert world.login("alice").status_code == 409
    assert world.count("refresh_tokens") == 0


def test_no_login_slips_past_a_ban_with_a_refresh_token(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    definition = admin.definition()
    with ThreadPoolExecutor(9) as pool:
        logins = [pool.submit(world.login, "alice") for _ in range(8)]
        ban = pool.submit(admin.take, user_id, definition)
        statuses = {login.result().status_code for login in logins}
    assert ban.result()["actioneeUserId"] == user_id
    assert statuses <= {200, 409}
    assert world.count("refresh_tokens") == 0
    assert world.login("alice").status_code == 409


def test_a_ban_comes_after_expiry_and_deactivation_and_before_a_link(world: World, admin: Acting) -> None:
    user_id = str(world.add_user(email="alice@example.com")["id"])
    admin.ban(user_id)
    assert world.login("alice").status_code == 409
    assert world.links(user_id) == []
    world.change_user(user_id, expiry=1)
    assert world.login("alice").status_code == 410
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    assert world.login("alice").status_code == 404
