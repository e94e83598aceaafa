"""Personal access tokens: generate, regenerate, remove, list (rocket section 5.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

import pytest

from tests import postgres
from tests.rocketchat.client import Chat, Session, chat_world
from tests.rocketchat.tokens import (
    GENERATE,
    LIST,
    NOT_TEXTS,
    PROOF,
    REGENERATE,
    REMOVE,
    generate,
    is_forbidden,
    personal,
    refusal,
)

CHANGES = (GENERATE, REGENERATE, REMOVE)
AT_ONCE = 8


@pytest.fixture(scope="module")
def strict_chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """A door whose operator lets plain users have no personal tokens."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, denied_permissions="create-personal-access-tokens") as made:
        yield made
    postgres.drop_database(postgres_server, url)


def names(session: Session) -> list[str]:
    return [token["name"] for token in session.get(LIST).json()["tokens"]]


def test_a_token_is_told_once_and_opens_the_same_account(chat: Chat) -> None:
    session = chat.somebody()
    answer = generate(session, "ci")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    body = answer.json()
    assert body == {"token": body["token"], "success": True}
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", body["token"])
    me = Session(chat, session.user_id, body["token"]).get("/api/v1/me").json()
    assert me["_id"] == session.user_id
    assert body["token"] not in session.get(LIST).text


def test_the_list_says_what_one_knows_a_token_by(chat: Chat) -> None:
    session = chat.somebody()
    assert session.get(LIST).json() == {"tokens": [], "success": True}
    first = personal(session, "first")
    second = personal(session, "second", bypassTwoFactor=True)
    answer = session.get(LIST)
    assert answer.headers["Content-Type"] == "application/json"
    listed = answer.json()["tokens"]
    instants = [token.pop("createdAt") for token in listed]
    assert listed == [
        {"name": "first", "lastTokenPart": first.token[-6:], "bypassTwoFactor": False},
        {"name": "second", "lastTokenPart": second.token[-6:], "bypassTwoFactor": True},
    ]
    assert all(instant.endswith("Z") and datetime.fromisoformat(instant) for instant in instants)
    assert second.get(LIST).json()["tokens"][0]["name"] == "first"


def test_it_never_expires(chat: Chat) -> None:
    token = personal(chat.somebody())
    chat.world.clock.advance(days=4000)
    assert token.is_alive


def test_it_is_no_login_to_go_on_with_under_another_id(chat: Chat) -> None:
    token, other = personal(chat.somebody()), chat.somebody()
    assert not Session(chat, other.user_id, token.token).is_alive


def test_a_name_is_given_once_to_each_user(chat: Chat) -> None:
    session, other = chat.somebody(), chat.somebody()
    token = personal(session, "same")
    assert refusal(generate(session, "same")) == "error-token-already-exists"
    assert refusal(generate(session, " same ")) == "error-token-already-exists"
    assert token.is_alive
    assert personal(other, "same").is_alive
    assert personal(session, "Same").is_alive


def test_of_many_who_ask_for_one_name_at_once_one_gets_it(chat: Chat) -> None:
    session = chat.somebody()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: generate(session, "wanted"), range(AT_ONCE)))
    [token] = [answer.json()["token"] for answer in answers if answer.status_code == 200]
    assert Session(chat, session.user_id, token).is_alive
    refused = [refusal(answer) for answer in answers if answer.status_code != 200]
    assert refused == ["error-token-already-exists"] * (AT_ONCE - 1)
    assert names(session) == ["wanted"]


def test_nobody_has_more_than_a_hundred(chat: Chat) -> None:
    session = chat.somebody()
    for number in range(100):
        personal(session, f"token {number}")
    assert refusal(generate(session, "one more")) == "error-too-many-tokens"
    assert len(names(session)) == 100


def test_making_it_anew_ends_the_old_one_and_keeps_its_powers(chat: Chat) -> None:
    session = chat.somebody()
    old, other = personal(session, "ci", bypassTwoFactor=True), personal(session, "other")
    answer = session.post(REGENERATE, {"tokenName": "ci"}, headers=PROOF)
    body = answer.json()
    assert body == {"token": body["token"], "success": True}
    new = Session(chat, session.user_id, body["token"])
    assert [each.is_alive for each in (old, new, other, session)] == [False, True, True, True]
    listed = {token["name"]: token for token in session.get(LIST).json()["tokens"]}
    assert listed["ci"]["bypassTwoFactor"] is True
    assert listed["ci"]["lastTokenPart"] == new.token[-6:]


def test_made_anew_many_times_at_once_one_token_is_left(chat: Chat) -> None:
    session = chat.somebody()
    personal(session, "ci")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: session.post(REGENERATE, {"tokenName": "ci"}, headers=PROOF), range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {200}
    alive = [Session(chat, session.user_id, answer.json()["token"]).is_alive for answer in answers]
    assert alive.count(True) == 1
    assert names(session) == ["ci"]


def test_a_token_can_make_itself_anew_and_is_then_worth_nothing(chat: Chat) -> None:
    token = personal(chat.somebody(), "ci", bypassTwoFactor=True)
    answer = token.post(REGENERATE, {"tokenName": "ci"})
    assert answer.status_code == 200
    assert not token.is_alive
    assert Session(chat, token.user_id, answer.json()["token"]).is_alive


def test_a_removed_token_is_worth_nothing_and_its_name_is_free(chat: Chat) -> None:
    session = chat.somebody()
    token = personal(session, "ci")
    answer = session.post(REMOVE, {"tokenName": "ci"}, headers=PROOF)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert not token.is_alive
    assert personal(session, "ci").is_alive


