"""Blocking at the Rocket.Chat door: the tenant's lockout, and its own rules (rocket section 8.1; decision 21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
import requests

from identity.domain.outcome import Verdict
from identity.domain.rocketchat_forms import Looked, Password, PasswordForm
from identity.domain.trace import Trace
from identity.flows.housekeeping import keep_house
from identity.flows.login.login_attempt import Visit
from identity.flows.rocketchat.door import bound_application
from identity.flows.rocketchat.guarded_login import guarded_password_login
from identity.flows.rocketchat.log_in import visit_at_door
from tests import postgres
from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat, chat_world, unauthorized
from tests.rocketchat.factors import guarded
from tests.second_factors import with_phone
from tests.storm import at_once

WRONG = "incorrect horse battery"
FOR_USER = ("error-login-blocked-for-user", "Login has been temporarily blocked For User")
FOR_ADDRESS = ("error-login-blocked-for-ip", "Login has been temporarily blocked For IP")
MOST = 5
"""Wrong passwords that the tenant takes, unless it says otherwise."""

BY_USER = {"block_user_attempts": 3, "block_user_seconds": 60}
BY_ADDRESS = {"block_ip_attempts": 3, "block_ip_seconds": 60}
WithRules = Callable[..., Chat]


@pytest.fixture(scope="module")
def with_rules(postgres_server: postgres.Server, migrated_template: str) -> Iterator[WithRules]:
    """Doors with rules of their own: a service for each set of rules, made when it is first asked for."""
    made: dict[str, Chat] = {}
    urls = []
    with ExitStack() as services:

        def chat(**rules: Any) -> Chat:
            if repr(rules) not in made:
                urls.append(postgres.fresh_database(postgres_server, migrated_template))
                made[repr(rules)] = services.enter_context(chat_world(urls[-1], **rules))
            return made[repr(rules)]

        yield chat
    for url in urls:
        postgres.drop_database(postgres_server, url)


def person_of(chat: Chat) -> Door:
    made = chat.person()
    made.add_user(username=name_of(made))
    return made


def name_of(person: Door) -> str:
    return f"name-{person.email.partition('@')[0]}"


def knock(chat: Chat, person: Door, password: str = PASSWORD, **options: Any) -> requests.Response:
    return chat.login({"user": person.email, "password": password}, **options)


def fail(chat: Chat, person: Door, times: int, **options: Any) -> None:
    for _ in range(times):
        assert unauthorized(knock(chat, person, WRONG, **options))


def is_blocked(answer: requests.Response, who: tuple[str, str]) -> bool:
    body = {"success": False, "status": "error", "error": who[0], "message": who[1]}
    details = {"function": "Accounts.validateLoginAttempt"}
    return answer.status_code == 401 and answer.json() == body | {"details": details}


def gets_in(answer: requests.Response) -> bool:
    return answer.status_code == 200


# Where the operator set nothing, the tenant's rules hold.


def test_a_run_of_wrong_passwords_through_this_door_closes_api_login_too(chat: Chat) -> None:
    person = person_of(chat)
    fail(chat, person, MOST)
    assert person.status() == 423
    assert is_blocked(knock(chat, person), FOR_USER)
    assert unauthorized(knock(chat, person, WRONG))
    chat.world.clock.advance(minutes=3)
    assert person.status() == 200


def test_a_run_of_wrong_passwords_at_api_login_closes_this_door_too(chat: Chat) -> None:
    person = person_of(chat)
    assert [person.status(WRONG) for _ in range(MOST)] == [404] * MOST
    assert is_blocked(knock(chat, person), FOR_USER)
    chat.world.clock.advance(minutes=3)
    assert gets_in(knock(chat, person))


def test_wrong_passwords_at_both_doors_are_counted_together(chat: Chat) -> None:
    person = person_of(chat)
    fail(chat, person, MOST - 2)
    assert [person.status(WRONG) for _ in range(2)] == [404] * 2
    assert is_blocked(knock(chat, person), FOR_USER)


def test_without_a_rule_of_its_own_the_door_keeps_no_count_of_its_own(chat: Chat) -> None:
    person = person_of(chat)
    fail(chat, person, 2)
    assert gets_in(knock(chat, person))
    assert chat.world.count("rocketchat_failures") == 0


# By user.


def test_as_many_failures_as_the_operator_set_block_the_user_even_with_the_right_password(
    with_rules: WithRules,
) -> None:
    chat = with_rules(**BY_USER)
    person, neighbour = person_of(chat), person_of(chat)
    fail(chat, person, 3)
    assert is_blocked(knock(chat, person), FOR_USER)
    assert is_blocked(knock(chat, person, WRONG), FOR_USER)
    assert gets_in(knock(chat, neighbour))


@pytest.mark.parametrize(("rules", "why"), [(BY_USER, FOR_USER), (BY_ADDRESS, FOR_ADDRESS)])
def test_the_trace_of_a_blocked_login_says_why(
    with_rules: WithRules, rules: dict[str, int], why: tuple[str, str]
) -> None:
    chat = with_rules(**rules)
    chat.world.clock.advance(minutes=2)
    person = person_of(chat)
    fail(chat, person, 3)
    trace = chat.world.trace_of(knock(chat, person))
    assert (trace["status"], trace["rule"]) == (423, "rocket 8.1")
    assert why[0] in trace["steps"][-1]["text"]
    assert trace["tenantId"] == str(chat.world.service.tenant_id)
    assert trace["applicationId"] == chat.world.application_id
    chat.world.clock.advance(minutes=2)  # others knock from the same address


def test_the_window_slides_and_blocked_attempts_count_in_it(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    fail(chat, person, 3)
    chat.world.clock.advance(seconds=40)
    for _ in range(3):
        assert is_blocked(knock(chat, person), FOR_USER)
    chat.world.clock.advance(seconds=40)
    assert is_blocked(knock(chat, person), FOR_USER)
    chat.world.clock.advance(seconds=61)
    assert gets_in(knock(chat, person))


def test_failures_that_left_the_window_block_nobody(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    fail(chat, person, 2)
    chat.world.clock.advance(seconds=61)
    fail(chat, person, 2)
    assert gets_in(knock(chat, person))


def test_a_success_makes_the_failures_before_it_nothing(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    for _ in range(3):
        fail(chat, person, 2)
        assert gets_in(knock(chat, person))


def test_every_way_of_naming_a_user_is_counted_as_that_user(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    user_id = chat.logged_in(person.email).user_id
    for body in ({"user": person.email.upper()}, {"username": name_of(person)}, {"user": {"id": user_id}}):
        assert unauthorized(chat.login(body | {"password": WRONG}))
    assert is_blocked(knock(chat, person), FOR_USER)
    assert is_blocked(chat.login({"user": {"id": user_id}, "password": PASSWORD}), FOR_USER)


def test_a_name_of_nobody_is_blocked_like_a_users(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    nobody = chat.person()
    fail(chat, nobody, 3)
    assert is_blocked(knock(chat, nobody), FOR_USER)
    chat.world.clock.advance(seconds=61)
    assert unauthorized(knock(chat, nobody))


def test_where_the_operator_set_a_rule_the_tenants_lockout_does_not_close_this_door(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    assert [person.status(WRONG) for _ in range(MOST)] == [404] * MOST
    assert person.status() == 423
    assert gets_in(knock(chat, person))
    assert person.status() == 423


def test_failures_here_still_count_for_the_tenants_lockout_at_other_doors(with_rules: WithRules) -> None:
    chat = with_rules(**{**BY_USER, "block_user_attempts": 10})
    person = person_of(chat)
    fail(chat, person, MOST)
    assert person.status() == 423
    assert gets_in(knock(chat, person))


def test_a_missing_and_a_wrong_second_factor_are_failures(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = guarded(chat, "totp")
    wrong = person.phone.wrong_codes(1)[0]
    assert [person.error(), person.error(wrong), person.error()] == ["totp-required", "totp-invalid", "totp-required"]
    assert person.error(person.phone.code()) == FOR_USER[0]
    chat.world.clock.advance(seconds=61)
    assert person.error() == "totp-required"
    assert gets_in(person.login(person.phone.code()))
    assert [person.error(), person.error()] == ["totp-required"] * 2
    assert gets_in(person.login(person.phone.code()))


def test_neither_does_it_close_the_second_factor_behind_the_password(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = guarded(chat, "totp")
    door = Door(chat.world, person.email)
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST
    assert door.status() == 423
    assert person.error(person.phone.wrong_codes(1)[0]) == "totp-invalid"
    assert gets_in(person.login(person.phone.code()))


def test_ten_wrong_codes_close_the_second_factor_whatever_the_rules_of_the_door(with_rules: WithRules) -> None:
    chat = with_rules(block_user_attempts=0)
    person = guarded(chat, "totp")
    door = Door(chat.world, person.email)
    assert [person.error(each) for each in person.phone.wrong_codes(9)] == ["totp-invalid"] * 9
    assert [door.status(WRONG) for _ in range(MOST)] == [404] * MOST
    assert person.error(person.phone.wrong_codes(11)[10]) == "totp-invalid"
    assert person.error(person.phone.code()) == "totp-invalid"
    chat.world.clock.advance(minutes=4)
    assert person.error(person.phone.code()) == "totp-invalid"
    chat.world.clock.advance(minutes=12)
    assert gets_in(person.login(person.phone.code()))


def test_a_tenants_action_against_guessing_keeps_out_of_this_door_whatever_its_rules(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    user_id = chat.world.rows("SELECT id FROM users WHERE email = %s", person.email)[0][0]
    action = {"userAction": {"name": f"Out {uuid4()}", "temporal": True, "preventLogin": True}}
    made = chat.world.service.call("POST", "/api/user-action", action).json()["userAction"]
    taken = {
        "action": {
            "actioneeUserId": str(user_id),
            "actionerUserId": str(user_id),
            "userActionId": made["id"],
            "expiry": chat.world.service.services.runtime.now() + 3_600_000,
        },
        "broadcast": False,
    }
    assert chat.world.service.call("POST", "/api/user/action", taken).status_code == 200
    assert is_blocked(knock(chat, person), FOR_USER)


def test_32_guesses_at_once_never_let_the_right_password_in_after_the_limit(with_rules: WithRules) -> None:
    chat = with_rules(**{**BY_USER, "block_user_attempts": 10})
    person = person_of(chat)
    guesses = [WRONG] * 31 + [PASSWORD]
    answers = Counter(at_once(lambda number: knock(chat, person, guesses[number]).status_code, 32))
    assert answers[200] <= 1
    fail_to_the_end(chat, person)
    late = Counter(at_once(lambda _: knock(chat, person).status_code, 32))
    assert late == {401: 32}


def test_nobody_gets_in_who_was_still_hashing_when_the_doors_own_limit_was_reached(with_rules: WithRules) -> None:
    """Between the reading of the facts and the hashing of the right password, others use the attempts up."""
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    services = chat.world.service.services
    configuration = bound_application(services)
    form = PasswordForm(person.email, Looked.EMAIL, Password(PASSWORD))
    others = iter(range(3))

    def clock() -> int:
        """The trace asks for the time as soon as the user is known."""
        for _ in others:
            fail(chat, person, 1)
        return services.runtime.now()

    trace = Trace(clock)
    visit = visit_at_door(services, configuration, Visit())
    outcome = guarded_password_login(services, configuration, form, visit, "127.0.0.1", trace)
    assert outcome.verdict is Verdict.LOCKED
    assert "The password is right: PASSWORD." in [step.text for step in trace]


def fail_to_the_end(chat: Chat, person: Door) -> None:
    """Guess until the door says that it is enough; a success among the guesses began the count anew."""
    for _ in range(11):
        if is_blocked(knock(chat, person, WRONG), FOR_USER):
            return
    raise AssertionError("the user is never blocked")


@pytest.mark.parametrize(
    "rules",
    [
        {**BY_USER, "block_by_user": False},
        {**BY_USER, "blocking": False},
    ],
    ids=["block_by_user", "blocking"],
)
def test_a_rule_that_is_switched_off_leaves_the_tenants_lockout_in_force(
    with_rules: WithRules, rules: dict[str, Any]
) -> None:
    chat = with_rules(**rules)
    person = person_of(chat)
    fail(chat, person, MOST)
    assert is_blocked(knock(chat, person), FOR_USER)
    assert person.status() == 423
    assert chat.world.count("rocketchat_failures") == 0


def test_a_threshold_of_zero_never_blocks_a_user_here(with_rules: WithRules) -> None:
    chat = with_rules(block_user_attempts=0)
    person = person_of(chat)
    fail(chat, person, MOST + 1)
    assert person.status() == 423
    assert gets_in(knock(chat, person))


def by_token(chat: Chat, **members: Any) -> requests.Response:
    """A login with an access token of X's alice."""
    x = chat.world.x
    token, secret = x.access_token("alice")
    app = {"appId": x.consumer_key, "appSecret": x.consumer_secret, "expiresIn": 200}
    return chat.login({"serviceName": "twitter", "accessToken": token, "accessTokenSecret": secret} | app | members)


