"""Webhooks through the official client and by hand. Source: supporting contract 17.1."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.domain.events import TYPES
from identity.domain.keys import KeyAlgorithm
from identity.keymaterial.making import generate
from identity.runtime import Runtime
from tests.service import NOBODYS_ID, Service

MINIMAL = {"url": "https://example.com/hook", "connectTimeout": 1000, "readTimeout": 2000}


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes webhooks of its own."""
    return shared_service


def made(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.client.create_webhook({"webhook": {**MINIMAL, **members}})
    assert answer.status == 200, answer.error_response
    created: dict[str, Any] = answer.success_response["webhook"]
    return created


def refused(service: Service, **members: Any) -> dict[str, str]:
    document = {name: value for name, value in {**MINIMAL, **members}.items() if value is not None}
    answer = service.client.create_webhook({"webhook": document})
    assert answer.status == 400
    return {path: errors[0]["code"] for path, errors in answer.error_response["fieldErrors"].items()}


def signing_key(service: Service) -> str:
    answer = service.call("POST", "/api/key/generate", {"key": {"name": str(uuid4()), "algorithm": "ES256"}})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["key"]["id"])


def test_a_webhook_comes_back_with_its_defaults(service: Service) -> None:
    created = made(service)
    assert {**created, "id": "", "insertInstant": 0, "lastUpdateInstant": 0} == {
        **MINIMAL,
        "data": {},
        "eventsEnabled": {},
        "global": False,
        "headers": {},
        "id": "",
        "insertInstant": 0,
        "lastUpdateInstant": 0,
        "signatureConfiguration": {"enabled": False},
        "tenantIds": [],
    }
    assert service.client.retrieve_webhook(created["id"]).success_response == {"webhook": created}


def test_a_webhook_keeps_all_it_is_given(service: Service) -> None:
    certificate = generate(
        KeyAlgorithm.ES256, id=uuid4(), name="x", length=None, issuer="x", now=Runtime().now(), random_bytes=bytes
    ).certificate_pem
    members = {
        "data": {"any": "thing"},
        "description": "All of it",
        "eventsEnabled": {"user.create": True, "user.delete": False},
        "global": True,
        "headers": {"X-Header": "value", "Authorization": "Bearer x"},
        "httpAuthenticationPassword": "password",
        "httpAuthenticationUsername": "username",
        "signatureConfiguration": {"enabled": True, "signingKeyId": signing_key(service)},
        "sslCertificate": certificate,
        "sslCertificateKeyId": signing_key(service),
        "tenantIds": [str(service.tenant_id)],
    }
    created = made(service, **members)
    assert {name: created[name] for name in members} == members


def test_a_webhook_is_created_under_the_id_in_the_path_once(service: Service) -> None:
    webhook_id = str(uuid4())
    answer = service.client.create_webhook({"webhook": MINIMAL}, webhook_id)
    assert answer.success_response["webhook"]["id"] == webhook_id
    again = service.client.create_webhook({"webhook": MINIMAL}, webhook_id)
    assert again.error_response["fieldErrors"]["webhookId"][0]["code"] == "[duplicate]webhookId"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("url", None, "[blank]webhook.url"),
        ("url", "ftp://example.com/", "[invalid]webhook.url"),
        ("url", "https://user:password@example.com/", "[invalid]webhook.url"),
        ("url", "https://example.com:99999/", "[invalid]webhook.url"),
        ("url", "https://example.com/a b", "[invalid]webhook.url"),
        ("connectTimeout", None, "[missing]webhook.connectTimeout"),
        ("connectTimeout", 0, "[invalid]webhook.connectTimeout"),
        ("readTimeout", None, "[missing]webhook.readTimeout"),
        ("eventsEnabled", {"user.sneezed": True}, "[invalidJSON]"),
        ("eventsEnabled", {"user.create": "yes"}, "[invalidJSON]"),
        ("headers", {"Host": "elsewhere"}, "[invalid]webhook.headers"),
        ("headers", {"X-Split": "a\r\nX-Other: b"}, "[invalid]webhook.headers"),
        ("headers", {"Bad Name": "a"}, "[invalid]webhook.headers"),
        ("headers", {"X-Number": 1}, "[invalidJSON]"),
        ("sslCertificate", "no certificate", "[invalid]webhook.sslCertificate"),
        ("sslCertificateKeyId", NOBODYS_ID, "[invalid]webhook.sslCertificateKeyId"),
        ("signatureConfiguration", {"enabled": True}, "[missing]webhook.signatureConfiguration.signingKeyId"),
        (
            "signatureConfiguration",
            {"signingKeyId": NOBODYS_ID},
            "[invalid]webhook.signatureConfiguration.signingKeyId",
        ),
        ("tenantIds", [NOBODYS_ID], "[invalid]webhook.tenantIds"),
    ],
)
def test_what_can_not_be_called_or_does_not_exist_is_refused(
    service: Service, member: str, value: Any, code: str
) -> None:
    assert code in refused(service, **{member: value}).values()


def test_every_event_type_of_the_contract_can_be_switched_on(service: Service) -> None:
    switches = dict.fromkeys(sorted(TYPES), True)
    assert made(service, eventsEnabled=switches)["eventsEnabled"] == switches


