"""Taking, changing and cancelling user actions, through the official client. Source: supporting contract 11.2."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from identity.domain.action_logs import ENDLESS
from tests.acting import Acting, acting, codes
from tests.service import Service

NOBODY = "00000000-0000-4000-8000-00000000abcd"


@pytest.fixture(scope="module")
def admin(shared_service: Service) -> Acting:
    return acting(shared_service)


def person(admin: Acting, **members: Any) -> str:
    wanted = {"username": uuid4().hex, "password": "correct horse battery"} | members
    answer = admin.service.call("POST", "/api/user", {"user": wanted}, tenant=admin.service.tenant_id)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["user"]["id"])


def now(admin: Acting) -> int:
    return admin.service.services.runtime.now()


def test_an_action_says_what_was_done_by_whom_and_until_when(admin: Acting) -> None:
    user_id, definition = person(admin), admin.definition(name=f"ban {uuid4()}")
    end = now(admin) + 1_000_000
    taken = admin.take(user_id, definition, expiry=end, comment="spam")
    assert {**taken, "id": "", "insertInstant": 0} == {
        "actioneeUserId": user_id,
        "actionerUserId": admin.actor_id,
        "applicationIds": [],
        "comment": "spam",
        "emailUserOnEnd": False,
        "endEventSent": False,
        "expiry": end,
        "history": {
            "historyItems": [
                {
                    "actionerUserId": admin.actor_id,
                    "comment": "spam",
                    "createInstant": taken["insertInstant"],
                    "expiry": end,
                }
            ]
        },
        "id": "",
        "insertInstant": 0,
        "name": definition["name"],
        "notifyUserOnEnd": False,
        "userActionId": definition["id"],
    }
    assert admin.service.client.retrieve_action(taken["id"]).success_response == {"action": taken}


def test_the_words_are_in_the_persons_language_and_stay_as_they_were(admin: Acting) -> None:
    user_id = person(admin, preferredLanguages=["it", "fr_CH"])
    definition = admin.definition(
        localizedNames={"fr": "Exclusion"},
        options=[{"name": "Mild", "localizedNames": {"fr": "Léger"}}, {"name": "Hard"}],
    )
    reason = admin.reason(localizedTexts={"fr": "Pourriel"})
    taken = admin.take(user_id, definition, option="Mild", reasonId=reason["id"])
    assert taken["localizedName"] == "Exclusion"
    assert (taken["option"], taken["localizedOption"]) == ("Mild", "Léger")
    assert (taken["reason"], taken["reasonCode"], taken["localizedReason"]) == (
        reason["text"],
        reason["code"],
        "Pourriel",
    )
    assert admin.service.client.delete_user_action_reason(reason["id"]).status == 200
    assert admin.service.client.retrieve_action(taken["id"]).success_response["action"] == taken


def test_an_action_until_cancelled_has_the_largest_expiry(admin: Acting) -> None:
    taken = admin.ban(person(admin), expiry=ENDLESS)
    assert taken["expiry"] == ENDLESS == taken["history"]["historyItems"][0]["expiry"]


def test_an_action_that_is_not_temporal_has_no_end_and_is_never_active(admin: Acting) -> None:
    user_id = person(admin)
    taken = admin.take(user_id, admin.definition(temporal=False, preventLogin=False), expiry=1)
    assert "expiry" not in taken
    assert admin.service.client.retrieve_active_actions(user_id).success_response == {"actions": []}
    assert admin.service.client.retrieve_inactive_actions(user_id).success_response == {"actions": [taken]}
    assert codes(admin.modify(taken["id"], comment="x")) == ["[invalid]actionId"]
    assert codes(admin.cancel(taken["id"])) == ["[invalid]actionId"]


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        ({"actioneeUserId": None}, ["[missing]action.actioneeUserId"]),
        ({"userActionId": None}, ["[missing]action.userActionId"]),
        ({"actionerUserId": None}, ["[missing]action.actionerUserId"]),
        ({"actioneeUserId": NOBODY}, ["[invalid]action.actioneeUserId"]),
        ({"actionerUserId": NOBODY}, ["[invalid]action.actionerUserId"]),
        ({"userActionId": NOBODY}, ["[invalid]action.userActionId"]),
        ({"applicationIds": [NOBODY]}, ["[invalid]action.applicationIds"]),
        ({"reasonId": NOBODY, "option": "Mild"}, ["[invalid]action.option", "[invalid]action.reasonId"]),
        ({"expiry": None}, ["[missing]action.expiry"]),
        ({"expiry": 1}, ["[invalid]action.expiry"]),
        ({"expiry": "tomorrow"}, ["[invalidJSON]"]),
    ],
)
def test_what_can_not_be_done_is_refused_by_its_field(
    admin: Acting, members: dict[str, Any], refused: list[str]
) -> None:
    assert codes(admin.try_to_take(person(admin), admin.definition(), **members)) == refused


def test_an_empty_request_names_what_is_missing(admin: Acting) -> None:
    assert "[missing]action.actioneeUserId" in codes(admin.service.client.action_user({}))


def test_a_deactivated_definition_can_not_be_taken_and_what_was_taken_stays(admin: Acting) -> None:
    definition, user_id = admin.definition(), person(admin)
    taken = admin.take(user_id, definition)
    assert admin.service.client.deactivate_user_action(definition["id"]).status == 200
    assert codes(admin.try_to_take(user_id, definition)) == ["[invalid]action.userActionId"]
    assert admin.service.client.retrieve_active_actions(user_id).success_response == {"actions": [taken]}
    assert admin.service.client.delete_user_action(definition["id"]).status == 200
    assert admin.service.client.retrieve_actions(user_id).success_response == {"actions": []}


def test_actions_are_listed_newest_first_and_by_whether_they_are_in_force(admin: Acting) -> None:
    client, user_id = admin.service.client, person(admin)
    banned = admin.ban(user_id)
    watched = admin.take(user_id, admin.definition(preventLogin=False))
    over = admin.ban(user_id)
    assert admin.cancel(over["id"]).status == 200

    def ids(answer: Any) -> set[str]:
        assert answer.status == 200, answer.error_response
        return {each["id"] for each in answer.success_response["actions"]}

    assert ids(client.retrieve_actions(user_id)) == {banned["id"], watched["id"], over["id"]}
    assert ids(client.retrieve_active_actions(user_id)) == {banned["id"], watched["id"]}
    assert ids(client.retrieve_inactive_actions(user_id)) == {over["id"]}
    assert ids(client.retrieve_actions_preventing_login(user_id)) == {banned["id"]}
    query = {"userId": user_id, "active": "true", "preventingLogin": "true"}
    assert codes(admin.service.call("GET", "/api/user/action", params=query)) == ["[invalid]preventingLogin"]
    assert codes(admin.service.call("GET", "/api/user/action")) == ["[missing]userId"]
    assert client.retrieve_actions(NOBODY).status == 404


def test_a_modified_action_keeps_its_history(admin: Acting) -> None:
    taken = admin.ban(person(admin), comment="first")
    end = now(admin) + 5_000_000
    changed = admin.modify(taken["id"], expiry=end, comment="second").success_response["action"]
    assert (changed["expiry"], changed["comment"]) == (end, "second")
    steps = [(step["comment"], step["expiry"]) for step in changed["history"]["historyItems"]]
    assert steps == [("first", ENDLESS), ("second", end)]
    kept = admin.modify(taken["id"], comment="third").success_response["action"]
    assert kept["expiry"] == end
    assert codes(admin.modify(taken["id"], expiry=1)) == ["[invalid]action.expiry"]
    assert codes(admin.modify(taken["id"], actionerUserId=NOBODY)) == ["[invalid]action.actionerUserId"]
    assert codes(admin.modify(taken["id"], option="x", reasonId=NOBODY)) == [
        "[invalid]action.option",
        "[invalid]action.reasonId",
    ]


def test_a_cancelled_action_is_over_at_once(admin: Acting) -> None:
    taken = admin.ban(person(admin))
    assert codes(admin.cancel(taken["id"], actionerUserId=NOBODY)) == ["[invalid]action.actionerUserId"]
    cancelled = admin.cancel(taken["id"], comment="enough").success_response["action"]
    assert taken["insertInstant"] <= cancelled["expiry"] <= now(admin)
    assert cancelled["comment"] == "enough"
    assert len(cancelled["history"]["historyItems"]) == 2
    assert codes(admin.cancel(taken["id"])) == ["[invalid]actionId"]
    assert codes(admin.modify(taken["id"])) == ["[invalid]actionId"]


def test_of_many_that_cancel_at_once_one_does(admin: Acting) -> None:
    taken = admin.ban(person(admin))
    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(lambda _: admin.cancel(taken["id"]).status, range(16)))
    assert statuses == [200, *[400] * 15]
    log = admin.service.client.retrieve_action(taken["id"]).success_response["action"]
    assert len(log["history"]["historyItems"]) == 2


def test_an_unknown_action_is_404_whatever_the_body(admin: Acting) -> None:
    client = admin.service.client
    answers = [client.retrieve_action(NOBODY), client.modify_action(NOBODY, {}), client.cancel_action(NOBODY, {})]
    assert [answer.status for answer in answers] == [404] * 3


def test_what_is_done_leaves_audit_entries_in_the_name_of_the_key(admin: Acting) -> None:
    taken = admin.ban(person(admin))
    admin.modify(taken["id"], comment="still")
    admin.cancel(taken["id"])
    with admin.service.services.db.read() as conn:
        rows = conn.execute(
            "SELECT message FROM audit_logs WHERE message LIKE %s ORDER BY id", (f"%{taken['id']}%",)
        ).fetchall()
    assert [row[0].split()[0] for row in rows] == ["Took", "Modified", "Cancelled"]


def test_another_tenants_people_and_actions_look_absent(admin: Acting) -> None:
    service, user_id, definition = admin.service, person(admin), admin.definition()
    taken = admin.take(user_id, definition)
    other = service.call("POST", "/api/tenant", {"tenant": {"name": uuid4().hex}}).json()["tenant"]["id"]
    client = service.client_for(tenant=other)
    wanted = {
        "actioneeUserId": user_id,
        "actionerUserId": admin.actor_id,
        "userActionId": definition["id"],
        "expiry": ENDLESS,
    }
    assert codes(client.action_user({"action": wanted})) == [
        "[invalid]action.actioneeUserId",
        "[invalid]action.actionerUserId",
    ]
    change = {"action": {"actionerUserId": admin.actor_id}}
    answers = [
        client.retrieve_action(taken["id"]),
        client.retrieve_actions(user_id),
        client.modify_action(taken["id"], change),
        client.cancel_action(taken["id"], change),
    ]
    assert [answer.status for answer in answers] == [404] * 4
