"""Definitions of user actions and reasons, through the official client. Source: supporting contract 11.1."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from identity.http import body
from tests.service import Service

NOBODY = "00000000-0000-4000-8000-00000000abcd"


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes actions and reasons of its own."""
    return shared_service


def unique() -> str:
    return uuid4().hex


def action(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.client.create_user_action({"userAction": {"name": unique()} | members})
    assert answer.status == 200, answer.error_response
    made: dict[str, Any] = answer.success_response["userAction"]
    return made


def reason(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.client.create_user_action_reason(
        {"userActionReason": {"code": unique(), "text": unique()} | members}
    )
    assert answer.status == 200, answer.error_response
    made: dict[str, Any] = answer.success_response["userActionReason"]
    return made


def codes(response: Any) -> list[str]:
    refused = response.error_response if hasattr(response, "error_response") else response.json()
    return sorted(error["code"] for errors in refused["fieldErrors"].values() for error in errors)


# Definitions


def test_an_action_comes_back_with_its_defaults(service: Service) -> None:
    made = action(service, name="warning")
    assert {**made, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        "active": True,
        "id": "",
        "includeEmailInEventJSON": False,
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "localizedNames": {},
        "name": "warning",
        "options": [],
        "preventLogin": False,
        "sendEndEvent": True,
        "temporal": False,
        "transactionType": "None",
        "userEmailingEnabled": False,
        "userNotificationsEnabled": False,
    }
    assert service.client.retrieve_user_action(made["id"]).success_response == {"userAction": made}


def template(service: Service) -> str:
    wanted = {"name": unique(), "defaultSubject": "a", "defaultTextTemplate": "b", "defaultHtmlTemplate": "c"}
    answer = service.client.create_email_template({"emailTemplate": wanted})
    assert answer.status == 200, answer.error_response
    return str(answer.success_response["emailTemplate"]["id"])


def test_every_member_of_an_action_is_kept(service: Service) -> None:
    members = {
        "cancelEmailTemplateId": template(service),
        "endEmailTemplateId": template(service),
        "includeEmailInEventJSON": True,
        "localizedNames": {"fr": "Exclusion", "de_CH": "Sperre"},
        "modifyEmailTemplateId": template(service),
        "name": unique(),
        "options": [{"name": "Mild", "localizedNames": {"fr": "Léger"}}, {"name": "Hard", "localizedNames": {}}],
        "preventLogin": True,
        "sendEndEvent": False,
        "startEmailTemplateId": template(service),
        "temporal": True,
        "transactionType": "AbsoluteMajority",
        "userEmailingEnabled": True,
        "userNotificationsEnabled": True,
    }
    made = action(service, **members)
    assert {name: made[name] for name in members} == members


def test_a_template_that_an_action_names_can_not_be_deleted(service: Service) -> None:
    named = template(service)
    made = action(service, endEmailTemplateId=named)
    refused = service.client.delete_email_template(named)
    assert (refused.status, codes(refused)) == (400, ["[inUse]emailTemplate.id"])
    assert service.client.delete_user_action(made["id"]).status == 200
    assert service.client.delete_email_template(named).status == 200


def test_an_action_is_created_under_the_id_in_the_path_and_ids_and_names_are_given_once(service: Service) -> None:
    given = str(uuid4())
    made = service.client.create_user_action({"userAction": {"name": unique()}}, given).success_response["userAction"]
    assert made["id"] == given
    same_id = service.client.create_user_action({"userAction": {"name": unique()}}, given)
    assert (same_id.status, codes(same_id)) == (400, ["[duplicate]userAction.id"])
    same_name = service.client.create_user_action({"userAction": {"name": made["name"]}})
    assert (same_name.status, codes(same_name)) == (400, ["[duplicate]userAction.name"])
    renamed = service.client.patch_user_action(action(service)["id"], {"userAction": {"name": made["name"]}})
    assert (renamed.status, codes(renamed)) == (400, ["[duplicate]userAction.name"])


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        ({"name": " "}, ["[blank]userAction.name"]),
        ({"name": None}, ["[blank]userAction.name"]),
        ({"name": 7, "temporal": "yes"}, ["[invalidJSON]", "[invalidJSON]"]),
        ({"name": "x" * 192}, ["[tooLong]userAction.name"]),
        ({"preventLogin": True}, ["[invalid]userAction.preventLogin"]),
        ({"startEmailTemplateId": NOBODY}, ["[invalid]userAction.startEmailTemplateId"]),
        ({"transactionType": "Most"}, ["[invalidJSON]"]),
        ({"options": [{"name": ""}]}, ["[blank]userAction.options[0].name"]),
        ({"localizedNames": {"fr": 7}}, ["[invalidJSON]"]),
    ],
)
def test_what_is_no_action_is_refused_by_its_field(
    service: Service, members: dict[str, Any], refused: list[str]
) -> None:
    answer = service.client.create_user_action({"userAction": {"name": unique()} | members})
    assert (answer.status, codes(answer)) == (400, refused)


def test_an_update_replaces_and_a_patch_changes(service: Service) -> None:
    made = action(service, temporal=True, preventLogin=True, localizedNames={"fr": "Exclusion"})
    patched = service.client.patch_user_action(made["id"], {"userAction": {"localizedNames": {"de": "Sperre"}}})
    assert patched.success_response["userAction"]["localizedNames"] == {"fr": "Exclusion", "de": "Sperre"}
    assert patched.success_response["userAction"]["preventLogin"] is True
    replaced = service.client.update_user_action(made["id"], {"userAction": {"name": made["name"]}})
    assert replaced.success_response["userAction"]["localizedNames"] == {}
    assert replaced.success_response["userAction"]["preventLogin"] is False
    assert replaced.success_response["userAction"]["insertInstant"] == made["insertInstant"]