@pytest.mark.parametrize("path", [REGENERATE, REMOVE])
def test_a_name_that_only_somebody_else_has_is_unknown(chat: Chat, path: str) -> None:
    session, other = chat.somebody(), chat.somebody()
    token = personal(other, "ci")
    assert refusal(session.post(path, {"tokenName": "ci"}, headers=PROOF)) == "error-token-does-not-exists"
    assert token.is_alive


@pytest.mark.parametrize("path", CHANGES)
def test_changes_ask_for_a_second_factor_first(chat: Chat, path: str) -> None:
    session = chat.somebody()
    assert refusal(session.post(path, {"tokenName": "ci"})) == "totp-required"
    assert names(session) == []


@pytest.mark.parametrize("path", (*CHANGES, LIST))
def test_one_must_be_signed_in(chat: Chat, path: str) -> None:
    method = "GET" if path == LIST else "POST"
    assert chat.call(method, path, headers=PROOF).status_code == 401


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("value", [*NOT_TEXTS, None, "", " ", "n" * 101])
def test_a_name_must_be_a_text_of_a_hundred_characters_at_most(chat: Chat, path: str, value: object) -> None:
    assert refusal(chat.somebody().post(path, {"tokenName": value}, headers=PROOF)) == "invalid-params"


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("body", [[], "text", 3, {}, {"tokenname": "x"}])
def test_a_body_without_a_name_is_refused(chat: Chat, path: str, body: object) -> None:
    assert refusal(chat.somebody().post(path, body, headers=PROOF)) == "invalid-params"


@pytest.mark.parametrize("name", ["n" * 100, "'; DROP TABLE users; --", "\u202e\U0001f680", "a\nb", "%s", "<script>"])
def test_any_other_text_is_a_name(chat: Chat, name: str) -> None:
    session = chat.somebody()
    assert personal(session, name).is_alive
    assert names(session) == [name]


@pytest.mark.parametrize("value", [1, "yes", [], {}, "True"])
def test_what_bypasses_the_second_factor_is_true_or_false(chat: Chat, value: object) -> None:
    assert refusal(generate(chat.somebody(), "ci", bypassTwoFactor=value)) == "invalid-params"


@pytest.mark.parametrize(("text", "bypass"), [("true", True), ("false", False)])
def test_a_form_does_as_well(chat: Chat, text: str, bypass: bool) -> None:
    session = chat.somebody()
    answer = session.post(GENERATE, data={"tokenName": "ci", "bypassTwoFactor": text}, headers=PROOF)
    assert answer.status_code == 200
    assert session.get(LIST).json()["tokens"][0]["bypassTwoFactor"] is bypass


@pytest.mark.parametrize("path", CHANGES)
def test_who_may_have_none_can_change_none(strict_chat: Chat, path: str) -> None:
    session = strict_chat.somebody()
    answer = session.post(path, {"tokenName": "ci"}, headers=PROOF)
    assert refusal(answer) == "not-authorized"
    assert answer.json()["error"] == "Not Authorized [not-authorized]"


def test_who_may_have_none_sees_none(strict_chat: Chat) -> None:
    message = "User does not have the permissions required for this action [error-unauthorized]"
    assert is_forbidden(strict_chat.somebody().get(LIST), message)


def test_what_is_taken_from_plain_users_is_not_taken_from_admins(strict_chat: Chat) -> None:
    admin = strict_chat.admin()
    assert personal(admin, "ci").is_alive
    assert names(admin) == ["ci"]


def test_no_token_slips_past_somebody_who_ends_everything(chat: Chat) -> None:
    person = chat.person()
    person.add_user()
    for number in range(5):
        thief, owner = chat.logged_in(person.email), chat.logged_in(person.email)
        with ThreadPoolExecutor(2) as pool:
            made = pool.submit(generate, thief, f"loot {number}")
            pool.submit(owner.post, "/api/v1/users.logout").result()
        answer = made.result()
        assert answer.status_code in {200, 401}
        if answer.status_code == 200:
            assert not Session(chat, thief.user_id, answer.json()["token"]).is_alive


def test_none_is_left_to_somebody_who_took_another_persons_address(chat: Chat) -> None:
    world = chat.world
    email = world.x.person("alice")["email"]
    session = chat.somebody(email=email)
    token = personal(session, bypassTwoFactor=True)
    world.rows("UPDATE users SET verified = false WHERE email = %s RETURNING id", email)
    world.strategy("LinkByEmail")
    assert world.login("alice").json()["user"]["email"] == email
    assert not token.is_alive
    assert not session.is_alive


@pytest.mark.parametrize("verified", [False, True], ids=["an unproved address", "a proved address"])
def test_none_outlives_a_reset_by_the_owner_of_an_address_that_nobody_had_proved(chat: Chat, verified: bool) -> None:
    world = chat.world
    email = f"{uuid4()}@example.com"
    session = chat.somebody(email=email)
    token = personal(session)
    world.rows("UPDATE users SET verified = %s WHERE email = %s RETURNING id", verified, email)
    wish = {"loginId": email, "sendForgotPasswordEmail": False}
    secret = world.service.call("POST", "/api/user/forgot-password", wish).json()["changePasswordId"]
    reset = world.service.call("POST", f"/api/user/change-password/{secret}", {"password": "the owner's own"})
    assert reset.status_code == 200, reset.text
    assert token.is_alive is verified
    assert not session.is_alive