def test_an_update_replaces_and_a_patch_changes(service: Service) -> None:
    created = made(service, description="first", headers={"X-Header": "value"})
    patched = service.client.patch_webhook(created["id"], {"webhook": {"description": "second"}}).success_response
    assert patched["webhook"]["description"] == "second"
    assert patched["webhook"]["headers"] == {"X-Header": "value"}
    replaced = service.client.update_webhook(created["id"], {"webhook": MINIMAL}).success_response["webhook"]
    assert "description" not in replaced and replaced["headers"] == {}
    assert replaced["insertInstant"] == created["insertInstant"]


def test_a_webhook_that_is_deleted_is_gone(service: Service) -> None:
    webhook_id = made(service)["id"]
    assert service.client.delete_webhook(webhook_id).status == 200
    assert service.client.delete_webhook(webhook_id).status == 404
    assert service.client.retrieve_webhook(webhook_id).status == 404
    assert service.client.update_webhook(webhook_id, {"webhook": MINIMAL}).status == 404


def test_webhooks_are_found_by_url_description_and_tenant(service: Service) -> None:
    mark = uuid4().hex
    mine = made(
        service, url=f"https://{mark}.example.com/", description="the first", tenantIds=[str(service.tenant_id)]
    )
    other = made(service, url=f"https://{mark}.example.org/", description="the second")

    def found(**criteria: Any) -> list[str]:
        search = {"url": mark, "orderBy": "description ASC", **criteria}
        answer = service.client.search_webhooks({"search": search})
        assert answer.status == 200, answer.error_response
        return [each["id"] for each in answer.success_response["webhooks"]]

    assert found() == [mine["id"], other["id"]]
    assert found(description="second") == [other["id"]]
    assert found(tenantId=str(service.tenant_id)) == [mine["id"]]
    assert found(numberOfResults=1, startRow=1) == [other["id"]]
    all_of_them = service.client.retrieve_webhooks().success_response["webhooks"]
    assert {mine["id"], other["id"]} <= {each["id"] for each in all_of_them}


def test_the_secrets_of_a_webhook_are_sealed(service: Service) -> None:
    canary = uuid4().hex
    webhook_id = made(service, headers={"X-Key": canary}, httpAuthenticationPassword=canary)["id"]
    with service.services.db.read() as conn:
        row = conn.execute("SELECT w::text FROM webhooks w WHERE id = %s", (webhook_id,)).fetchone()
    assert row is not None and canary not in row[0]


def test_a_key_that_signs_for_a_webhook_can_not_be_deleted(service: Service) -> None:
    key_id = signing_key(service)
    made(service, signatureConfiguration={"enabled": True, "signingKeyId": key_id})
    assert service.call("DELETE", f"/api/key/{key_id}").status_code == 400


def test_what_a_search_can_not_be_ordered_by_is_refused(service: Service) -> None:
    assert service.client.search_webhooks({"search": {"orderBy": "secrets"}}).status == 400


def test_a_log_of_an_event_that_never_was_is_404(service: Service) -> None:
    assert service.client.retrieve_webhook_event_log(str(uuid4())).status == 404
    assert service.client.retrieve_webhook_attempt_log(str(uuid4())).status == 404


def test_a_patched_webhook_is_checked_like_a_new_one(service: Service) -> None:
    created = made(service)
    wrong = copy.deepcopy(created) | {"url": "nowhere"}
    assert service.client.patch_webhook(created["id"], {"webhook": wrong}).status == 400


def test_a_tenant_names_the_webhooks_that_are_to_hear_of_it(service: Service) -> None:
    webhook_id = made(service)["id"]
    document = {"tenant": {"name": str(uuid4())}, "webhookIds": [webhook_id]}
    created = service.call("POST", "/api/tenant", document)
    assert created.status_code == 200, created.text
    tenant_id = created.json()["tenant"]["id"]
    assert service.client.retrieve_webhook(webhook_id).success_response["webhook"]["tenantIds"] == [tenant_id]
    another = made(service)["id"]
    patched = service.call("PATCH", f"/api/tenant/{tenant_id}", {"webhookIds": [another, webhook_id]})
    assert patched.status_code == 200, patched.text
    assert service.client.retrieve_webhook(another).success_response["webhook"]["tenantIds"] == [tenant_id]


def test_a_tenant_can_not_name_a_webhook_that_is_not_there_nor_can_a_locked_key(service: Service) -> None:
    document = {"tenant": {"name": str(uuid4())}, "webhookIds": [str(uuid4())]}
    unknown = service.call("POST", "/api/tenant", document)
    assert unknown.json()["fieldErrors"]["webhookIds"][0]["code"] == "[invalid]webhookIds"
    tenant_id = service.call("POST", "/api/tenant", {"tenant": {"name": str(uuid4())}}).json()["tenant"]["id"]
    locked = service.add_key(tenant_id=UUID(tenant_id))
    body = {"webhookIds": [made(service)["id"]]}
    refused_too = service.call("PATCH", f"/api/tenant/{tenant_id}", body, key=locked)
    assert refused_too.json() == {**unknown.json()}