def test_behind_a_providers_token_codes_are_what_a_user_is_blocked_for(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    me = by_token(chat).json()["data"]["me"]
    person = Door(chat.world, me["email"])
    fail(chat, person, 3)
    assert gets_in(by_token(chat))
    user_id = chat.world.rows("SELECT id FROM users WHERE rc_id = %s", me["_id"])[0][0]
    chat.world.clock.advance(minutes=4)
    phone, _ = with_phone(chat.world, str(user_id))
    wrong = phone.wrong_codes(3)
    assert [by_token(chat, code=each).json()["error"] for each in wrong] == ["totp-invalid"] * 3
    assert is_blocked(by_token(chat, code=phone.code()), FOR_USER)
    chat.world.clock.advance(seconds=61)
    assert gets_in(by_token(chat, code=phone.code()))


# By address.


def test_a_provider_that_fails_counts_against_nobody(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS)
    for _ in range(4):
        chat.world.x.fault("unavailable")
        assert by_token(chat).status_code == 500
    chat.world.x.reset()
    assert gets_in(by_token(chat))


def test_as_many_failures_as_the_operator_set_block_the_address_for_everybody(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS)
    people = [person_of(chat) for _ in range(4)]
    for person in people[:3]:
        fail(chat, person, 1)
    assert is_blocked(knock(chat, people[3]), FOR_ADDRESS)
    assert is_blocked(knock(chat, people[3], WRONG), FOR_ADDRESS)
    chat.world.clock.advance(seconds=61)
    assert gets_in(knock(chat, people[3]))


def test_a_blocked_address_resumes_nothing_and_bad_tokens_count(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS)
    token = chat.logged_in(person_of(chat).email).token
    assert gets_in(chat.login({"resume": token}))
    for _ in range(2):
        assert unauthorized(chat.login({"resume": "x" * 43}))
    assert gets_in(chat.login({"resume": token}))
    assert unauthorized(chat.login({"resume": "x" * 43}))
    assert is_blocked(chat.login({"resume": token}), FOR_ADDRESS)
    chat.world.clock.advance(seconds=61)
    assert gets_in(chat.login({"resume": token}))


def test_the_address_is_asked_before_the_user(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER, **BY_ADDRESS)
    person = person_of(chat)
    fail(chat, person, 3)
    assert is_blocked(knock(chat, person), FOR_ADDRESS)


def test_addresses_that_only_a_header_names_do_not_decide(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS)
    person = person_of(chat)
    for number in range(3):
        fail(chat, person, 1, headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert is_blocked(knock(chat, person, headers={"X-Forwarded-For": "198.51.100.9"}), FOR_ADDRESS)
    chat.world.clock.advance(seconds=61)


def test_addresses_on_the_whitelist_are_never_blocked(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS, block_ip_whitelist="203.0.113.7, 127.0.0.0/8")
    person = person_of(chat)
    fail(chat, person, MOST - 1)
    assert gets_in(knock(chat, person))
    assert chat.world.count("rocketchat_failures") == 0


def test_parallel_guesses_from_one_address_block_it(with_rules: WithRules) -> None:
    chat = with_rules(**BY_ADDRESS)
    people = [person_of(chat) for _ in range(8)]
    at_once(lambda number: knock(chat, people[number], WRONG).status_code, 8)
    assert is_blocked(knock(chat, people[0]), FOR_ADDRESS)
    chat.world.clock.advance(seconds=61)


# What is kept.


def test_what_is_kept_is_bounded_names_nobody_and_goes_when_it_matters_no_more(with_rules: WithRules) -> None:
    chat = with_rules(**BY_USER)
    person = person_of(chat)
    fail(chat, person, 3)
    for _ in range(5):
        assert is_blocked(knock(chat, person), FOR_USER)
    assert max(count for (count,) in chat.world.rows("SELECT cardinality(failures) FROM rocketchat_failures")) == 3
    named = "SELECT count(*) FROM rocketchat_failures f WHERE f::text LIKE %s"
    assert chat.world.rows(named, f"%{person.email}%") == [(0,)]
    chat.world.clock.advance(seconds=61)
    removed = keep_house(chat.world.service.services)
    assert removed["failures at the Rocket.Chat door"] > 0
    assert chat.world.count("rocketchat_failures") == 0
