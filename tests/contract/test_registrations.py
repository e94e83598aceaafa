"""The Registration API. Source: supporting contract 4."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import postgres
from tests.contract.people import (
    PASSWORD,
    add_application,
    add_refresh_token,
    add_user,
    codes,
    new_email,
    refresh_tokens_of,
    retrieved,
    service_for_a_module,
)
from tests.service import NOBODYS_ID, Service

ROOT = "/api/user/registration"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


@pytest.fixture(scope="module")
def application_id(service: Service) -> UUID:
    """Roles admin and editor, and user and reader for everybody; authentication tokens are allowed."""
    configuration = {"enabled": True}
    return add_application(
        service,
        service.tenant_id,
        "admin",
        "editor",
        default=("user", "reader"),
        authentication_token_configuration=configuration,
    )


def add_registration(service: Service, user: dict[str, Any], application_id: UUID, **members: Any) -> dict[str, Any]:
    body = {"registration": {"applicationId": str(application_id), **members}}
    response = service.call("POST", f"{ROOT}/{user['id']}", body)
    assert response.status_code == 200, response.text
    registration: dict[str, Any] = response.json()["registration"]
    return registration


def path_of(user: dict[str, Any], application_id: UUID) -> str:
    return f"{ROOT}/{user['id']}/{application_id}"


def test_the_official_client_registers_reads_changes_and_removes(service: Service, application_id: UUID) -> None:
    client, user, application = service.client, add_user(service), str(application_id)
    made = client.register({"registration": {"applicationId": application, "username": "bobby"}}, user["id"])
    assert made.was_successful(), made.error_response
    read = client.retrieve_registration(user["id"], application).success_response
    assert read["registration"] == made.success_response["registration"]
    body = {"registration": {"applicationId": application, "roles": ["admin"]}}
    changed = client.update_registration(user["id"], body).success_response["registration"]
    assert (changed["roles"], "username" in changed) == (["admin"], False)
    patched = client.patch_registration(user["id"], {"registration": {"applicationId": application, "data": {"a": 1}}})
    assert patched.success_response["registration"]["roles"] == ["admin"]
    assert patched.success_response["registration"]["data"] == {"a": 1}
    assert client.delete_registration(user["id"], application).was_successful()
    assert client.retrieve_registration(user["id"], application).status == 404


def test_a_registration_is_answered_whole_and_stands_in_its_user(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    registration_id = str(uuid4())
    registration = add_registration(
        service,
        user,
        application_id,
        id=registration_id,
        username="bobby",
        timezone="Europe/Berlin",
        preferredLanguages=["de"],
        data={"a": [1]},
        tokens={"Other": "kept"},
    )
    now = registration["insertInstant"]
    assert registration == {
        "applicationId": str(application_id),
        "data": {"a": [1]},
        "id": registration_id,
        "insertInstant": now,
        "lastUpdateInstant": now,
        "preferredLanguages": ["de"],
        "roles": ["reader", "user"],
        "timezone": "Europe/Berlin",
        "tokens": {"Other": "kept"},
        "username": "bobby",
        "usernameStatus": "ACTIVE",
        "verified": True,
        "verifiedInstant": now,
    }
    assert retrieved(service, user)["registrations"] == [registration]


def test_the_combined_create_makes_user_and_registration_in_one_transaction(
    service: Service, application_id: UUID
) -> None:
    user_id = str(uuid4())
    body: dict[str, Any] = {
        "user": {"email": new_email(), "password": PASSWORD},
        "registration": {"applicationId": str(application_id), "roles": ["editor", "admin", "editor"]},
    }
    response = service.call("POST", f"{ROOT}/{user_id}", body)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["user"]["id"] == user_id
    assert answer["registration"]["roles"] == ["admin", "editor"]
    assert answer["user"] == retrieved(service, answer["user"])
    assert answer["user"]["registrations"] == [answer["registration"]]


def test_a_combined_create_that_fails_leaves_no_user_behind(service: Service, application_id: UUID) -> None:
    user_id = str(uuid4())
    body = {
        "user": {"email": new_email(), "password": PASSWORD},
        "registration": {"applicationId": str(application_id), "roles": ["user", "emperor"]},
    }
    response = service.call("POST", f"{ROOT}/{user_id}", body)
    assert codes(response) == {"registration.roles[1]": ["[invalid]registration.roles[1]"]}
    assert service.call("GET", f"/api/user/{user_id}").status_code == 404


def test_the_combined_create_needs_a_new_user_and_a_password(service: Service, application_id: UUID) -> None:
    registration = {"applicationId": str(application_id)}
    user = add_user(service)
    body = {"user": {"email": new_email(), "password": PASSWORD}, "registration": registration}
    assert codes(service.call("POST", f"{ROOT}/{user['id']}", body)) == {"userId": ["[duplicate]userId"]}
    body = {"user": {"email": new_email()}, "registration": registration}
    assert codes(service.call("POST", ROOT, body)) == {"user.password": ["[blank]user.password"]}
    assert service.call("POST", ROOT, body | {"sendSetPasswordEmail": True}).status_code == 200


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"applicationId": None}, "registration.applicationId", "[missing]registration.applicationId"),
        ({"applicationId": "x"}, "registration.applicationId", "[invalidJSON]"),
        ({"applicationId": NOBODYS_ID}, "registration.applicationId", "[invalid]registration.applicationId"),
        ({"roles": ["emperor"]}, "registration.roles[0]", "[invalid]registration.roles[0]"),
        ({"roles": "admin"}, "registration.roles", "[invalidJSON]"),
        ({"timezone": "Mars"}, "registration.timezone", "[invalid]registration.timezone"),
        ({"username": "x" * 192}, "registration.username", "[tooLong]registration.username"),
        ({"preferredLanguages": ["en"] * 21}, "registration.preferredLanguages", "[tooMany]registration."),
        ({"tokens": {"a": 1}}, "registration.tokens", "[invalidJSON]"),
    ],
)
def test_a_bad_member_is_refused_by_its_path(
    service: Service, application_id: UUID, members: dict[str, Any], path: str, code: str
) -> None:
    user = add_user(service)
    body = {"registration": {"applicationId": str(application_id), **members}}
    found = codes(service.call("POST", f"{ROOT}/{user['id']}", body))
    assert list(found) == [path]
    assert found[path][0].startswith(code)


def test_registering_needs_a_user_and_a_registration(service: Service, application_id: UUID) -> None:
    body = {"registration": {"applicationId": str(application_id)}}
    assert codes(service.call("POST", ROOT, body)) == {"userId": ["[missing]userId"]}
    assert codes(service.call("POST", ROOT, {})) == {"registration": ["[missing]registration"]}
    assert service.call("POST", f"{ROOT}/{uuid4()}", body).status_code == 404


def test_a_second_registration_for_one_application_is_a_duplicate(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    first = add_registration(service, user, application_id)
    again = {"registration": {"applicationId": str(application_id)}}
    assert codes(service.call("POST", f"{ROOT}/{user['id']}", again)) == {
        "registration.applicationId": ["[duplicate]registration.applicationId"]
    }
    same_id = {"registration": {"applicationId": str(application_id), "id": first["id"]}}
    assert codes(service.call("POST", f"{ROOT}/{add_user(service)['id']}", same_id)) == {
        "registration.id": ["[duplicate]registration.id"]
    }


def test_sixteen_registrations_at_once_make_one(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    body = {"registration": {"applicationId": str(application_id)}}
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: service.call("POST", f"{ROOT}/{user['id']}", body).status_code, range(16)))
    assert sorted(statuses) == [200] + [400] * 15


def test_the_application_of_the_path_wins_over_the_one_in_the_body(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    add_registration(service, user, application_id)
    body = {"registration": {"applicationId": str(uuid4()), "username": "bobby"}}
    for method in ("PUT", "PATCH"):
        registration = service.call(method, path_of(user, application_id), body).json()["registration"]
        assert registration["applicationId"] == str(application_id)
        assert registration["username"] == "bobby"


def test_without_an_application_in_the_path_the_body_must_name_it(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    path = f"{ROOT}/{user['id']}"
    for method in ("PUT", "PATCH"):
        refused = codes(service.call(method, path, {"registration": {"username": "x"}}))
        assert refused == {"registration.applicationId": ["[missing]registration.applicationId"]}
        body = {"registration": {"applicationId": str(application_id)}}
        assert service.call(method, path, body).status_code == 404
    wrong = codes(service.call("PATCH", path, {"registration": {"applicationId": 5}}))
    assert wrong == {"registration.applicationId": ["[invalidJSON]"]}


def test_roles_left_out_of_a_put_are_the_default_ones_and_an_empty_list_is_none(
    service: Service, application_id: UUID
) -> None:
    user = add_user(service)
    add_registration(service, user, application_id, roles=["admin"])
    path = path_of(user, application_id)
    assert service.call("PUT", path, {"registration": {"roles": []}}).json()["registration"]["roles"] == []
    assert service.call("PATCH", path, {"registration": {"data": {}}}).json()["registration"]["roles"] == []
    assert service.call("PUT", path, {"registration": {}}).json()["registration"]["roles"] == ["reader", "user"]


def test_the_patch_dialects_append_replace_and_operate_on_roles(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    add_registration(service, user, application_id, roles=["user"])
    path = path_of(user, application_id)
    appended = service.call("PATCH", path, {"registration": {"roles": ["admin"]}})
    assert appended.json()["registration"]["roles"] == ["admin", "user"]
    merged = service.call("PATCH", path, {"registration": {"roles": ["editor"]}}, headers=MERGE_PATCH)
    assert merged.json()["registration"]["roles"] == ["editor"]
    operations = [{"op": "add", "path": "/registration/roles/-", "value": "admin"}]
    operated = service.call("PATCH", path, operations, headers=JSON_PATCH)
    assert operated.json()["registration"]["roles"] == ["admin", "editor"]
    unknown = service.call("PATCH", path, {"registration": {"roles": ["emperor"]}})
    assert codes(unknown) == {"registration.roles[2]": ["[invalid]registration.roles[2]"]}


def test_sixteen_patches_at_once_lose_no_change(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    add_registration(service, user, application_id)

    def patch(number: int) -> int:
        body = {"registration": {"data": {f"key{number}": number}}}
        return service.call("PATCH", path_of(user, application_id), body).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(patch, range(16))) == {200}
    after = service.call("GET", path_of(user, application_id)).json()["registration"]
    assert after["data"] == {f"key{number}": number for number in range(16)}


def test_an_authentication_token_is_generated_kept_and_sealed_at_rest(service: Service, application_id: UUID) -> None:
    user = add_user(service)
    body = {"registration": {"applicationId": str(application_id)}, "generateAuthenticationToken": True}
    registration = service.call("POST", f"{ROOT}/{user['id']}", body).json()["registration"]
    token = registration["authenticationToken"]
    assert len(token) == 43
    assert retrieved(service, user)["registrations"][0]["authenticationToken"] == token
    path = path_of(user, application_id)
    kept = service.call("PUT", path, {"registration": {}}).json()["registration"]
    assert kept["authenticationToken"] == token
    fresh = service.call("PATCH", path, {"generateAuthenticationToken": True}).json()["registration"]
    assert fresh["authenticationToken"] != token
    given = service.call("PATCH", path, {"registration": {"authenticationToken": "my own"}}).json()["registration"]
    assert given["authenticationToken"] == "my own"
    with service.services.db.read() as conn:
        row = conn.execute("SELECT authentication_token FROM registrations WHERE id = %s", (given["id"],)).fetchone()
    assert row is not None
    assert row[0].startswith("v1.")
    assert "my own" not in row[0]


def test_an_application_must_allow_authentication_tokens(service: Service) -> None:
    application_id = add_application(service, service.tenant_id)
    path = f"{ROOT}/{add_user(service)['id']}"
    body: dict[str, Any] = {"registration": {"applicationId": str(application_id)}}
    generate = codes(service.call("POST", path, body | {"generateAuthenticationToken": True}))
    assert generate == {"generateAuthenticationToken": ["[disabled]generateAuthenticationToken"]}
    body["registration"]["authenticationToken"] = "my own"
    assert codes(service.call("POST", path, body)) == {
        "registration.authenticationToken": ["[disabled]registration.authenticationToken"]
    }


def test_a_registration_starts_unverified_when_the_application_verifies(service: Service) -> None:
    application_id = add_application(service, service.tenant_id, verify_registration=True)
    first = add_registration(service, add_user(service), application_id)
    assert first["verified"] is False
    assert "verifiedInstant" not in first
    body = {"registration": {"applicationId": str(application_id)}, "skipRegistrationVerification": True}
    user = add_user(service)
    skipped = service.call("POST", f"{ROOT}/{user['id']}", body).json()["registration"]
    assert (skipped["verified"], skipped["verifiedInstant"]) == (True, skipped["insertInstant"])


def test_an_update_may_vouch_for_a_registration_and_the_first_instant_stays(service: Service) -> None:
    application_id = add_application(service, service.tenant_id, verify_registration=True)
    user = add_user(service)
    add_registration(service, user, application_id)
    path = path_of(user, application_id)
    vouched = service.call("PATCH", path, {"skipRegistrationVerification": True}).json()["registration"]
    again = service.call("PATCH", path, {"skipRegistrationVerification": True}).json()["registration"]
    assert vouched["verified"] is True
    assert again["verifiedInstant"] == vouched["verifiedInstant"]


def test_removing_a_registration_ends_the_sessions_it_carried_and_no_others(
    service: Service, application_id: UUID
) -> None:
    other = add_application(service, service.tenant_id)
    user = add_user(service)
    add_registration(service, user, application_id)
    add_registration(service, user, other)
    add_refresh_token(service, user, application_id)
    kept = add_refresh_token(service, user, other)
    response = service.call("DELETE", path_of(user, application_id))
    assert (response.status_code, response.content) == (200, b"")
    assert refresh_tokens_of(service, user) == [kept]
    assert [item["applicationId"] for item in retrieved(service, user)["registrations"]] == [str(other)]
    assert service.call("DELETE", path_of(user, application_id)).status_code == 404


def test_registrations_are_sorted_by_application(service: Service) -> None:
    user = add_user(service)
    applications = [add_application(service, service.tenant_id) for _ in range(4)]
    for application_id in applications:
        add_registration(service, user, application_id)
    listed = [item["applicationId"] for item in retrieved(service, user)["registrations"]]
    assert listed == sorted(str(application_id) for application_id in applications)


def test_existence_is_checked_before_the_body_is_read(service: Service, application_id: UUID) -> None:
    broken: dict[str, Any] = {"data": "{broken", "headers": {"Content-Type": "application/json"}}
    unregistered = path_of(add_user(service), application_id)
    for path in (unregistered, f"{ROOT}/{uuid4()}"):
        for method in ("PUT", "PATCH"):
            assert service.call(method, path, **broken).status_code == 404
    assert service.call("GET", unregistered).status_code == 404
