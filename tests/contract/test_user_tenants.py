"""Users of several tenants: walls between them, and what each tenant's settings decide. Source: login contract 1.2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests import postgres
from tests.contract.people import (
    PASSWORD,
    add_application,
    add_refresh_token,
    add_tenant,
    add_user,
    codes,
    new_email,
    refresh_tokens_of,
    retrieved,
    service_for_a_module,
    stored_password,
)
from tests.service import Service

REGISTRATION = "/api/user/registration"


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


def test_the_tenants_scheme_is_used_when_the_user_names_none(service: Service) -> None:
    encryption = {"encryption_scheme": "salted-pbkdf2-hmac-sha256", "encryption_scheme_factor": 1234}
    tenant_id = add_tenant(service, password_encryption_configuration=encryption)
    stored = stored_password(service, add_user(service, tenant_id))
    assert stored is not None
    assert (stored.scheme, stored.factor) == ("salted-pbkdf2-hmac-sha256", 1234)
    stored = stored_password(service, add_user(service, tenant_id, encryptionScheme="bcrypt"))
    assert stored is not None
    assert (stored.scheme, stored.factor) == ("bcrypt", 10)


def test_a_tenant_may_keep_sessions_when_a_password_changes(service: Service) -> None:
    policy = {"refresh_token_revocation_policy": {"on_password_changed": False}}
    user = add_user(service, add_tenant(service, jwt_configuration=policy))
    token = add_refresh_token(service, user)
    service.call("PATCH", f"/api/user/{user['id']}", {"user": {"password": "another good one"}})
    assert refresh_tokens_of(service, user) == [token]


def test_a_user_starts_unverified_when_the_tenant_verifies_and_nobody_skips(service: Service) -> None:
    tenant_id = add_tenant(service, email_configuration={"verify_email": True})
    user = add_user(service, tenant_id)
    assert user["verified"] is False
    assert "verifiedInstant" not in user
    assert user["identities"][0]["verifiedReason"] == "Pending"
    body = {"user": {"email": new_email(), "password": PASSWORD}, "skipVerification": True}
    skipped = service.call("POST", "/api/user", body, tenant=tenant_id).json()["user"]
    assert (skipped["verified"], skipped["identities"][0]["verifiedReason"]) == (True, "Skipped")
    assert skipped["verifiedInstant"] == skipped["insertInstant"]


def test_an_update_may_vouch_for_a_user_and_the_first_instant_stays(service: Service) -> None:
    user = add_user(service, add_tenant(service, email_configuration={"verify_email": True}))
    path = f"/api/user/{user['id']}"
    vouched = service.call("PATCH", path, {"skipVerification": True}).json()["user"]
    assert vouched["verified"] is True
    again = service.call("PATCH", path, {"skipVerification": True}).json()["user"]
    assert again["verifiedInstant"] == vouched["verifiedInstant"]


def test_a_blocked_domain_is_refused_unless_the_request_lifts_the_block(service: Service) -> None:
    tenant_id = add_tenant(service, registration_configuration={"blocked_domains": ["evil.example"]})
    body = {"user": {"email": f"{uuid4().hex}@Evil.example", "password": PASSWORD}}
    assert codes(service.call("POST", "/api/user", body, tenant=tenant_id)) == {"user.email": ["[blocked]user.email"]}
    lifted = body | {"disableDomainBlock": True}
    assert service.call("POST", "/api/user", lifted, tenant=tenant_id).status_code == 200


def test_the_tenants_password_rules_hold(service: Service) -> None:
    tenant_id = add_tenant(service, password_validation_rules={"min_length": 12, "require_number": True})
    body = {"user": {"email": new_email(), "password": "elevenchars"}}
    assert codes(service.call("POST", "/api/user", body, tenant=tenant_id)) == {
        "user.password": ["[tooShort]user.password", "[requireNumber]user.password"]
    }


def test_another_tenants_user_looks_absent(service: Service) -> None:
    other = add_tenant(service)
    user = add_user(service)
    path, login_id = f"/api/user/{user['id']}", {"loginId": user["email"]}
    key = service.add_key(tenant_id=other)
    for options in ({"tenant": other}, {"key": key}):
        assert service.call("GET", path, **options).status_code == 404
        assert service.call("GET", "/api/user", params=login_id, **options).status_code == 404
        assert service.call("PUT", path, {"user": {"username": "x"}}, **options).status_code == 404
        assert service.call("PATCH", path, {}, **options).status_code == 404
        assert service.call("DELETE", path, **options).status_code == 404
        assert service.call("DELETE", path + "?hardDelete=true", **options).status_code == 404
        recent = service.call("GET", "/api/user/recent-login", params={"userId": user["id"]}, **options)
        assert recent.status_code == 404
    assert retrieved(service, user) == user


def test_the_same_email_may_exist_once_in_each_tenant(service: Service) -> None:
    first = add_user(service)
    second = add_user(service, add_tenant(service), email=first["email"])
    assert second["id"] != first["id"]


def test_with_several_tenants_a_creation_must_name_one_or_an_application(service: Service) -> None:
    other = add_tenant(service)
    application_id = add_application(service, other)
    body: dict[str, Any] = {"user": {"email": new_email(), "password": PASSWORD}}
    assert codes(service.call("POST", "/api/user", body)) == {"": ["[TenantIdRequired]"]}
    assert codes(service.call("GET", "/api/user", params={"email": "x@y.z"})) == {"": ["[TenantIdRequired]"]}
    body["applicationId"] = str(application_id)
    mismatch = codes(service.call("POST", "/api/user", body, tenant=service.tenant_id))
    assert mismatch == {"applicationId": ["[invalid]applicationId"]}
    assert service.call("POST", "/api/user", body).json()["user"]["tenantId"] == str(other)


def test_another_tenants_registration_looks_absent(service: Service) -> None:
    other = add_tenant(service)
    user, application_id = add_user(service), add_application(service, service.tenant_id)
    registered = {"registration": {"applicationId": str(application_id)}}
    assert service.call("POST", f"{REGISTRATION}/{user['id']}", registered).status_code == 200
    path = f"{REGISTRATION}/{user['id']}/{application_id}"
    key = service.add_key(tenant_id=other)
    for options in ({"tenant": other}, {"key": key}):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = None if method == "GET" else {}
            assert service.call(method, path, body, **options).status_code == 404, method
    assert service.call("GET", path).status_code == 200


def test_nobody_registers_across_tenants(service: Service) -> None:
    other = add_tenant(service)
    foreign = add_application(service, other)
    refused = {"registration.applicationId": ["[invalid]registration.applicationId"]}
    body: dict[str, Any] = {"registration": {"applicationId": str(foreign)}}
    assert codes(service.call("POST", f"{REGISTRATION}/{add_user(service)['id']}", body)) == refused
    body["user"] = {"email": new_email(), "password": PASSWORD}
    assert codes(service.call("POST", REGISTRATION, body, tenant=service.tenant_id)) == refused


def test_the_combined_create_takes_the_tenant_of_its_application(service: Service) -> None:
    other = add_tenant(service)
    application_id = add_application(service, other)
    body = {
        "user": {"email": new_email(), "password": PASSWORD},
        "registration": {"applicationId": str(application_id)},
    }
    assert service.call("POST", REGISTRATION, body).json()["user"]["tenantId"] == str(other)


def test_a_search_stays_in_its_tenant_and_without_one_sees_all(service: Service) -> None:
    other = add_tenant(service)
    here, there = add_user(service), add_user(service, other)
    key = service.add_key(tenant_id=other)
    both = {"ids": [here["id"], there["id"]]}
    for options in ({"tenant": other}, {"key": key}):
        assert service.call("GET", "/api/user/search", **options).json() == {"total": 1, "users": [there]}
        assert service.call("POST", "/api/user/search", {"search": both}, **options).json()["users"] == [there]
    assert service.call("POST", "/api/user/search", {"search": both}).json()["users"] == [here, there]