@pytest.mark.parametrize(
    ("kind", "patch", "names"),
    [
        (body.JSON, {"userAction": {"options": [{"name": "b"}]}}, ["a", "b"]),
        (body.MERGE_PATCH, {"userAction": {"options": [{"name": "b"}]}}, ["b"]),
        (body.JSON_PATCH, [{"op": "add", "path": "/userAction/options/0", "value": {"name": "b"}}], ["b", "a"]),
    ],
)
def test_a_patch_speaks_three_dialects(service: Service, kind: str, patch: Any, names: list[str]) -> None:
    made = action(service, options=[{"name": "a"}])
    headers = {"Content-Type": kind}
    answer = service.call("PATCH", f"/api/user-action/{made['id']}", patch, headers=headers)
    assert answer.status_code == 200, answer.text
    assert [option["name"] for option in answer.json()["userAction"]["options"]] == names


def test_a_deactivated_action_is_listed_apart_until_it_is_reactivated(service: Service) -> None:
    made = action(service)

    def listed() -> tuple[bool, bool]:
        active = service.client.retrieve_user_actions().success_response["userActions"]
        inactive = service.client.retrieve_inactive_user_actions().success_response["userActions"]
        return made["id"] in [each["id"] for each in active], made["id"] in [each["id"] for each in inactive]

    assert listed() == (True, False)
    assert service.client.deactivate_user_action(made["id"]).status == 200
    assert listed() == (False, True)
    assert service.client.retrieve_user_action(made["id"]).success_response["userAction"]["active"] is False
    reactivated = service.client.reactivate_user_action(made["id"]).success_response["userAction"]
    assert reactivated["active"] is True
    assert listed() == (True, False)


def test_a_hard_delete_is_for_good(service: Service) -> None:
    made = action(service)
    assert service.client.delete_user_action(made["id"]).status == 200
    assert service.client.retrieve_user_action(made["id"]).status == 404


def test_an_unknown_action_is_404_whatever_the_verb(service: Service) -> None:
    client = service.client
    answers = [
        client.retrieve_user_action(NOBODY),
        client.update_user_action(NOBODY, {"userAction": {}}),
        client.patch_user_action(NOBODY, {"userAction": {}}),
        client.reactivate_user_action(NOBODY),
        client.deactivate_user_action(NOBODY),
        client.delete_user_action(NOBODY),
    ]
    assert [answer.status for answer in answers] == [404] * 6


# Reasons


def test_a_reason_lives_from_its_creation_to_its_deletion(service: Service) -> None:
    made = reason(service, code="spam", text="Spam", localizedTexts={"fr": "Pourriel"})
    assert (made["code"], made["text"], made["localizedTexts"]) == ("spam", "Spam", {"fr": "Pourriel"})
    client = service.client
    assert client.retrieve_user_action_reason(made["id"]).success_response == {"userActionReason": made}
    assert made in client.retrieve_user_action_reasons().success_response["userActionReasons"]
    patched = client.patch_user_action_reason(made["id"], {"userActionReason": {"text": "Advertising"}})
    assert patched.success_response["userActionReason"]["text"] == "Advertising"
    assert patched.success_response["userActionReason"]["localizedTexts"] == {"fr": "Pourriel"}
    wanted = {"userActionReason": {"code": "ads", "text": "Advertising"}}
    replaced = client.update_user_action_reason(made["id"], wanted)
    assert replaced.success_response["userActionReason"]["localizedTexts"] == {}
    assert client.delete_user_action_reason(made["id"]).status == 200
    assert client.retrieve_user_action_reason(made["id"]).status == 404


def test_no_two_reasons_share_id_code_or_text(service: Service) -> None:
    made = reason(service)
    create = service.client.create_user_action_reason
    fresh = {"code": unique(), "text": unique()}
    answers = [
        create({"userActionReason": fresh}, made["id"]),
        create({"userActionReason": fresh | {"code": made["code"]}}),
        create({"userActionReason": fresh | {"text": made["text"]}}),
        create({"userActionReason": {}}),
    ]
    assert [codes(answer) for answer in answers] == [
        ["[duplicate]userActionReason.id"],
        ["[duplicate]userActionReason.code"],
        ["[duplicate]userActionReason.text"],
        ["[blank]userActionReason.code", "[blank]userActionReason.text"],
    ]


def test_an_unknown_reason_is_404_whatever_the_verb(service: Service) -> None:
    client = service.client
    answers = [
        client.retrieve_user_action_reason(NOBODY),
        client.update_user_action_reason(NOBODY, {"userActionReason": {}}),
        client.patch_user_action_reason(NOBODY, {"userActionReason": {}}),
        client.delete_user_action_reason(NOBODY),
    ]
    assert [answer.status for answer in answers] == [404] * 4


def test_actions_and_reasons_belong_to_no_tenant(service: Service) -> None:
    assert service.call("GET", "/api/user-action", tenant="nonsense").status_code == 200
    locked = service.add_key(tenant_id=service.tenant_id)
    assert service.call("GET", "/api/user-action", key=locked).status_code == 401
    assert service.call("GET", "/api/user-action-reason", key=locked).status_code == 401
