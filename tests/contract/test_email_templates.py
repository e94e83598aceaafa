"""Templates of mails through the official client. Source: decision 43, fields of FusionAuth's OpenAPI document."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.service import Service

ROOT = "/api/email/template"


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes templates of its own."""
    return shared_service


def wanted(**members: Any) -> dict[str, Any]:
    texts = {"defaultSubject": "Hi", "defaultTextTemplate": "Hi ${user.firstName}", "defaultHtmlTemplate": "<b>Hi</b>"}
    return {"emailTemplate": {"name": str(uuid4()), **texts, **members}}


def made(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.client.create_email_template(wanted(**members))
    assert answer.status == 200, answer.error_response
    return answer.success_response["emailTemplate"]


def codes(response: Any) -> dict[str, list[str]]:
    body = response.error_response if hasattr(response, "error_response") else response.json()
    return {path: [error["code"] for error in errors] for path, errors in body["fieldErrors"].items()}


def test_a_template_comes_back_with_its_defaults(service: Service) -> None:
    created = made(service, name="mine")
    assert {**created, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        "defaultHtmlTemplate": "<b>Hi</b>",
        "defaultSubject": "Hi",
        "defaultTextTemplate": "Hi ${user.firstName}",
        "id": "",
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "localizedFromNames": {},
        "localizedHtmlTemplates": {},
        "localizedSubjects": {},
        "localizedTextTemplates": {},
        "name": "mine",
    }
    assert service.client.retrieve_email_template(created["id"]).success_response == {"emailTemplate": created}
    assert created in service.client.retrieve_email_templates().success_response["emailTemplates"]


def test_every_member_is_kept(service: Service) -> None:
    members = {
        "defaultFromName": "Us",
        "fromEmail": "us@example.com",
        "localizedFromNames": {"de": "Wir"},
        "localizedHtmlTemplates": {"de": "<b>Hallo</b>", "pt_BR": "<b>Oi</b>"},
        "localizedSubjects": {"de": "Hallo", "fr": None},
        "localizedTextTemplates": {"de-AT": "Servus"},
    }
    created = made(service, **members)
    assert {name: created[name] for name in members} == {**members, "localizedSubjects": {"de": "Hallo"}}


def test_a_template_is_created_under_the_id_in_the_path(service: Service) -> None:
    template_id = str(uuid4())
    assert (
        service.client.create_email_template(wanted(), template_id).success_response["emailTemplate"]["id"]
        == template_id
    )
    again = service.client.create_email_template(wanted(), template_id)
    assert (again.status, codes(again)) == (400, {"emailTemplate.id": ["[duplicate]emailTemplate.id"]})


def test_a_name_is_used_once(service: Service) -> None:
    first, second = made(service), made(service)
    taken = {"emailTemplate.name": ["[duplicate]emailTemplate.name"]}
    assert codes(service.client.create_email_template(wanted(name=first["name"]))) == taken
    assert codes(service.client.patch_email_template(second["id"], {"emailTemplate": {"name": first["name"]}})) == taken


def test_what_is_missing_is_named_all_at_once(service: Service) -> None:
    members = ("defaultHtmlTemplate", "defaultSubject", "defaultTextTemplate", "name")
    refused = service.client.create_email_template({"emailTemplate": {"name": " "}})
    assert codes(refused) == {f"emailTemplate.{name}": [f"[blank]emailTemplate.{name}"] for name in members}
    assert codes(service.call("POST", ROOT, {})) == {"emailTemplate": ["[missing]emailTemplate"]}


@pytest.mark.parametrize("member", ["defaultSubject", "defaultTextTemplate", "defaultHtmlTemplate", "defaultFromName"])
def test_freemarker_beyond_the_small_language_is_refused_with_line_and_reason(service: Service, member: str) -> None:
    source = "Dear\n[#list users as user]${user.firstName}[/#list]"
    refused = service.call("POST", ROOT, wanted(**{member: source}))
    assert codes(refused) == {f"emailTemplate.{member}": [f"[invalid]emailTemplate.{member}"]}
    [problem] = refused.json()["fieldErrors"][f"emailTemplate.{member}"]
    assert problem["message"].startswith("Line 2: [#list users as user] is not understood; only ${name}")


def test_a_localised_text_is_looked_at_too(service: Service) -> None:
    refused = service.client.create_email_template(wanted(localizedSubjects={"de": "${user.firstName?html}"}))
    path = "emailTemplate.localizedSubjects[de]"
    assert codes(refused) == {path: [f"[invalid]{path}"]}


@pytest.mark.parametrize(
    ("member", "value", "path", "code"),
    [
        ("localizedSubjects", {"not a language": "x"}, "localizedSubjects[not a language]", "invalid"),
        ("localizedSubjects", {"de": " "}, "localizedSubjects[de]", "blank"),
        ("localizedSubjects", {"de": "x" * 1_001}, "localizedSubjects[de]", "tooLong"),
        (
            "localizedSubjects",
            {f"a{number}": "x" for number in range(0)} | {"de": 1},
            "localizedSubjects[de]",
            "invalidJSON",
        ),
        ("localizedSubjects", {f"aa_{number}": "x" for number in range(101)}, "localizedSubjects", "tooMany"),
        ("localizedSubjects", [], "localizedSubjects", "invalidJSON"),
        ("defaultTextTemplate", "x" * 100_001, "defaultTextTemplate", "tooLong"),
        ("fromEmail", "x<y@example.com", "fromEmail", "notEmail"),
    ],
)
def test_a_member_that_does_not_fit_is_named(service: Service, member: str, value: Any, path: str, code: str) -> None:
    refused = service.client.create_email_template(wanted(**{member: value}))
    where = f"emailTemplate.{path}"
    assert codes(refused) == {where: ["[invalidJSON]" if code == "invalidJSON" else f"[{code}]{where}"]}


def test_put_replaces_and_patch_changes_in_three_dialects(service: Service) -> None:
    created = made(service, fromEmail="us@example.com", localizedSubjects={"de": "Hallo"})
    path = f"{ROOT}/{created['id']}"
    replaced = service.client.update_email_template(created["id"], wanted(name=created["name"])).success_response
    assert "fromEmail" not in replaced["emailTemplate"]
    assert replaced["emailTemplate"]["localizedSubjects"] == {}
    assert replaced["emailTemplate"]["insertInstant"] == created["insertInstant"]

    merged = service.client.patch_email_template(created["id"], {"emailTemplate": {"defaultSubject": "New"}})
    assert merged.success_response["emailTemplate"]["defaultSubject"] == "New"
    merge = json.dumps({"emailTemplate": {"localizedSubjects": {"fr": "Salut"}}})
    kind = {"Content-Type": "application/merge-patch+json"}
    answer = service.call("PATCH", path, data=merge, headers=kind)
    assert answer.json()["emailTemplate"]["localizedSubjects"] == {"fr": "Salut"}
    operations = json.dumps([{"op": "replace", "path": "/emailTemplate/localizedSubjects/fr", "value": "Bonjour"}])
    answer = service.call("PATCH", path, data=operations, headers={"Content-Type": "application/json-patch+json"})
    assert answer.json()["emailTemplate"]["localizedSubjects"] == {"fr": "Bonjour"}


def test_a_change_to_a_bad_template_changes_nothing(service: Service) -> None:
    created = made(service)
    refused = service.client.patch_email_template(created["id"], {"emailTemplate": {"defaultSubject": "[#if x]"}})
    assert codes(refused) == {"emailTemplate.defaultSubject": ["[invalid]emailTemplate.defaultSubject"]}
    assert service.client.retrieve_email_template(created["id"]).success_response == {"emailTemplate": created}


def test_an_unknown_template_is_404_whatever_the_verb(service: Service) -> None:
    nowhere = f"{ROOT}/{uuid4()}"
    for verb, body in [("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)]:
        assert service.call(verb, nowhere, body).status_code == 404


def test_templates_are_found_by_name_in_pages(service: Service) -> None:
    mark = uuid4().hex
    names = [made(service, name=f"{mark} {number}")["name"] for number in range(3)]
    asked = {"search": {"name": f"{mark}*", "orderBy": "name DESC", "numberOfResults": 2}}
    found = service.client.search_email_templates(asked).success_response
    assert [each["name"] for each in found["emailTemplates"]] == names[:0:-1]
    assert found["total"] == 3
    query = {"name": mark, "startRow": 2}
    by_query = service.call("GET", f"{ROOT}/search", params=query).json()
    assert [each["name"] for each in by_query["emailTemplates"]] == names[2:]
    refused = service.call("POST", f"{ROOT}/search", {"search": {"orderBy": "defaultSubject"}})
    assert codes(refused) == {"search.orderBy": ["[invalid]search.orderBy"]}


def test_a_preview_shows_what_an_example_would_get_and_stores_nothing(service: Service) -> None:
    before = service.client.retrieve_email_templates().success_response
    template = {
        "defaultSubject": "Hi ${user.firstName}",
        "defaultTextTemplate": "${code} [#if verificationId??]${verificationId}[/#if]",
        "defaultHtmlTemplate": "<b>${user.name}</b>",
        "fromEmail": "us@example.com",
        "localizedSubjects": {"de": "Hallo ${user.firstName}"},
    }
    shown = service.client.retrieve_email_template_preview({"emailTemplate": template, "locale": "de"}).success_response
    assert shown["email"]["subject"] == "Hallo Erika"
    assert shown["email"]["text"].startswith("123456 ")
    assert shown["email"]["html"] == "<b>Erika Example</b>"
    assert shown["email"]["from"] == {"address": "us@example.com"}
    assert shown["errors"] == {"fieldErrors": {}, "generalErrors": []}
    assert service.client.retrieve_email_templates().success_response == before


def test_a_preview_of_an_unfinished_or_wrong_template_tells_what_is_wrong(service: Service) -> None:
    empty = service.client.retrieve_email_template_preview({"emailTemplate": {}}).success_response
    assert (empty["email"]["subject"], empty["email"]["text"]) == ("", "")
    blank = {"emailTemplate": {"name": "", "defaultSubject": " ", "fromEmail": ""}}
    assert service.client.retrieve_email_template_preview(blank).success_response == empty
    bad = {"emailTemplate": {"defaultSubject": "Hi ${"}}
    shown = service.client.retrieve_email_template_preview(bad).success_response
    assert list(shown["errors"]["fieldErrors"]) == ["emailTemplate.defaultSubject"]


def test_a_template_that_a_tenant_names_is_not_deleted(service: Service) -> None:
    used = made(service)
    tenant = {"name": str(uuid4()), "emailConfiguration": {"forgotPasswordEmailTemplateId": used["id"]}}
    created = service.client.create_tenant({"tenant": tenant}).success_response["tenant"]
    refused = service.client.delete_email_template(used["id"])
    assert (refused.status, codes(refused)) == (400, {"emailTemplate.id": ["[inUse]emailTemplate.id"]})
    service.client.delete_tenant(created["id"])
    assert service.client.delete_email_template(used["id"]).status == 200
    assert service.client.retrieve_email_template(used["id"]).status == 404
