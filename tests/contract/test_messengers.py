"""Messengers and templates of messages through the official client. Fields: FusionAuth's OpenAPI document."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.service import Service

MESSENGER, TEMPLATE = "/api/messenger", "/api/message/template"


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes objects of its own."""
    return shared_service


def messenger(**members: Any) -> dict[str, Any]:
    url = "https://sms.example.com/send?to=us"
    return {"messenger": {"name": str(uuid4()), "type": "Generic", "url": url, **members}}


def template(**members: Any) -> dict[str, Any]:
    return {"messageTemplate": {"name": str(uuid4()), "type": "SMS", "defaultTemplate": "Code ${code}", **members}}


def codes(response: Any) -> dict[str, list[str]]:
    body = response.error_response if hasattr(response, "error_response") else response.json()
    return {path: [error["code"] for error in errors] for path, errors in body["fieldErrors"].items()}


# Messengers


def test_a_messenger_comes_back_with_its_defaults(service: Service) -> None:
    created = service.client.create_messenger(messenger(name="plain")).success_response["messenger"]
    assert {**created, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        "connectTimeout": 1000,
        "data": {},
        "debug": False,
        "headers": {},
        "id": "",
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "messageTypes": ["SMS"],
        "name": "plain",
        "readTimeout": 2000,
        "type": "Generic",
        "url": "https://sms.example.com/send?to=us",
    }
    assert service.client.retrieve_messenger(created["id"]).success_response == {"messenger": created}
    assert created in service.call("GET", MESSENGER).json()["messengers"]


def test_every_member_is_kept_and_its_secrets_are_sealed(service: Service) -> None:
    members = {
        "connectTimeout": 50,
        "data": {"a": 1},
        "debug": True,
        "headers": {"X-Token": "canary-in-a-header"},
        "httpAuthenticationPassword": "canary-of-a-password",
        "httpAuthenticationUsername": "us",
        "readTimeout": 60,
        "sslCertificate": "-----BEGIN CERTIFICATE-----",
    }
    created = service.client.create_messenger(messenger(**members)).success_response["messenger"]
    assert {name: created[name] for name in members} == members
    with service.services.db.read() as conn:
        stored = conn.execute("SELECT messengers::text FROM messengers WHERE id = %s", (created["id"],)).fetchone()
    assert stored is not None
    assert "canary" not in stored[0]


@pytest.mark.parametrize("kind", ["Twilio", "Kafka"])
def test_other_types_are_refused_clearly(service: Service, kind: str) -> None:
    refused = service.call("POST", MESSENGER, messenger(type=kind))
    assert codes(refused) == {"messenger.type": ["[unsupported]messenger.type"]}
    assert "not built" in refused.json()["fieldErrors"]["messenger.type"][0]["message"]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("type", "Pigeon", "[invalidJSON]"),
        ("type", None, "[missing]messenger.type"),
        ("name", "", "[blank]messenger.name"),
        ("url", None, "[blank]messenger.url"),
        ("url", "ftp://example.com", "[invalid]messenger.url"),
        ("url", "https://user:password@example.com", "[invalid]messenger.url"),
        ("url", "https://example.com:99999", "[invalid]messenger.url"),
        ("url", "https://", "[invalid]messenger.url"),
        ("url", "https://example.com/a b", "[invalid]messenger.url"),
        ("connectTimeout", 0, "[invalid]messenger.connectTimeout"),
        ("readTimeout", 10_001, "[invalid]messenger.readTimeout"),
    ],
)
def test_a_member_that_does_not_fit_is_named(service: Service, member: str, value: Any, code: str) -> None:
    refused = service.client.create_messenger(messenger(**{member: value}))
    assert codes(refused) == {f"messenger.{member}": [code]}


@pytest.mark.parametrize(("name", "value"), [("X-A", "a\r\nX-B: c"), ("X A", "b"), ("X:A", "b"), ("X-A", "ü")])
def test_headers_hold_nothing_but_headers(service: Service, name: str, value: str) -> None:
    refused = service.client.create_messenger(messenger(headers={name: value}))
    assert codes(refused) == {f"messenger.headers[{name}]": [f"[invalid]messenger.headers[{name}]"]}


