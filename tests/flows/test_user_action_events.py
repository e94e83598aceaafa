"""What webhooks and users hear of actions: start, modify, cancel, and the end that comes by itself, once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from identity.domain.action_logs import ENDLESS
from identity.domain.events import Event
from identity.flows.actions.end_user_actions import end_due_actions
from tests.acting import Acting, acting
from tests.login_world import World
from tests.queued_mails import queued_mails
from tests.webhook_world import NO, Hooks, hooks_of

ACTION = "user.action"
REVOKE = "jwt.refresh-token.revoke"
DAY = 86_400_000


@pytest.fixture
def admin(world: World) -> Acting:
    return acting(world.service)


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


def tomorrow(world: World) -> int:
    return world.service.services.runtime.now() + DAY


def ended(world: World) -> int:
    """How many actions one round of one worker ends."""
    return end_due_actions(world.service.services)


def template(world: World, text: str) -> str:
    wanted = {"name": uuid4().hex, "defaultSubject": "News", "defaultTextTemplate": text, "defaultHtmlTemplate": text}
    answer = world.service.call("POST", "/api/email/template", {"emailTemplate": wanted})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["emailTemplate"]["id"])


def test_an_action_that_ends_by_itself_lets_the_login_through_without_any_call_and_its_end_event_was_sent(
    world: World, admin: Acting, hooks: Hooks
) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    user_id = world.logged_in("alice")["user"]["id"]
    taken = admin.ban(user_id, expiry=tomorrow(world))
    assert (ended(world), world.login("alice").status_code) == (0, 409)
    world.clock.advance(days=1)
    assert world.login("alice").status_code == 200
    assert ended(world) == 1
    hooks.deliver()
    [end] = hook.events
    assert (end["phase"], end["actionId"], end["actioneeUserId"]) == ("end", taken["id"], user_id)
    log = world.service.client.retrieve_action(taken["id"]).success_response["action"]
    assert log["endEventSent"] is True


def test_of_many_workers_one_tells_the_end(world: World, admin: Acting, hooks: Hooks) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    user_id, definition = world.logged_in("alice")["user"]["id"], admin.definition()
    for _ in range(5):
        admin.take(user_id, definition, expiry=tomorrow(world))
    world.clock.advance(days=2)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: ended(world), range(8))) == 5
    hooks.deliver()
    assert len(hook.events) == 5
    assert (ended(world), hooks.deliver()) == (0, 0)


def test_an_action_that_can_not_be_told_of_keeps_no_other_from_ending(
    world: World, admin: Acting, hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.add(ACTION)
    hooks.switch_on(ACTION)
    user_id = world.logged_in("alice")["user"]["id"]
    stuck, *others = (admin.ban(user_id, expiry=tomorrow(world))["id"] for _ in range(4))
    world.clock.advance(days=2)
    services = world.service.services

    def present(event: Event) -> dict[str, Any]:
        if str(event.payload["action_id"]) == stuck:
            raise LookupError("no words")
        return services.present_event(event)

    assert end_due_actions(replace(services, present_event=present), batch=1) == len(others)
    assert stuck in caplog.text
    assert ended(world) == 1


def test_a_definition_may_keep_its_ends_to_itself(world: World, admin: Acting, hooks: Hooks) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    user_id = world.logged_in("alice")["user"]["id"]
    taken = admin.take(user_id, admin.definition(sendEndEvent=False), expiry=tomorrow(world))
    world.clock.advance(days=1)
    assert ended(world) == 1
    hooks.deliver()
    assert hook.events == []
    assert world.service.client.retrieve_action(taken["id"]).success_response["action"]["endEventSent"] is False


def test_what_was_moved_cancelled_or_has_no_end_does_not_end_by_itself(world: World, admin: Acting) -> None:
    user_id = world.logged_in("alice")["user"]["id"]
    moved, cancelled = (admin.ban(user_id, expiry=tomorrow(world)) for _ in range(2))
    admin.ban(user_id)
    admin.modify(moved["id"], expiry=tomorrow(world) + 9 * DAY)
    admin.cancel(cancelled["id"])
    world.clock.advance(days=5)
    assert ended(world) == 0
    world.clock.advance(days=6)
    assert ended(world) == 1


def test_who_asks_for_it_has_every_step_told(world: World, admin: Acting, hooks: Hooks) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    world.logged_in("alice")
    user_id = world.logged_in("alice")["user"]["id"]
    world.change_user(user_id, preferredLanguages=["fr"])
    definition = admin.definition(
        localizedNames={"fr": "Exclusion"},
        options=[{"name": "Hard", "localizedNames": {"fr": "Dur"}}],
        userNotificationsEnabled=True,
    )
    reason = admin.reason(localizedTexts={"fr": "Pourriel"})
    told = {"broadcast": True, "notifyUser": True}
    taken = admin.take(user_id, definition, option="Hard", reasonId=reason["id"], comment="a", **told)
    end = tomorrow(world)
    admin.modify(taken["id"], comment="b", expiry=end, broadcast=True)
    admin.cancel(taken["id"], comment="c", broadcast=True)
    hooks.deliver()
    start, modify, cancel = hook.events
    own = {name: value for name, value in start.items() if name not in {"createInstant", "id", "info", "tenantId"}}
    assert own == {
        "action": definition["name"],
        "actionId": taken["id"],
        "actioneeUserId": user_id,
        "actionerUserId": admin.actor_id,
        "applicationIds": [],
        "comment": "a",
        "emailedUser": False,
        "expiry": ENDLESS,
        "localizedAction": "Exclusion",
        "localizedOption": "Dur",
        "localizedReason": "Pourriel",
        "notifyUser": True,
        "option": "Hard",
        "phase": "start",
        "reason": reason["text"],
        "reasonCode": reason["code"],
        "type": ACTION,
    }
    assert start["info"]["ipAddress"] == "127.0.0.1"
    assert (modify["phase"], modify["comment"], modify["expiry"]) == ("modify", "b", end)
    assert (cancel["phase"], cancel["comment"]) == ("cancel", "c")


def test_without_broadcast_no_step_is_told(world: World, admin: Acting, hooks: Hooks) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    taken = admin.ban(world.logged_in("alice")["user"]["id"])
    admin.modify(taken["id"], comment="b")
    admin.cancel(taken["id"])
    hooks.deliver()
    assert hook.events == []


def veto(answer: Any) -> bool:
    if answer.status != 504:
        return False
    errors = answer.error_response.json()  # of other statuses than 400 the client gives the response itself
    return bool(errors["generalErrors"][0]["code"] == "[WebhookTransactionException]")


def test_the_definition_says_whether_webhooks_may_forbid_the_action(world: World, admin: Acting, hooks: Hooks) -> None:
    hooks.add(ACTION, behaviour=NO)
    hooks.switch_on(ACTION)
    session = world.logged_in("alice")
    user_id = session["user"]["id"]
    strict = admin.definition(transactionType="AbsoluteMajority")
    assert veto(admin.try_to_take(user_id, strict, broadcast=True))
    assert world.count("user_action_logs") == 0
    assert world.count("refresh_tokens") == 1
    assert world.login("alice").status_code == 200
    hooks.switch_on(ACTION, transaction="AbsoluteMajority")
    taken = admin.take(user_id, admin.definition(transactionType="None"), broadcast=True)
    assert world.login("alice").status_code == 409
    assert admin.cancel(taken["id"], broadcast=True).status == 200


def test_a_forbidden_step_leaves_the_action_as_it_was_and_an_end_asks_nobody(
    world: World, admin: Acting, hooks: Hooks
) -> None:
    hook = hooks.add(ACTION)
    hooks.switch_on(ACTION)
    user_id = world.logged_in("alice")["user"]["id"]
    strict = admin.definition(transactionType="AbsoluteMajority")
    taken = admin.take(user_id, strict, expiry=tomorrow(world), broadcast=True)
    hook.answer(NO)
    assert veto(admin.cancel(taken["id"], broadcast=True))
    assert veto(admin.modify(taken["id"], comment="x", broadcast=True))
    assert world.service.client.retrieve_action(taken["id"]).success_response["action"] == taken
    world.clock.advance(days=1)
    assert ended(world) == 1


def test_a_ban_tells_that_sessions_are_revoked(world: World, admin: Acting, hooks: Hooks) -> None:
    hook = hooks.add(REVOKE)
    hooks.switch_on(REVOKE)
    user = world.logged_in("alice")["user"]
    admin.ban(user["id"])
    hooks.deliver()
    [revoked] = hook.events
    assert revoked["userId"] == revoked["user"]["id"] == user["id"]
    assert revoked["applicationTimeToLiveInSeconds"] == {world.application_id: 3600}


def test_a_prevented_login_tells_of_the_sessions_it_ends(world: World, admin: Acting, hooks: Hooks) -> None:
    path = f"/api/tenant/{world.service.tenant_id}"

    def set_policy(ends: bool) -> None:
        policy = {"refreshTokenRevocationPolicy": {"onLoginPrevented": ends}}
        assert world.service.call("PATCH", path, {"tenant": {"jwtConfiguration": policy}}).status_code == 200

    set_policy(False)
    hook = hooks.add(REVOKE)
    hooks.switch_on(REVOKE)
    admin.ban(world.logged_in("alice")["user"]["id"], applicationIds=[world.application_id])
    set_policy(True)
    assert [world.login("alice").status_code for _ in range(2)] == [409, 409]
    hooks.deliver()
    [revoked] = hook.events
    assert revoked["applicationId"] == world.application_id


def test_the_user_is_mailed_at_each_step_that_has_a_template_if_the_actor_wants_it(world: World, admin: Acting) -> None:
    definition = admin.definition(
        userEmailingEnabled=True,
        startEmailTemplateId=template(world, "Until ${event.expiry}: ${event.action}, ${event.comment}"),
        endEmailTemplateId=template(world, "Over: ${event.action} of ${user.email}"),
    )
    user_id = world.logged_in("alice")["user"]["id"]
    end = tomorrow(world)
    admin.take(user_id, definition, expiry=end)
    assert queued_mails(world.service) == []
    taken = admin.take(user_id, definition, expiry=end, comment="spam", emailUser=True)
    assert taken["emailUserOnEnd"] is True
    world.clock.advance(days=1)
    assert ended(world) == 2
    start, over = queued_mails(world.service)
    assert (start.to, start.text) == ("alice@example.com", f"Until {end}: {definition['name']}, spam")
    assert over.text == f"Over: {definition['name']} of alice@example.com"


def test_a_definition_that_mails_nobody_mails_nobody(world: World, admin: Acting) -> None:
    definition = admin.definition(startEmailTemplateId=template(world, "Hello"))
    taken = admin.take(world.logged_in("alice")["user"]["id"], definition, emailUser=True)
    assert taken["emailUserOnEnd"] is False
    assert queued_mails(world.service) == []
