"""What a login leaves in the event log: login contract 8.3 and 8.4, decisions 25 and 55."""

from __future__ import annotations

import re

import pytest

from tests.login_world import TWITTER, World

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S.*")


def debug_message(world: World) -> str:
    """The one Debug entry there is."""
    [message] = world.messages("Debug")
    return message


def test_without_debug_a_login_that_works_leaves_no_entry(world: World) -> None:
    assert world.login("alice").status_code == 200
    assert world.events() == []


def test_with_debug_each_attempt_is_one_entry_with_title_and_timed_steps(world: World) -> None:
    world.configure(debug=True)
    assert world.login("alice", verifier=True).status_code == 200
    title, empty, *steps = debug_message(world).split("\n")
    assert (title, empty) == (f"Login through [Twitter] (Twitter, {TWITTER})", "")
    assert all(LINE.fullmatch(step) for step in steps)
    assert world.login("alice").status_code == 200
    assert len(world.events("Debug")) == 2


def test_the_steps_tell_the_story_of_a_first_login(world: World) -> None:
    lambda_id = world.reconcile_with("function reconcile() {}", debug=False)
    world.configure(debug=True, lambdaConfiguration={"reconcileId": lambda_id})
    user_id = world.login("alice", verifier=True).json()["user"]["id"]
    story = [
        "/oauth/access_token",
        "X answered 200",
        "/1.1/account/verify_credentials.json",
        "X answered 200",
        '"screen_name":"alice"',
        "is linked to no user",
        "LinkByEmail",
        lambda_id,
        f"link to user {user_id}",
        "LOGGED_IN (200)",
    ]
    message = debug_message(world)
    position = 0
    for part in story:
        position = message.index(part, position) + 1


def test_the_steps_say_that_the_exchange_was_skipped_and_which_user_is_linked(world: World) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    world.configure(debug=True)
    assert world.login("alice").status_code == 200
    assert "skipped because oauth_verifier was omitted" in debug_message(world)
    assert f"is linked to user {user_id}" in debug_message(world)


@pytest.mark.parametrize(
    ("strategy", "person", "ending"),
    [
        ("CreatePendingLink", "alice", "LINK_PENDING (232)"),
        ("Disabled", "alice", "NOT_FOUND (404)"),
        ("LinkByEmail", "bob", "REFUSED (401)"),
    ],
)
def test_the_last_step_is_how_the_login_ended(world: World, strategy: str, person: str, ending: str) -> None:
    world.configure(debug=True, linkingStrategy=strategy)
    world.login(person)
    assert ending in debug_message(world).rpartition("\n")[2]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("kind", ["could_not_authenticate", "garbage", "reset"])
def test_a_failed_call_leaves_its_reason_with_and_without_debug(world: World, debug: bool, kind: str) -> None:
    world.configure(debug=debug)
    world.x.fault(kind)
    assert world.login("alice").status_code == 401
    [message] = world.messages("Error")
    assert message.startswith(f"Login through [Twitter] (Twitter, {TWITTER})")
    assert "[TwitterVerifyCredentials]" in message
    assert len(world.events("Debug")) == int(debug)


def test_an_unknown_provider_leaves_no_entry(world: World) -> None:
    world.configure(enabled=False, debug=True)
    assert world.login("alice").status_code == 401
    assert world.events() == []


# Secrets


@pytest.mark.parametrize("fault", [None, "could_not_authenticate", "internal_error", "garbage"])
def test_no_secret_is_in_the_event_log(world: World, fault: str | None) -> None:
    world.configure(debug=True)
    body = world.login_body("alice", verifier=True)
    if fault:
        world.x.fault(fault, endpoint="verify_credentials")
    answer = world.post_login(body)
    links = world.rows("SELECT user_id FROM links")
    secrets = {*body["data"].values(), world.x.consumer_secret, "alice@example.com"}
    secrets |= {link["token"] for row in links for link in world.links(str(row[0]))}
    secrets |= {answer.json()[name] for name in ("token", "refreshToken") if name in answer.json()}
    log = "\n".join(entry["message"] for entry in world.events())
    assert log
    assert [secret for secret in secrets if secret in log] == []


def test_secrets_are_shown_as_length_and_digest_and_the_e_mail_by_its_domain(world: World) -> None:
    world.configure(debug=True)
    assert world.login("alice", verifier=True).status_code == 200
    message = debug_message(world)
    assert f"consumer key {world.x.consumer_key}" in message
    for name in ("consumer secret", "token", "token secret", "oauth_verifier"):
        assert re.search(name + r" <\d+ characters, sha256 [0-9a-f]{8}>", message)
    assert "a***@example.com" in message


def test_other_members_of_the_profile_are_shown_with_their_values(world: World) -> None:
    world.configure(debug=True)
    assert world.login("alice").status_code == 200
    assert "Alice Adams" in debug_message(world)
    assert "Reads OAuth documents for fun" in debug_message(world)


def test_an_e_mail_that_the_profile_repeats_is_masked_everywhere(world: World) -> None:
    world.configure(debug=True)
    world.x.change_person("alice", description="write to alice@example.com", location="alice@example.com")
    assert world.login("alice").status_code == 200
    assert "alice@example.com" not in debug_message(world)


def test_a_hostile_profile_is_logged_as_text(world: World) -> None:
    world.configure(debug=True)
    assert world.login("mallory").status_code == 200
    assert "<script>" in debug_message(world)


def test_a_pending_link_id_is_not_in_the_event_log(world: World) -> None:
    world.configure(debug=True, linkingStrategy="CreatePendingLink")
    pending_id = world.login("alice").json()["pendingIdPLinkId"]
    assert pending_id not in debug_message(world)


def test_a_log_that_cannot_be_written_fails_no_login(world: World) -> None:
    world.configure(debug=True)
    with world.service.services.db.transaction() as conn:
        conn.execute("ALTER TABLE event_logs RENAME TO event_logs_away")
    try:
        answer = world.login("alice")
    finally:
        with world.service.services.db.transaction() as conn:
            conn.execute("ALTER TABLE event_logs_away RENAME TO event_logs")
    assert answer.status_code == 200, answer.text
