"""Applications over HTTP. Source: supporting contract section 5."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.domain.model import FUSIONAUTH_APPLICATION_ID
from identity.store import applications
from tests.service import NOBODYS_ID, Service, codes, insert_lambda, insert_signing_key

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


def shop(service: Service, **members: Any) -> dict[str, Any]:
    response = service.call(
        "POST", "/api/application", {"application": {"name": "Shop", **members}}, tenant=service.tenant_id
    )
    assert response.status_code == 200, response.text
    application: dict[str, Any] = response.json()["application"]
    return application


def other_tenant(service: Service) -> str:
    return str(service.call("POST", "/api/tenant", {"tenant": {"name": "Other"}}).json()["tenant"]["id"])


def test_a_new_application_comes_back_with_every_default(service: Service) -> None:
    created = service.client.create_application({"application": {"name": "Shop"}})
    assert created.was_successful(), created.error_response
    application = created.success_response["application"]
    assert application["tenantId"] == str(service.tenant_id)
    assert (application["active"], application["state"]) == (True, "Active")
    assert application["loginConfiguration"] == {
        "allowTokenRefresh": False,
        "generateRefreshTokens": False,
        "requireAuthentication": True,
    }
    assert application["jwtConfiguration"]["enabled"] is False
    assert application["oauthConfiguration"]["clientId"] == application["id"]
    assert len(application["oauthConfiguration"]["clientSecret"]) == 43
    assert application["oauthConfiguration"]["clientAuthenticationPolicy"] == "Required"
    assert application["registrationDeletePolicy"]["unverified"]["numberOfDaysToRetain"] == 120
    assert service.client.retrieve_application(application["id"]).success_response == created.success_response


def test_the_deprecated_twin_of_the_client_authentication_policy_still_counts(service: Service) -> None:
    application = shop(service, oauthConfiguration={"requireClientAuthentication": False})
    assert application["oauthConfiguration"]["clientAuthenticationPolicy"] == "NotRequired"


def test_an_application_takes_the_id_of_the_path_and_a_taken_one_is_refused_in_every_tenant(service: Service) -> None:
    application_id = str(uuid4())
    created = service.client.create_application({"application": {"name": "Shop"}}, application_id)
    assert created.success_response["application"]["id"] == application_id
    again = service.call(
        "POST",
        f"/api/application/{application_id}",
        {"application": {"name": "Elsewhere"}},
        tenant=other_tenant(service),
    )
    assert codes(again) == {"[duplicate]applicationId"}


def test_with_several_tenants_a_new_application_must_say_which(service: Service) -> None:
    other = other_tenant(service)
    body = {"application": {"name": "Shop"}}
    assert codes(service.call("POST", "/api/application", body)) == {"[TenantIdRequired]"}
    made = service.call("POST", "/api/application", body, tenant=other).json()["application"]
    assert made["tenantId"] == other
    locked = service.add_key(tenant_id=UUID(other))
    assert codes(service.call("POST", "/api/application", body, key=locked)) == {"[duplicate]application.name"}


def test_a_name_is_unique_in_its_tenant_only(service: Service) -> None:
    shop(service)
    body = {"application": {"name": "Shop"}}
    duplicate = service.call("POST", "/api/application", body)
    assert codes(duplicate) == {"[duplicate]application.name"}
    assert service.call("POST", "/api/application", body, tenant=other_tenant(service)).status_code == 200


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"name": ""}, "[blank]application.name"),
        ({"loginConfiguration": {"generateRefreshTokens": "true"}}, "[invalidJSON]"),
        ({"oauthConfiguration": {"enabledGrants": ["magic"]}}, "[invalidJSON]"),
        ({"jwtConfiguration": {"idTokenKeyId": NOBODYS_ID}}, "[invalid]application.jwtConfiguration.idTokenKeyId"),
        (
            {"jwtConfiguration": {"refreshTokenTimeToLiveInMinutes": -1}},
            "[invalid]application.jwtConfiguration.refreshTokenTimeToLiveInMinutes",
        ),
        (
            {"lambdaConfiguration": {"accessTokenPopulateId": NOBODYS_ID}},
            "[invalid]application.lambdaConfiguration.accessTokenPopulateId",
        ),
        ({"verificationStrategy": "FormField"}, "[invalid]application.verificationStrategy"),
        (
            {"registrationConfiguration": {"enabled": True, "type": "advanced"}},
            "[missing]application.registrationConfiguration.formId",
        ),
        ({"roles": [{"description": "no name"}]}, "[blank]application.roles[0].name"),
        ({"roles": [{"name": "a"}, {"name": "a"}]}, "[duplicate]application.roles[1].name"),
    ],
)
def test_an_application_that_breaks_a_rule_is_refused(service: Service, members: dict[str, Any], code: str) -> None:
    response = service.call("POST", "/api/application", {"application": {"name": "Shop", **members}})
    assert codes(response) == {code}
    assert service.call("GET", "/api/application").json() == {"applications": []}


def test_a_key_and_a_lambda_that_fit_are_accepted(service: Service) -> None:
    with service.services.db.transaction() as conn:
        key_id, lambda_id = insert_signing_key(conn, service.services, "Shop"), insert_lambda(conn, "JWTPopulate")
    application = shop(
        service,
        jwtConfiguration={"enabled": True, "accessTokenKeyId": str(key_id)},
        lambdaConfiguration={"accessTokenPopulateId": str(lambda_id)},
    )
    assert application["jwtConfiguration"]["accessTokenKeyId"] == str(key_id)
    assert application["lambdaConfiguration"] == {"accessTokenPopulateId": str(lambda_id)}


def test_a_deleted_key_can_not_sign(service: Service) -> None:
    with service.services.db.transaction() as conn:
        key_id = insert_signing_key(conn, service.services, "Gone")
        conn.execute("UPDATE keys SET deleted_instant = 1 WHERE id = %s", (key_id,))
    body = {"application": {"name": "Shop", "jwtConfiguration": {"accessTokenKeyId": str(key_id)}}}
    assert codes(service.call("POST", "/api/application", body)) == {
        "[invalid]application.jwtConfiguration.accessTokenKeyId"
    }


def test_put_replaces_but_keeps_client_secret_roles_and_state(service: Service) -> None:
    application = shop(
        service, roles=[{"name": "admin"}], verifyRegistration=True, oauthConfiguration={"clientSecret": "chosen"}
    )
    service.call("DELETE", f"/api/application/{application['id']}")
    body = {"application": {"name": "Shop 2", "roles": [], "oauthConfiguration": {"clientSecret": " "}}}
    updated = service.client.update_application(application["id"], body).success_response["application"]
    assert updated["name"] == "Shop 2"
    assert updated["oauthConfiguration"]["clientSecret"] == "chosen"
    assert updated["verifyRegistration"] is False
    assert updated["insertInstant"] == application["insertInstant"]
    assert updated["roles"] == application["roles"]
    assert updated["state"] == "Inactive"


def test_put_changes_the_client_secret_when_one_is_given(service: Service) -> None:
    application = shop(service)
    body = {"application": {"name": "Shop", "oauthConfiguration": {"clientSecret": "fresh"}}}
    updated = service.call("PUT", f"/api/application/{application['id']}", body).json()["application"]
    assert updated["oauthConfiguration"]["clientSecret"] == "fresh"


def test_the_client_secret_is_sealed_in_the_store_and_not_found_by_search(service: Service) -> None:
    shop(service, oauthConfiguration={"clientSecret": "hunter2hunter2"}, cleanSpeakConfiguration={"apiKey": "cscs"})
    with service.services.db.read() as conn:
        row = conn.execute("SELECT applications::text FROM applications").fetchone()
    assert row is not None
    assert "hunter2" not in row[0]
    assert "cscs" not in row[0]
    assert "hunter2" not in service.call("GET", "/api/application/search").text
    assert "hunter2" in service.call("GET", "/api/application").text


def test_patch_appends_to_arrays_in_fusionauths_dialect_and_replaces_them_in_merge_patch(service: Service) -> None:
    application = shop(service, oauthConfiguration={"authorizedRedirectURLs": ["https://a.example"]})
    path = f"/api/application/{application['id']}"
    added = {"application": {"oauthConfiguration": {"authorizedRedirectURLs": ["https://b.example"]}}}
    appended = service.client.patch_application(application["id"], added).success_response["application"]
    assert appended["oauthConfiguration"]["authorizedRedirectURLs"] == ["https://a.example", "https://b.example"]
    merged = service.call("PATCH", path, added, headers=MERGE_PATCH).json()["application"]
    assert merged["oauthConfiguration"]["authorizedRedirectURLs"] == ["https://b.example"]
    operations = [
        {"op": "test", "path": "/application/name", "value": "Shop"},
        {"op": "add", "path": "/application/oauthConfiguration/authorizedRedirectURLs/0", "value": "https://c.example"},
    ]
    operated = service.call("PATCH", path, operations, headers=JSON_PATCH).json()["application"]
    assert operated["oauthConfiguration"]["authorizedRedirectURLs"] == ["https://c.example", "https://b.example"]
    assert operated["oauthConfiguration"]["clientSecret"] == application["oauthConfiguration"]["clientSecret"]


def test_a_patch_of_immutable_members_changes_nothing_of_them(service: Service) -> None:
    application = shop(service)
    body = {"application": {"id": str(uuid4()), "tenantId": str(uuid4()), "insertInstant": 1, "active": False}}
    patched = service.call("PATCH", f"/api/application/{application['id']}", body).json()["application"]
    for name in ("id", "tenantId", "insertInstant", "active"):
        assert patched[name] == application[name]


def test_a_copy_has_all_of_its_source_but_id_name_and_client_secret(service: Service) -> None:
    source = shop(
        service,
        roles=[{"name": "admin", "isSuperRole": True}, {"name": "buyer", "isDefault": True}],
        loginConfiguration={"generateRefreshTokens": True},
    )
    body = {"sourceApplicationId": source["id"], "application": {"name": "Copy"}}
    copy = service.call("POST", "/api/application", body).json()["application"]
    assert copy["loginConfiguration"] == source["loginConfiguration"]
    assert [role["name"] for role in copy["roles"]] == ["admin", "buyer"]
    assert {role["id"] for role in copy["roles"]}.isdisjoint(role["id"] for role in source["roles"])
    assert copy["oauthConfiguration"]["clientSecret"] != source["oauthConfiguration"]["clientSecret"]
    foreign = service.call(
        "POST", "/api/application", {**body, "application": {"name": "Theft"}}, tenant=other_tenant(service)
    )
    assert codes(foreign) == {"[invalid]sourceApplicationId"}


def test_delete_deactivates_and_reactivate_needs_no_body(service: Service) -> None:
    application = shop(service)
    deleted = service.client.deactivate_application(application["id"])
    assert (deleted.status, deleted.success_response) == (200, None)
    assert service.client.retrieve_applications().success_response == {"applications": []}
    inactive = service.client.retrieve_inactive_applications().success_response["applications"]
    assert [(one["id"], one["state"]) for one in inactive] == [(application["id"], "Inactive")]
    back = service.client.reactivate_application(application["id"])
    assert back.success_response["application"]["active"] is True
    assert len(service.client.retrieve_applications().success_response["applications"]) == 1


def test_a_hard_delete_leaves_nothing(service: Service) -> None:
    application = shop(service)
    assert service.client.delete_application(application["id"]).status == 200
    path = f"/api/application/{application['id']}"
    assert service.call("GET", path).status_code == 404
    assert service.call("PUT", path, params={"reactivate": "true"}).status_code == 404
    assert service.call("DELETE", path).status_code == 404


@pytest.mark.parametrize("query", ["", "?hardDelete=true"])
def test_the_admin_application_can_not_be_deleted(service: Service, query: str) -> None:
    path = f"/api/application/{FUSIONAUTH_APPLICATION_ID}"
    assert service.call("POST", path, {"application": {"name": "FusionAuth"}}).status_code == 200
    assert codes(service.call("DELETE", path + query)) == {"[invalid]applicationId"}
    assert service.call("GET", path).json()["application"]["active"] is True


def test_an_application_of_another_tenant_looks_absent(service: Service) -> None:
    application = shop(service, roles=[{"name": "admin"}])
    other = other_tenant(service)
    locked = service.add_key(tenant_id=UUID(other))
    path, role = f"/api/application/{application['id']}", f"/role/{application['roles'][0]['id']}"
    for method, below in (
        ("GET", ""),
        ("GET", "/oauth-configuration"),
        ("PUT", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/role"),
        ("PUT", role),
        ("PATCH", role),
        ("DELETE", role),
    ):
        body = None if method in {"GET", "DELETE"} else {"application": {"name": "Mine"}, "role": {"name": "mine"}}
        assert service.call(method, path + below, body, key=locked).status_code == 404
        assert service.call(method, path + below, body, tenant=other).status_code == 404
    assert service.call("GET", "/api/application", key=locked).json() == {"applications": []}
    assert service.call("GET", path).json()["application"] == application


def test_search_looks_at_name_state_and_tenant(service: Service) -> None:
    gone = shop(service)
    shop(service, name="Shop window")
    other = other_tenant(service)
    service.call("POST", "/api/application", {"application": {"name": "Shop"}}, tenant=other)
    service.call("DELETE", f"/api/application/{gone['id']}")

    def names(**criteria: Any) -> list[str]:
        found = service.client.search_applications({"search": criteria}).success_response
        assert found["total"] == len(found["applications"])
        return [one["name"] for one in found["applications"]]

    assert names(name="shop") == ["Shop", "Shop", "Shop window"]
    assert names(name="shop", state="Inactive") == ["Shop"]
    assert names(name="shop", state="PendingDelete") == []
    assert names(tenantId=other) == ["Shop"]
    by_header = service.call("GET", "/api/application/search", params={"tenantId": other}, tenant=service.tenant_id)
    assert by_header.json()["total"] == 2
    page = service.call("GET", "/api/application/search?orderBy=name%20DESC&numberOfResults=1").json()
    assert ([one["name"] for one in page["applications"]], page["total"]) == (["Shop window"], 3)


def test_the_oauth_configuration_holds_the_client_secret_and_the_tenants_session_time(service: Service) -> None:
    application = shop(service, oauthConfiguration={"logoutURL": "https://shop.example/bye"})
    found = service.client.retrieve_oauth_configuration(application["id"]).success_response
    assert found == {
        "httpSessionMaxInactiveInterval": 3600,
        "logoutURL": "https://shop.example/bye",
        "oauthConfiguration": application["oauthConfiguration"],
    }
    key = service.add_key(permissions={"/api/application": ["GET"]})
    assert service.call("GET", f"/api/application/{application['id']}/oauth-configuration", key=key).status_code == 401


def test_no_patch_is_lost_when_many_come_at_once(service: Service) -> None:
    application = shop(service)
    statuses: list[int] = []

    def add_one(number: int) -> None:
        body = {"application": {"data": {f"member{number}": number}}}
        statuses.append(service.call("PATCH", f"/api/application/{application['id']}", body).status_code)

    threads = [threading.Thread(target=add_one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    read = service.call("GET", f"/api/application/{application['id']}").json()["application"]
    assert len(read["data"]) == 20


def test_the_store_hands_out_an_application_with_its_roles_in_its_own_tenant_only(service: Service) -> None:
    made = shop(service, roles=[{"name": "buyer", "isDefault": True}, {"name": "admin"}])
    with service.services.db.read() as conn:
        found = applications.get(conn, UUID(made["id"]), service.tenant_id)
        foreign = applications.get(conn, UUID(made["id"]), uuid4())
    assert found is not None
    assert foreign is None
    assert [role.name for role in found.roles] == ["admin", "buyer"]
    assert found.default_roles == ["buyer"]
    assert found.settings["login_configuration"]["generate_refresh_tokens"] is False