def test_a_messenger_is_replaced_patched_and_deleted(service: Service) -> None:
    created = service.client.create_messenger(messenger(debug=True)).success_response["messenger"]
    path = f"{MESSENGER}/{created['id']}"
    replaced = service.client.update_messenger(created["id"], messenger(name="replaced")).success_response["messenger"]
    assert (replaced["debug"], replaced["name"]) == (False, "replaced")
    patched = service.client.patch_messenger(created["id"], {"messenger": {"headers": {"X-A": "b"}}}).success_response
    assert patched["messenger"]["headers"] == {"X-A": "b"}
    operations = json.dumps([{"op": "remove", "path": "/messenger/headers/X-A"}])
    answer = service.call("PATCH", path, data=operations, headers={"Content-Type": "application/json-patch+json"})
    assert answer.json()["messenger"]["headers"] == {}
    merge = json.dumps({"messenger": {"readTimeout": 77}})
    answer = service.call("PATCH", path, data=merge, headers={"Content-Type": "application/merge-patch+json"})
    assert answer.json()["messenger"]["readTimeout"] == 77
    assert service.client.delete_messenger(created["id"]).status == 200
    for verb, body in [("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)]:
        assert service.call(verb, path, body).status_code == 404


def test_a_messenger_that_a_tenant_names_is_not_deleted(service: Service) -> None:
    used = service.client.create_messenger(messenger()).success_response["messenger"]
    tenant = {"name": str(uuid4()), "multiFactorConfiguration": {"sms": {"messengerId": used["id"]}}}
    created = service.client.create_tenant({"tenant": tenant}).success_response["tenant"]
    refused = service.client.delete_messenger(used["id"])
    assert (refused.status, codes(refused)) == (400, {"messenger.id": ["[inUse]messenger.id"]})
    service.client.delete_tenant(created["id"])
    assert service.client.delete_messenger(used["id"]).status == 200


# Templates of messages


def test_a_message_template_comes_back_with_its_defaults(service: Service) -> None:
    created = service.client.create_message_template(template(name="plain")).success_response["messageTemplate"]
    assert {**created, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        "data": {},
        "defaultTemplate": "Code ${code}",
        "id": "",
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "localizedTemplates": {},
        "name": "plain",
        "type": "SMS",
    }
    assert service.client.retrieve_message_template(created["id"]).success_response == {"messageTemplate": created}
    assert created in service.client.retrieve_message_templates().success_response["messageTemplates"]


def test_a_message_template_is_replaced_patched_and_deleted(service: Service) -> None:
    created = service.client.create_message_template(template(data={"a": 1})).success_response["messageTemplate"]
    path = f"{TEMPLATE}/{created['id']}"
    replaced = service.client.update_message_template(created["id"], template(name="replaced")).success_response
    assert (replaced["messageTemplate"]["data"], replaced["messageTemplate"]["name"]) == ({}, "replaced")
    body = {"messageTemplate": {"localizedTemplates": {"de": "Kode ${code}"}}}
    patched = service.client.patch_message_template(created["id"], body).success_response["messageTemplate"]
    assert patched["localizedTemplates"] == {"de": "Kode ${code}"}
    operations = json.dumps([{"op": "replace", "path": "/messageTemplate/defaultTemplate", "value": "x"}])
    answer = service.call("PATCH", path, data=operations, headers={"Content-Type": "application/json-patch+json"})
    assert answer.json()["messageTemplate"]["defaultTemplate"] == "x"
    merge = json.dumps({"messageTemplate": {"localizedTemplates": None}})
    answer = service.call("PATCH", path, data=merge, headers={"Content-Type": "application/merge-patch+json"})
    assert answer.json()["messageTemplate"]["localizedTemplates"] == {}
    assert service.client.delete_message_template(created["id"]).status == 200
    for verb, verb_body in [("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)]:
        assert service.call(verb, path, verb_body).status_code == 404


def test_a_bad_message_template_is_refused(service: Service) -> None:
    refused = service.client.create_message_template(
        template(defaultTemplate="[#list]", localizedTemplates={"de": "${"})
    )
    members = ("messageTemplate.defaultTemplate", "messageTemplate.localizedTemplates[de]")
    assert codes(refused) == {path: [f"[invalid]{path}"] for path in members}
    voice = service.client.create_message_template(template(type="Voice"))
    assert codes(voice) == {"messageTemplate.type": ["[invalidJSON]"]}


def test_a_message_template_is_previewed(service: Service) -> None:
    body = {"messageTemplate": {"defaultTemplate": "${code}", "localizedTemplates": {"de": "Kode ${code}"}}}
    shown = service.client.retrieve_message_template_preview({**body, "locale": "de"}).success_response
    assert shown["message"]["textMessage"] == shown["previewMessage"] == "Kode 123456"
    assert shown["errors"] == {"fieldErrors": {}, "generalErrors": []}
    bad = {"messageTemplate": {"defaultTemplate": "[#list]"}}
    wrong = service.client.retrieve_message_template_preview(bad).success_response
    assert list(wrong["errors"]["fieldErrors"]) == ["messageTemplate.defaultTemplate"]


def test_a_message_template_that_a_tenant_names_is_not_deleted(service: Service) -> None:
    used = service.client.create_message_template(template()).success_response["messageTemplate"]
    tenant = {"name": str(uuid4()), "multiFactorConfiguration": {"sms": {"templateId": used["id"]}}}
    created = service.client.create_tenant({"tenant": tenant}).success_response["tenant"]
    refused = service.client.delete_message_template(used["id"])
    assert (refused.status, codes(refused)) == (400, {"messageTemplate.id": ["[inUse]messageTemplate.id"]})
    service.client.delete_tenant(created["id"])
    assert service.client.delete_message_template(used["id"]).status == 200
