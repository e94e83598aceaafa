"""The reconcile lambda in a login: login contract 6.2 and 6.3, D20 to D22, decisions 3, 11 and 55."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.lambda_sources import ES5, MODERN
from tests.login_world import World, wrong_fields

EMAIL_AND_NAME = "function reconcile(user) { user.email = 'set@example.com'; user.username = 'setname'; }"


def running(body: str) -> str:
    """A lambda of this body."""
    return f"function reconcile(user, registration, twitterUser, context) {{ {body} }}"


def shown_to(world: World, name: str, person: str = "alice") -> Any:
    """What a lambda sees as the argument `name` at a login of this person."""
    world.reconcile_with(running(f"console.info(JSON.stringify({name}));"))
    assert world.login(person).status_code == 200
    message = world.messages("Information")[-1]
    return json.loads(message.partition("\n\n")[2])


# What it sees


def test_the_lambda_sees_a_new_user_with_id_and_e_mail(world: World) -> None:
    seen = shown_to(world, "user")
    assert seen["email"] == "alice@example.com"
    assert seen["id"] == world.logged_in("alice")["user"]["id"]
    assert seen["tenantId"] == str(world.service.tenant_id)
    assert "username" not in seen


def test_the_lambda_sees_an_existing_user_without_secrets(world: World) -> None:
    user = world.add_user(email="alice@example.com", firstName="Ann", data={"a": [1, {"b": None}]})
    seen = shown_to(world, "user")
    assert (seen["id"], seen["firstName"], seen["data"]) == (user["id"], "Ann", {"a": [1, {"b": None}]})
    assert not {"password", "salt", "factor", "encryptionScheme"} & seen.keys()
    assert (seen["registrations"], seen["memberships"]) == ([], [])


def test_the_lambda_sees_the_registration_it_will_get(world: World) -> None:
    seen = shown_to(world, "registration")
    assert (seen["applicationId"], seen["roles"]) == (world.application_id, ["user"])


def test_the_lambda_sees_no_authentication_token(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    change = {"application": {"authenticationTokenConfiguration": {"enabled": True}}}
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", change).status_code == 200
    body = {"registration": {"applicationId": world.application_id, "authenticationToken": "canary-token"}}
    assert world.service.call("POST", f"/api/user/registration/{user['id']}", body).status_code == 200
    assert "canary-token" not in json.dumps(shown_to(world, "registration"))


def test_the_lambda_sees_all_that_x_says(world: World) -> None:
    seen = shown_to(world, "twitterUser", "max")
    assert (seen["id_str"], seen["screen_name"]) == ("1765432109876543210", "max_id")
    assert {"profile_image_url_https", "followers_count", "created_at", "entities"} <= seen.keys()


def test_what_the_lambda_does_to_x_s_user_is_discarded(world: World) -> None:
    world.reconcile_with(running("twitterUser.email = 'x@example.com'; twitterUser.id_str = '1';"))
    user = world.logged_in("alice")["user"]
    assert user["email"] == "alice@example.com"
    assert world.links(user["id"])[0]["identityProviderUserId"] == world.x.person("alice")["id"]


def test_an_argument_that_was_replaced_is_not_the_object_that_counts(world: World) -> None:
    world.reconcile_with(running("user = {email: 'x@example.com', id: '1'}; registration = null;"))
    assert world.logged_in("alice")["user"]["email"] == "alice@example.com"


@pytest.mark.parametrize("source", [ES5, MODERN], ids=["old", "modern"])
def test_the_well_known_twitter_program_runs_unchanged(world: World, source: str) -> None:
    world.reconcile_with(source)
    user = world.logged_in("alice")["user"]
    assert user["fullName"] == "Alice Adams"
    assert user["imageUrl"].startswith("http") and "_normal.png" not in user["imageUrl"]
    assert user["registrations"][0]["username"] == "alice"


# What it may set


def test_what_a_lambda_may_set_of_a_user_is_stored(world: World) -> None:
    settable = {
        "birthDate": "1990-02-28",
        "data": {"plan": "gold", "nested": {"list": [1, 2.5, "x", None]}},
        "firstName": "A",
        "fullName": "A B C",
        "imageUrl": "https://example.com/a.png",
        "lastName": "C",
        "middleName": "B",
        "mobilePhone": "+1",
        "parentEmail": "p@example.com",
        "preferredLanguages": ["de", "fr_CA"],
        "timezone": "Europe/Berlin",
    }
    world.reconcile_with(running(f"Object.assign(user, {json.dumps(settable)});"))
    user = world.logged_in("alice")["user"]
    assert {name: user[name] for name in settable} == settable
    assert world.user(user["id"]) == user


def test_what_a_lambda_may_set_of_a_registration_is_stored(world: World) -> None:
    settable = {
        "data": {"seat": 7},
        "preferredLanguages": ["de"],
        "roles": ["admin"],
        "timezone": "Europe/Berlin",
        "username": "seven",
    }
    world.reconcile_with(running(f"Object.assign(registration, {json.dumps(settable)});"))
    for _ in range(2):
        [registration] = world.logged_in("alice")["user"]["registrations"]
        assert {name: registration[name] for name in settable} == settable


def test_what_a_lambda_may_not_set_is_silently_as_it_was(world: World) -> None:
    before = world.add_user(email="alice@example.com", firstName="keep")
    forbidden = {
        "active": False,
        "connectorId": "00000000-0000-4000-8000-000000000000",
        "expiry": 1,
        "id": "00000000-0000-4000-8000-000000000001",
        "insertInstant": 1,
        "lastLoginInstant": 1,
        "memberships": [{"groupId": "x"}],
        "password": "planted",
        "passwordChangeRequired": True,
        "tenantId": "00000000-0000-4000-8000-000000000002",
        "twoFactor": {"methods": [{"method": "email"}]},
        "verified": False,
    }
    text = json.dumps(forbidden)
    world.reconcile_with(running(f"Object.assign(user, {text}); registration.authenticationToken = 'planted';"))
    user = world.logged_in("alice")["user"]
    same = {"active", "connectorId", "id", "insertInstant", "passwordChangeRequired", "tenantId", "verified"}
    assert {name: user[name] for name in same} == {name: before[name] for name in same}
    assert "expiry" not in user
    assert (user["memberships"], user["twoFactor"], user["firstName"]) == ([], {"methods": []}, "keep")
    assert world.rows("SELECT authentication_token FROM registrations") == [(None,)]


def test_a_lambda_may_remove_what_it_may_set(world: World) -> None:
    world.add_user(email="alice@example.com", firstName="A", lastName="B", data={"a": 1})
    world.reconcile_with(running("delete user.firstName; user.lastName = null; user.data = null;"))
    user = world.logged_in("alice")["user"]
    assert not {"firstName", "lastName"} & user.keys()
    assert user["data"] == {}


@pytest.mark.parametrize("linked", [True, False])
def test_d21_an_existing_user_keeps_e_mail_and_username(world: World, linked: bool) -> None:
    user = world.add_user(email="alice@example.com", username="ann")
    if linked:
        world.link(userId=user["id"], identityProviderUserId=world.x.person("alice")["id"])
    world.reconcile_with(EMAIL_AND_NAME)
    login = world.logged_in("alice")["user"]
    assert (login["id"], login["email"], login["username"]) == (user["id"], "alice@example.com", "ann")


def test_d20_a_lambda_may_name_a_new_user(world: World) -> None:
    world.reconcile_with(EMAIL_AND_NAME)
    user = world.logged_in("alice")["user"]
    assert (user["email"], user["username"]) == ("set@example.com", "setname")
    assert world.logged_in("alice")["user"]["id"] == user["id"]


def test_d20_a_lambda_fills_the_gap_when_x_names_no_e_mail_and_runs_once(world: World) -> None:
    world.reconcile_with(running("user.email = 'Bob@Example.com'; user.firstName = 'B'; console.info('ran');"))
    user = world.logged_in("bob")["user"]
    assert (user["email"], user["firstName"]) == ("bob@example.com", "B")
    [message] = world.messages("Information")
    assert message.endswith("\n\nran")


def test_d20_a_lambda_fills_the_gap_of_a_strategy_for_existing_users_in_vain(world: World) -> None:
    world.add_user(email="bob@example.com")
    world.reconcile_with(running("user.email = 'bob@example.com';"), linkingStrategy="LinkByEmailForExistingUser")
    answer = world.login("bob")
    assert answer.json()["generalErrors"][0]["code"] == "[UserDoesNotExistByEmail]"
    assert world.count("links") == 0


@pytest.mark.parametrize(("verifies", "verified"), [(True, False), (False, True)])
def test_decision_3_an_e_mail_of_the_lambda_is_as_proved_as_a_typed_one(
    world: World, verifies: bool, verified: bool
) -> None:
    change = {"tenant": {"emailConfiguration": {"verifyEmail": verifies}}}
    assert world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", change).status_code == 200
    world.reconcile_with(EMAIL_AND_NAME)
    answer = world.login("alice")
    assert answer.status_code == (200 if verified else 212), answer.text
    user = answer.json()["user"]
    assert user["verified"] is verified
    [identity] = [item for item in user["identities"] if item["type"] == "email"]
    assert (identity["verified"], identity["verifiedReason"] != "Trusted") == (verified, True)


def test_unknown_roles_are_dropped_with_one_event(world: World) -> None:
    world.reconcile_with(running("registration.roles = ['admin', 'root', 'admin'];"))
    [registration] = world.logged_in("alice")["user"]["registrations"]
    assert registration["roles"] == ["admin"]
    [message] = world.messages("Error")
    assert "root" in message


def test_d22_a_registration_that_will_not_be_stored_is_shown_and_discarded(world: World) -> None:
    world.reconcile_with(ES5, **world.override(createRegistration=False))
    answer = world.login("alice")
    assert answer.status_code == 202, answer.text
    assert answer.json()["user"]["registrations"] == []
    assert world.count("registrations") == 0


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ("user.birthDate = '1990-02-30'", "user.birthDate", "invalid"),
        ("user.imageUrl = 'not a uri'", "user.imageUrl", "invalid"),
        ("user.timezone = 'Mars/Base'", "user.timezone", "invalid"),
        ("user.email = 'no address'", "user.email", "invalid"),
        ("user.parentEmail = '@'", "user.parentEmail", "invalid"),
        ("user.firstName = {a: 1}", "user.firstName", "invalid"),
        ("user.firstName = 'x\\u0000'", "user.firstName", "invalid"),
        ("user.username = 'someone@example.com'", "user.username", "invalid"),
        ("user.username = 'x'.repeat(200)", "user.username", "tooLong"),
        ("user.email = null", "user.email", "blank"),
        ("registration.username = 7", "registration.username", "invalid"),
        ("registration.timezone = 'nowhere'", "registration.timezone", "invalid"),
    ],
)
def test_decision_55_a_value_that_does_not_fit_is_a_field_error_and_an_event(
    world: World, change: str, path: str, reason: str
) -> None:
    world.reconcile_with(running(f"{change};"))
    assert wrong_fields(world.login("alice")) == {path: f"[{reason}]{path}"}
    assert world.nothing_written()
    assert [path in message for message in world.messages("Error")] == [True]


def test_everything_that_does_not_fit_is_named_at_once(world: World) -> None:
    world.reconcile_with(running("user.birthDate = 1; user.timezone = 'x'; registration.data = [];"))
    assert set(wrong_fields(world.login("alice"))) == {"user.birthDate", "user.timezone", "registration.data"}


# When it runs


@pytest.mark.parametrize(
    ("strategy", "runs"),
    [
        ("LinkByEmail", True),
        ("LinkByUsername", True),
        ("LinkByEmailForExistingUser", True),
        ("LinkByUsernameForExistingUser", True),
        ("CreatePendingLink", True),
        ("Disabled", True),
        ("LinkAnonymously", False),
    ],
)
def test_for_a_linked_user_the_lambda_runs_under_every_strategy_but_one(
    world: World, strategy: str, runs: bool
) -> None:
    world.logged_in("alice")
    world.reconcile_with(running("user.firstName = 'ran';"), linkingStrategy=strategy)
    assert ("firstName" in world.logged_in("alice")["user"]) is runs


def test_the_lambda_runs_at_every_login_of_a_linked_user(world: World) -> None:
    world.reconcile_with(running("user.data.count = (user.data.count || 0) + 1;"))
    counts = [world.logged_in("alice")["user"]["data"]["count"] for _ in range(3)]
    assert counts == [1, 2, 3]


# console


def test_each_kind_of_console_output_is_one_entry(world: World) -> None:
    lambda_id = world.reconcile_with(
        running(
            "console.info('one'); console.log('two'); console.error('three'); console.error('four');"
            "console.debug('five'); console.debug('six');"
        ),
        debug=True,
    )
    assert world.login("alice").status_code == 200
    texts = {entry["type"]: entry["message"] for entry in world.events()}
    assert len(world.events()) == 3
    assert texts["Information"].endswith("\n\none\ntwo")
    assert texts["Error"].endswith("\n\nthree\nfour")
    assert texts["Debug"].endswith("\n\nfive\nsix")
    assert all(lambda_id in text for text in texts.values())


def test_debug_output_is_dropped_unless_the_lambda_asks_for_it(world: World) -> None:
    world.reconcile_with(running("console.debug('hidden');"))
    assert world.login("alice").status_code == 200
    assert world.events() == []


def test_console_output_is_written_although_the_login_fails(world: World) -> None:
    world.reconcile_with(running("console.info('before'); user.birthDate = 'x';"))
    assert world.login("alice").status_code == 400
    assert world.messages("Information")[0].endswith("before")


def test_hostile_console_output_is_stored_harmlessly(world: World) -> None:
    world.reconcile_with(running("console.info('a\\u0000b\\ud800<script>'); console.info('x'.repeat(1000000));"))
    assert world.login("alice").status_code in {200, 512}
    assert world.events()


# Failures


@pytest.mark.parametrize("debug", [True, False])
def test_d41_a_lambda_that_throws_is_512_with_its_text_in_the_event_log_only(world: World, debug: bool) -> None:
    lambda_id = world.reconcile_with(running("console.info('so far'); throw new Error('canary');"), debug=debug)
    answer = world.login("alice")
    assert answer.status_code == 512
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[LambdaInvocationException]"]
    assert answer.json()["fieldErrors"] == {}
    assert "canary" not in answer.text
    [message] = world.messages("Error")
    assert "canary" in message and lambda_id in message
    assert world.messages("Information")[0].endswith("so far")
    assert world.nothing_written()


@pytest.mark.parametrize(
    "body",
    [
        "nothing.there();",
        "while (true) {}",
        "let a = []; while (true) a.push('x'.repeat(100000));",
        "fetch('https://example.com');",
        "user.data = user; ",
        "require('fs');",
    ],
    ids=["a runtime error", "a loop", "a memory hog", "fetch", "a circle", "require"],
)
def test_a_lambda_that_fails_in_any_way_is_512_and_the_next_login_works(world: World, body: str) -> None:
    world.reconcile_with(running(body))
    assert world.login("alice").status_code == 512
    assert world.nothing_written()
    assert len(world.events("Error")) == 1
    world.configure()
    assert world.login("alice").status_code == 200


def test_a_failing_lambda_leaves_an_existing_user_as_they_were(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    world.reconcile_with(running("user.firstName = 'X'; throw 'no';"))
    assert world.login("alice").status_code == 512
    assert world.user(user["id"]) == user


def test_a_number_beyond_64_bits_is_kept_and_told(world: World) -> None:
    world.reconcile_with(running("user.data = {n: Math.pow(2, 65)}; registration.data = {n: -Math.pow(2, 65)};"))
    first = world.logged_in("alice")["user"]
    again = world.logged_in("alice")["user"]
    assert first["data"] == again["data"] == {"n": 2**65}
    assert again["registrations"][0]["data"] == {"n": -(2**65)}
    assert world.service.call("GET", f"/api/user/{again['id']}").json()["user"]["data"] == {"n": 2**65}
