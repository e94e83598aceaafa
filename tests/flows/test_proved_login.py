"""A login that misses a step leaves a proof, by which it goes on after the step; and what carries it is sealed."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.sign_in import SignIn
from identity.domain.trace import Trace
from identity.flows.hosted.carried import NotThisBrowser, open_sealed, seal
from identity.flows.hosted.resume_proved import peek, resume
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest, Visit
from identity.flows.login.password_login import PasswordRequest, log_in
from tests.login_world import TWITTER, World
from tests.password_door import PASSWORD, Door
from tests.verifying import GATED, linked_person, verify_emails

VISIT = Visit(no_jwt=True, resumable=True)
BROWSER = "b" * 43


def knock(world: World, door: Door, visit: Visit = VISIT) -> LoginOutcome:
    services = world.service.services
    request = PasswordRequest(
        visit, keyed=True, application_id=UUID(world.application_id), login_id=door.email, password=PASSWORD
    )
    return log_in(services, request, Trace(services.runtime.now))


def go_on(world: World, proof: str) -> LoginOutcome:
    services = world.service.services
    return resume(services, proof, VISIT, Trace(services.runtime.now))


@pytest.fixture
def unverified(world: World) -> Door:
    verify_emails(world, **GATED)
    door = Door(world)
    door.add_user(verified=False)
    return door


def make_verified(world: World, door: Door) -> None:
    [(user_id,)] = world.rows("SELECT id FROM users WHERE email = %s", door.email)
    answer = world.service.call("POST", "/api/user/verify-email", {"userId": str(user_id)})
    assert answer.status_code == 200, answer.text


def test_a_gated_login_goes_on_once_the_address_is_verified(world: World, unverified: Door) -> None:
    stopped = knock(world, unverified)
    assert (stopped.verdict, stopped.completed) == (Verdict.EMAIL_UNVERIFIED, False)
    assert stopped.proof is not None
    make_verified(world, unverified)
    outcome = go_on(world, stopped.proof)
    assert (outcome.verdict, outcome.completed, outcome.authentication_type) == (Verdict.LOGGED_IN, True, "PASSWORD")
    assert outcome.tokens is None
    assert world.count("login_records") == 1


def test_a_proof_judges_every_gate_anew_and_leaves_another_proof_while_the_step_is_missing(
    world: World, unverified: Door
) -> None:
    stopped = knock(world, unverified)
    assert stopped.proof is not None
    again = go_on(world, stopped.proof)
    assert again.verdict is Verdict.EMAIL_UNVERIFIED
    assert again.proof not in (None, stopped.proof)
    assert world.count("login_records") == 0


def test_a_proof_works_once(world: World, unverified: Door) -> None:
    proof = knock(world, unverified).proof
    assert proof is not None
    make_verified(world, unverified)
    assert go_on(world, proof).verdict is Verdict.LOGGED_IN
    assert go_on(world, proof).verdict is Verdict.NOT_FOUND


def test_a_proof_is_over_after_ten_minutes(world: World, unverified: Door) -> None:
    proof = knock(world, unverified).proof
    assert proof is not None
    world.clock.offset += 600_000
    assert peek(world.service.services, proof) is None
    assert go_on(world, proof).verdict is Verdict.NOT_FOUND


def test_no_proof_is_left_by_a_door_that_does_not_ask_for_one(world: World, unverified: Door) -> None:
    assert knock(world, unverified, replace(VISIT, resumable=False)).proof is None
    assert world.rows("SELECT 1 FROM external_identifiers WHERE kind = 'proved login'") == []


def test_a_completed_login_that_misses_nothing_leaves_no_proof(world: World) -> None:
    door = Door(world)
    door.add_user()
    assert knock(world, door).proof is None


def test_who_is_not_registered_is_logged_in_and_may_register_with_the_proof(world: World) -> None:
    door = Door(world)
    user_id = door.add_user(registered=False)
    outcome = knock(world, door)
    assert (outcome.verdict, outcome.completed) == (Verdict.NOT_REGISTERED, True)
    found = peek(world.service.services, outcome.proof)
    assert found is not None and found.user_id == UUID(user_id)


def test_a_sign_in_opens_for_its_own_browser_only(world: World) -> None:
    services = world.service.services
    sign_in = SignIn({"client_id": "x", "state": "ä"}, tenant_id=UUID(int=1), ticket="secret", shown={"verdict": 242})
    sealed = seal(services, sign_in, BROWSER)
    assert "secret" not in sealed
    assert open_sealed(services, sealed, BROWSER) == sign_in
    for text, browser in ((sealed, "c" * 43), (sealed[:-2], BROWSER), ("", BROWSER), ("v1.dev.ä", BROWSER), ("v1", "")):
        with pytest.raises(NotThisBrowser):
            open_sealed(services, text, browser)


def test_a_sign_in_with_a_letter_changed_does_not_open(world: World) -> None:
    services = world.service.services
    sealed = seal(services, SignIn(), BROWSER)
    place = len(sealed) // 2
    tampered = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
    with pytest.raises(NotThisBrowser):
        open_sealed(services, tampered, BROWSER)


def test_a_proof_is_over_when_the_link_that_the_person_came_by_is_gone(world: World) -> None:
    verify_emails(world, **GATED)
    user_id = linked_person(world, verified=False)
    services = world.service.services
    body = world.login_body("alice")
    request = LoginRequest(UUID(world.application_id), UUID(TWITTER), body["data"], VISIT)
    stopped = complete_login(services, request, Trace(services.runtime.now))
    assert stopped.verdict is Verdict.EMAIL_UNVERIFIED and stopped.proof is not None
    [link] = world.links(user_id)
    assert world.unlink(user_id, link["identityProviderUserId"]).status_code == 200
    assert go_on(world, stopped.proof).verdict is Verdict.NOT_FOUND
    assert world.count("login_records") == 0
