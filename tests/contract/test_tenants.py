"""Tenants over HTTP. Source: supporting contract section 6."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.service import Service, codes, insert_lambda, insert_signing_key

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


def acme(service: Service, **members: Any) -> dict[str, Any]:
    response = service.call("POST", "/api/tenant", {"tenant": {"name": "Acme", **members}})
    assert response.status_code == 200, response.text
    tenant: dict[str, Any] = response.json()["tenant"]
    return tenant


def test_a_new_tenant_comes_back_with_every_default(service: Service) -> None:
    created = service.client.create_tenant({"tenant": {"name": "Acme"}})
    assert created.was_successful(), created.error_response
    tenant = created.success_response["tenant"]
    assert tenant["name"] == "Acme"
    assert tenant["issuer"] == service.services.settings.base_url
    assert tenant["jwtConfiguration"]["accessTokenKeyId"] == str(service.signing_key_id)
    assert tenant["jwtConfiguration"]["timeToLiveInSeconds"] == 3600
    assert tenant["jwtConfiguration"]["refreshTokenRevocationPolicy"]["onLoginPrevented"] is True
    assert "enabled" not in tenant["jwtConfiguration"]
    assert tenant["externalIdentifierConfiguration"]["pendingAccountLinkTimeToLiveInSeconds"] == 3600
    assert tenant["passwordEncryptionConfiguration"]["encryptionScheme"] == "argon2id"
    assert tenant["failedAuthenticationConfiguration"]["actionDurationUnit"] == "MINUTES"
    assert service.client.retrieve_tenant(tenant["id"]).success_response == created.success_response


def test_a_tenant_takes_the_id_of_the_path_and_a_taken_one_is_refused(service: Service) -> None:
    tenant_id = str(uuid4())
    created = service.client.create_tenant({"tenant": {"name": "Acme"}}, tenant_id)
    assert created.success_response["tenant"]["id"] == tenant_id
    again = service.call("POST", f"/api/tenant/{tenant_id.upper()}", {"tenant": {"name": "Other"}})
    assert codes(again) == {"[duplicate]tenantId"}


def test_every_mistake_of_a_tenant_is_named_in_one_answer(service: Service) -> None:
    acme(service)
    response = service.call(
        "POST",
        "/api/tenant",
        {
            "tenant": {
                "name": "Acme",
                "jwtConfiguration": {"accessTokenKeyId": str(uuid4())},
                "lambdaConfiguration": {"loginValidationId": str(uuid4())},
                "emailConfiguration": {"verificationStrategy": "FormField"},
                "passwordEncryptionConfiguration": {"encryptionScheme": "rot13"},
                "connectorPolicies": [{"connectorId": str(uuid4())}],
            }
        },
    )
    assert codes(response) == {
        "[duplicate]tenant.name",
        "[invalid]tenant.jwtConfiguration.accessTokenKeyId",
        "[invalid]tenant.lambdaConfiguration.loginValidationId",
        "[invalid]tenant.emailConfiguration.verificationStrategy",
        "[invalid]tenant.passwordEncryptionConfiguration.encryptionScheme",
        "[invalid]tenant.connectorPolicies[0].connectorId",
    }


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"name": " "}, "[blank]tenant.name"),
        ({"name": None}, "[blank]tenant.name"),
        ({"name": 7}, "[invalidJSON]"),
        ({"jwtConfiguration": {"timeToLiveInSeconds": 0}}, "[invalid]tenant.jwtConfiguration.timeToLiveInSeconds"),
        ({"jwtConfiguration": {"refreshTokenUsagePolicy": "Twice"}}, "[invalidJSON]"),
        (
            {"externalIdentifierConfiguration": {"authorizationGrantIdTimeToLiveInSeconds": 601}},
            "[invalid]tenant.externalIdentifierConfiguration.authorizationGrantIdTimeToLiveInSeconds",
        ),
        (
            {"jwtConfiguration": {"refreshTokenOneTimeUseConfiguration": {"gracePeriodInSeconds": 86400}}},
            "[invalid]tenant.jwtConfiguration.refreshTokenOneTimeUseConfiguration.gracePeriodInSeconds",
        ),
        (
            {
                "jwtConfiguration": {
                    "refreshTokenExpirationPolicy": "SlidingWindowWithMaximumLifetime",
                    "refreshTokenTimeToLiveInMinutes": 100,
                    "refreshTokenSlidingWindowConfiguration": {"maximumTimeToLiveInMinutes": 99},
                }
            },
            "[invalid]tenant.jwtConfiguration.refreshTokenSlidingWindowConfiguration.maximumTimeToLiveInMinutes",
        ),
        (
            {"passwordEncryptionConfiguration": {"encryptionScheme": "bcrypt", "encryptionSchemeFactor": 31}},
            "[invalid]tenant.passwordEncryptionConfiguration.encryptionSchemeFactor",
        ),
        (
            {"passwordValidationRules": {"minLength": 20, "maxLength": 10}},
            "[invalid]tenant.passwordValidationRules.maxLength",
        ),
    ],
)
def test_a_tenant_that_breaks_a_rule_is_refused(service: Service, members: dict[str, Any], code: str) -> None:
    response = service.call("POST", "/api/tenant", {"tenant": {"name": "Acme", **members}})
    assert codes(response) == {code}
    assert len(service.call("GET", "/api/tenant").json()["tenants"]) == 1


def test_a_body_without_a_tenant_is_refused(service: Service) -> None:
    assert codes(service.call("POST", "/api/tenant", {})) == {"[missing]tenant"}


def test_put_replaces_and_keeps_what_is_immutable(service: Service) -> None:
    tenant = acme(service, logoutURL="https://acme.example/out", data={"colour": "red"})
    response = service.client.update_tenant(tenant["id"], {"tenant": {"name": "Acme 2", "id": str(uuid4())}})
    updated = response.success_response["tenant"]
    assert updated["id"] == tenant["id"]
    assert updated["insertInstant"] == tenant["insertInstant"]
    assert updated["name"] == "Acme 2"
    assert "logoutURL" not in updated
    assert updated["data"] == {}


def test_patch_keeps_the_keys_and_the_secrets(service: Service) -> None:
    with service.services.db.transaction() as conn:
        key_id = str(insert_signing_key(conn, service.services, "Another"))
    tenant = acme(service, jwtConfiguration={"accessTokenKeyId": key_id}, emailConfiguration={"password": "s3cret"})
    response = service.client.patch_tenant(tenant["id"], {"tenant": {"logoutURL": "https://acme.example/out"}})
    patched = response.success_response["tenant"]
    assert patched["jwtConfiguration"]["accessTokenKeyId"] == key_id
    assert patched["emailConfiguration"]["password"] == "s3cret"
    assert patched["logoutURL"] == "https://acme.example/out"


def test_json_patch_and_merge_patch_change_a_tenant(service: Service) -> None:
    path = f"/api/tenant/{acme(service)['id']}"
    operations = [{"op": "replace", "path": "/tenant/jwtConfiguration/timeToLiveInSeconds", "value": 60}]
    first = service.call("PATCH", path, operations, headers=JSON_PATCH)
    assert first.json()["tenant"]["jwtConfiguration"]["timeToLiveInSeconds"] == 60
    second = service.call("PATCH", path, {"tenant": {"jwtConfiguration": None}}, headers=MERGE_PATCH)
    assert second.json()["tenant"]["jwtConfiguration"]["timeToLiveInSeconds"] == 3600


def test_a_patched_tenant_is_validated_as_a_put_is(service: Service) -> None:
    path = f"/api/tenant/{acme(service)['id']}"
    assert codes(service.call("PATCH", path, {"tenant": {"name": None}})) == {"[blank]tenant.name"}


def test_an_absent_tenant_is_not_found_before_its_body_is_read(service: Service) -> None:
    path = f"/api/tenant/{uuid4()}"
    assert service.call("GET", path).status_code == 404
    for method in ("PUT", "PATCH"):
        answer = service.call(method, path, data="{", headers={"Content-Type": "application/json"})
        assert answer.status_code == 404
    assert service.call("DELETE", path).status_code == 404


def test_a_copy_has_all_of_its_source_but_id_and_name(service: Service) -> None:
    source = acme(service, logoutURL="https://acme.example/out", emailConfiguration={"password": "s3cret"})
    body = {"sourceTenantId": source["id"], "tenant": {"name": "Copy"}}
    copy = service.call("POST", "/api/tenant", body).json()["tenant"]
    own = {"id", "name", "insertInstant", "lastUpdateInstant"}
    assert {k: v for k, v in copy.items() if k not in own} == {k: v for k, v in source.items() if k not in own}
    assert copy["name"] == "Copy"
    unknown = service.call("POST", "/api/tenant", {**body, "sourceTenantId": str(uuid4())})
    assert codes(unknown) == {"[invalid]sourceTenantId"}


def test_a_lambda_of_the_right_type_is_accepted_and_one_of_another_is_not(service: Service) -> None:
    with service.services.db.transaction() as conn:
        right, wrong = insert_lambda(conn, "LoginValidation"), insert_lambda(conn, "TwitterReconcile")
    acme(service, lambdaConfiguration={"loginValidationId": str(right)})
    body = {"tenant": {"name": "Other", "lambdaConfiguration": {"loginValidationId": str(wrong)}}}
    assert codes(service.call("POST", "/api/tenant", body)) == {"[invalid]tenant.lambdaConfiguration.loginValidationId"}


def test_secrets_are_sealed_in_the_store_retrieved_and_not_found_by_search(service: Service) -> None:
    tenant = acme(
        service, emailConfiguration={"password": "hunter2hunter2"}, captchaConfiguration={"secretKey": "capcapcap"}
    )
    with service.services.db.read() as conn:
        row = conn.execute("SELECT tenants::text FROM tenants WHERE id = %s", (tenant["id"],)).fetchone()
    assert row is not None
    assert "hunter2" not in row[0]
    assert "capcap" not in row[0]
    read = service.call("GET", f"/api/tenant/{tenant['id']}").json()["tenant"]
    assert read["emailConfiguration"]["password"] == "hunter2hunter2"
    assert read["captchaConfiguration"]["secretKey"] == "capcapcap"
    found = service.call("POST", "/api/tenant/search", {"search": {"name": "acme"}}).text
    assert "hunter2" not in found
    assert "capcap" not in found


def test_search_finds_by_part_of_the_name_in_order_and_by_page(service: Service) -> None:
    for name in ("Blue", "Bluegreen", "Red", "100%"):
        service.client.create_tenant({"tenant": {"name": name}})
    found = service.client.search_tenants({"search": {"name": "blue", "orderBy": "name DESC"}}).success_response
    assert [tenant["name"] for tenant in found["tenants"]] == ["Bluegreen", "Blue"]
    assert found["total"] == 2
    page = service.call("GET", "/api/tenant/search?orderBy=name&startRow=1&numberOfResults=2&name=undefined").json()
    assert [tenant["name"] for tenant in page["tenants"]] == ["Blue", "Bluegreen"]
    assert page["total"] == 5
    exact = service.call("GET", "/api/tenant/search", params={"name": "b*e"}).json()
    assert [tenant["name"] for tenant in exact["tenants"]] == ["Blue"]
    percent = service.call("GET", "/api/tenant/search", params={"name": "%"}).json()
    assert [tenant["name"] for tenant in percent["tenants"]] == ["100%"]
    assert codes(service.call("GET", "/api/tenant/search?orderBy=secrets")) == {"[invalid]search.orderBy"}


def test_tenant_search_refuses_a_locked_key_and_does_not_look_at_the_header(service: Service) -> None:
    tenant = acme(service)
    locked = service.add_key(tenant_id=UUID(tenant["id"]))
    assert service.call("GET", "/api/tenant/search", key=locked).status_code == 401
    for header in (tenant["id"], "no uuid", str(uuid4())):
        assert service.call("GET", "/api/tenant/search", tenant=header).json()["total"] == 2


def test_for_a_locked_key_the_other_tenants_do_not_exist(service: Service) -> None:
    tenant = acme(service)
    locked = service.add_key(tenant_id=UUID(tenant["id"]))
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = None if method in {"GET", "DELETE"} else {"tenant": {"name": "Mine"}}
        assert service.call(method, f"/api/tenant/{service.tenant_id}", body, key=locked).status_code == 404
    listed = service.call("GET", "/api/tenant", key=locked).json()["tenants"]
    assert [one["id"] for one in listed] == [tenant["id"]]
    assert service.call("POST", "/api/tenant", {"tenant": {"name": "New"}}, key=locked).status_code == 401
    assert service.call("GET", f"/api/tenant/{tenant['id']}", tenant=service.tenant_id).status_code == 404


def test_a_deleted_tenant_takes_its_applications_with_it(service: Service) -> None:
    tenant = acme(service)
    made = service.call("POST", "/api/application", {"application": {"name": "App"}}, tenant=tenant["id"]).json()
    deleted = service.client.delete_tenant(tenant["id"])
    assert (deleted.status, deleted.success_response) == (200, None)
    assert service.call("GET", f"/api/tenant/{tenant['id']}").status_code == 404
    assert service.call("GET", f"/api/application/{made['application']['id']}").status_code == 404


@pytest.mark.parametrize("how", [{"params": {"async": "true"}}, {"json": {"async": True}}])
def test_a_tenant_deleted_in_the_background_answers_202(service: Service, how: dict[str, Any]) -> None:
    deleted = service.call("DELETE", f"/api/tenant/{acme(service)['id']}", **how)
    assert (deleted.status_code, deleted.content) == (202, b"")


def test_the_default_tenant_can_not_be_deleted(service: Service) -> None:
    assert codes(service.call("DELETE", f"/api/tenant/{service.tenant_id}")) == {"[invalid]tenantId"}
    assert service.call("GET", f"/api/tenant/{service.tenant_id}").status_code == 200


def test_password_rules_are_open(service: Service) -> None:
    only = service.client.retrieve_password_validation_rules().success_response
    assert only["passwordValidationRules"]["minLength"] == 8
    tenant = acme(service, passwordValidationRules={"minLength": 12})
    path = "/api/tenant/password-validation-rules"
    assert codes(service.call("GET", path, key="")) == {"[TenantIdRequired]"}
    by_header = service.call("GET", path, key="", tenant=tenant["id"]).json()
    by_id = service.call("GET", f"{path}/{tenant['id']}", key="").json()
    assert by_header == by_id
    assert by_id["passwordValidationRules"]["minLength"] == 12
    assert service.call("GET", f"{path}/{uuid4()}", key="").status_code == 404


def test_a_change_of_a_tenant_moves_the_configuration_version_and_is_audited(service: Service) -> None:
    with service.services.db.read() as conn:
        before = conn.execute("SELECT configuration_version FROM installation").fetchone()
    tenant = acme(service)
    with service.services.db.read() as conn:
        after = conn.execute("SELECT configuration_version FROM installation").fetchone()
        entry = conn.execute("SELECT insert_user, message FROM audit_logs ORDER BY id DESC").fetchone()
    assert before is not None
    assert after is not None
    assert after[0] == before[0] + 1
    assert entry is not None
    assert entry[1] == f"Created the tenant with id {tenant['id']} and name 'Acme'"


def test_no_patch_is_lost_when_many_come_at_once(service: Service) -> None:
    path = f"/api/tenant/{acme(service)['id']}"
    statuses: list[int] = []

    def add_one(number: int) -> None:
        answer = service.call("PATCH", path, {"tenant": {"data": {f"member{number}": number}}})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=add_one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert len(service.call("GET", path).json()["tenant"]["data"]) == 20
