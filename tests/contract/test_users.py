"""The User API. Source: supporting contract 3.1 to 3.4; login contract 1.2 and 5.7."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from identity.hashing import matches
from tests import postgres
from tests.contract.people import (
    PASSWORD,
    add_application,
    add_login_record,
    add_refresh_token,
    add_user,
    codes,
    new_email,
    refresh_tokens_of,
    retrieved,
    service_for_a_module,
    stored_password,
)
from tests.service import Service

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


def test_the_official_client_creates_reads_changes_and_deletes_a_user(service: Service) -> None:
    client, user_id, email = service.client, str(uuid4()), new_email()
    created = client.create_user({"user": {"email": email, "password": PASSWORD, "firstName": "Bob"}}, user_id)
    assert created.was_successful(), created.error_response
    assert created.success_response["user"]["id"] == user_id
    assert client.retrieve_user_by_email(email).success_response == created.success_response
    patched = client.patch_user(user_id, {"user": {"lastName": "Doe"}}).success_response["user"]
    assert (patched["firstName"], patched["lastName"]) == ("Bob", "Doe")
    replaced = client.update_user(user_id, {"user": {"email": email}}).success_response["user"]
    assert "firstName" not in replaced
    assert client.deactivate_user(user_id).was_successful()
    assert client.retrieve_user(user_id).success_response["user"]["active"] is False
    assert client.reactivate_user(user_id).success_response["user"]["active"] is True
    assert client.delete_user(user_id).was_successful()
    assert client.retrieve_user(user_id).status == 404


def test_a_created_user_is_answered_with_every_member_the_server_adds(service: Service) -> None:
    email = new_email()
    user = add_user(service, email=email.upper(), username="Bob " + email[:8], expiry=5, data={"a": [1]})
    now = user["insertInstant"]
    identity = {
        "displayValue": email,
        "insertInstant": now,
        "lastUpdateInstant": now,
        "moderationStatus": "ACTIVE",
        "primary": True,
        "type": "email",
        "value": email,
        "verified": True,
        "verifiedInstant": now,
        "verifiedReason": "Disabled",
    }
    assert user == {
        "active": True,
        "connectorId": "e3306678-a53a-4964-9040-1c96f36dda72",
        "data": {"a": [1]},
        "email": email,
        "expiry": 5,
        "id": user["id"],
        "identities": [identity, user["identities"][1]],
        "insertInstant": now,
        "lastUpdateInstant": now,
        "memberships": [],
        "passwordChangeRequired": False,
        "passwordLastUpdateInstant": now,
        "preferredLanguages": [],
        "registrations": [],
        "tenantId": str(service.tenant_id),
        "twoFactor": {"methods": []},
        "username": "Bob " + email[:8],
        "usernameStatus": "ACTIVE",
        "verified": True,
        "verifiedInstant": now,
    }
    assert user["identities"][1]["type"] == "username"
    assert retrieved(service, user) == user


def test_the_password_and_how_it_is_hashed_never_come_back(service: Service) -> None:
    user = add_user(service, encryptionScheme="bcrypt", factor=4)
    for answer in (user, retrieved(service, user)):
        assert not {"password", "salt", "factor", "encryptionScheme"} & set(answer)


def test_a_password_is_stored_with_argon2id_unless_told_otherwise(service: Service) -> None:
    stored = stored_password(service, add_user(service))
    assert stored is not None
    assert (stored.scheme, stored.factor) == ("argon2id", 2)
    assert matches(PASSWORD, stored)


@pytest.mark.parametrize(("scheme", "factor"), [("salted-pbkdf2-hmac-sha256", 1000), ("bcrypt", 5), ("argon2id", 1)])
def test_a_user_may_name_a_scheme_and_factor(service: Service, scheme: str, factor: int) -> None:
    stored = stored_password(service, add_user(service, encryptionScheme=scheme, factor=factor))
    assert stored is not None
    assert (stored.scheme, stored.factor) == (scheme, factor)
    assert matches(PASSWORD, stored)


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"encryptionScheme": "salted-md4"}, "user.encryptionScheme", "[invalid]user.encryptionScheme"),
        ({"factor": 99}, "user.factor", "[invalid]user.factor"),
        ({"password": "short"}, "user.password", "[tooShort]user.password"),
        ({"password": "x" * 257}, "user.password", "[tooLong]user.password"),
        ({"password": None}, "user.password", "[blank]user.password"),
        ({"password": ""}, "user.password", "[blank]user.password"),
        ({"password": 7}, "user.password", "[invalidJSON]"),
        ({"email": "nobody"}, "user.email", "[notEmail]user.email"),
        ({"email": "a,b@example.com"}, "user.email", "[notEmail]user.email"),
        ({"email": "x" * 250 + "@e.com"}, "user.email", "[tooLong]user.email"),
        ({"username": "x" * 192}, "user.username", "[tooLong]user.username"),
        ({"username": "someone@example.com"}, "user.username", "[invalid]user.username"),
        ({"username": "nul\x00"}, "user.username", "[invalid]user.username"),
        ({"timezone": "Mars/Olympus"}, "user.timezone", "[invalid]user.timezone"),
        ({"birthDate": "2001-02-29"}, "user.birthDate", "[invalid]user.birthDate"),
        ({"birthDate": "20010228"}, "user.birthDate", "[invalid]user.birthDate"),
        ({"parentEmail": "nobody"}, "user.parentEmail", "[notEmail]user.parentEmail"),
        ({"preferredLanguages": ["en"] * 21}, "user.preferredLanguages", "[tooMany]user.preferredLanguages"),
        ({"preferredLanguages": ["e n"]}, "user.preferredLanguages[0]", "[invalid]user.preferredLanguages[0]"),
        ({"expiry": "tomorrow"}, "user.expiry", "[invalidJSON]"),
        ({"passwordChangeRequired": "yes"}, "user.passwordChangeRequired", "[invalidJSON]"),
        ({"data": []}, "user.data", "[invalidJSON]"),
        ({"imageUrl": "x" * 2049}, "user.imageUrl", "[tooLong]user.imageUrl"),
    ],
)
def test_a_bad_member_is_refused_by_its_path(service: Service, members: dict[str, Any], path: str, code: str) -> None:
    body = {"user": {"email": new_email(), "password": PASSWORD, **members}}
    assert codes(service.call("POST", "/api/user", body)) == {path: [code]}


def test_a_user_needs_an_email_or_a_username(service: Service) -> None:
    refused = codes(service.call("POST", "/api/user", {"user": {"password": PASSWORD, "email": " "}}))
    assert refused == {"user.email": ["[blank]user.email"], "user.username": ["[blank]user.username"]}
    assert codes(service.call("POST", "/api/user", {})) == {"user": ["[missing]user"]}
    assert codes(service.call("POST", "/api/user", {"user": []})) == {"user": ["[invalidJSON]"]}


def test_a_user_who_is_to_set_the_password_later_needs_none_now(service: Service) -> None:
    body = {"user": {"email": new_email()}, "sendSetPasswordEmail": True}
    user = service.call("POST", "/api/user", body).json()["user"]
    assert "passwordLastUpdateInstant" not in user
    assert stored_password(service, user) is None


def test_read_only_members_of_a_request_are_ignored(service: Service) -> None:
    user = add_user(
        service, active=False, verified="?", id="?", tenantId=str(uuid4()), insertInstant=1, registrations=5
    )
    assert user["active"] is True
    assert user["insertInstant"] > 1
    assert user["tenantId"] == str(service.tenant_id)


def test_emails_and_usernames_are_unique_by_their_canonical_form(service: Service) -> None:
    mark = uuid4().hex
    add_user(service, email=f"strasse{mark}@example.com", username=f"Ｂｏｂ{mark}")
    same_email = {"user": {"email": f"STRAßE{mark}@Example.com", "password": PASSWORD}}
    assert codes(service.call("POST", "/api/user", same_email)) == {"user.email": ["[duplicate]user.email"]}
    same_name = {"user": {"username": f"bob{mark}", "password": PASSWORD}}
    assert codes(service.call("POST", "/api/user", same_name)) == {"user.username": ["[duplicate]user.username"]}


def test_a_change_to_a_taken_email_is_refused_and_changes_nothing(service: Service) -> None:
    first, second = add_user(service), add_user(service)
    response = service.call("PATCH", f"/api/user/{second['id']}", {"user": {"email": first["email"], "firstName": "x"}})
    assert codes(response) == {"user.email": ["[duplicate]user.email"]}
    assert retrieved(service, second) == second


def test_a_taken_id_is_a_duplicate(service: Service) -> None:
    user = add_user(service)
    response = service.call("POST", f"/api/user/{user['id']}", {"user": {"email": new_email(), "password": PASSWORD}})
    assert codes(response) == {"userId": ["[duplicate]userId"]}


def test_ids_are_accepted_in_upper_case_and_answered_in_lower_case(service: Service) -> None:
    user_id = str(uuid4())
    body = {"user": {"email": new_email(), "password": PASSWORD}}
    assert service.call("POST", f"/api/user/{user_id.upper()}", body).json()["user"]["id"] == user_id
    assert service.call("GET", f"/api/user/{user_id.upper()}").status_code == 200
    assert codes(service.call("GET", "/api/user/17")) == {"userId": ["[couldNotConvert]userId"]}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"email": "{email}"}, 200),
        ({"email": "{username}"}, 404),
        ({"username": "{username}"}, 200),
        ({"username": "{email}"}, 404),
        ({"loginId": "{email}"}, 200),
        ({"loginId": "{username}"}, 200),
        ({"loginId": "{username}", "loginIdTypes": ["email", "username"]}, 200),
        ({"loginId": "{username}", "loginIdTypes": "email"}, 404),
        ({"loginId": "{email}", "loginIdTypes": "username"}, 404),
        ({"loginId": "{email}", "loginIdTypes": "phoneNumber"}, 404),
        ({"loginId": "{email}", "email": "undefined"}, 200),
    ],
)
def test_a_user_is_found_by_login_id_of_the_given_types(service: Service, query: dict[str, Any], status: int) -> None:
    user = add_user(service, username=f"Name{uuid4().hex}")
    filled = {
        name: value.format(email=user["email"].upper(), username=user["username"].lower())
        if isinstance(value, str)
        else value
        for name, value in query.items()
    }
    response = service.call("GET", "/api/user", params=filled)
    assert response.status_code == status
    if status == 200:
        assert response.json()["user"] == user


def test_finding_needs_something_to_look_for(service: Service) -> None:
    assert codes(service.call("GET", "/api/user")) == {"userId": ["[missing]userId"]}
    response = service.call("GET", "/api/user", params={"loginId": "x", "loginIdTypes": "shoeSize"})
    assert codes(response) == {"loginIdTypes": ["[invalid]loginIdTypes"]}


def test_put_replaces_everything_but_the_password_and_what_never_changes(service: Service) -> None:
    user = add_user(service, firstName="Bob", data={"x": 1}, preferredLanguages=["en"], expiry=9)
    before = stored_password(service, user)
    body = {"user": {"username": f"n{uuid4().hex}", "timezone": "Europe/Berlin", "encryptionScheme": "nonsense"}}
    replaced = service.call("PUT", f"/api/user/{user['id']}", body).json()["user"]
    assert not {"email", "firstName", "expiry"} & set(replaced)
    assert (replaced["data"], replaced["preferredLanguages"]) == ({}, [])
    for kept in ("id", "insertInstant", "passwordLastUpdateInstant", "verified", "verifiedInstant", "tenantId"):
        assert replaced[kept] == user[kept]
    assert replaced["lastUpdateInstant"] >= user["lastUpdateInstant"]
    assert stored_password(service, user) == before


def test_a_new_password_replaces_the_old_one_and_ends_every_session(service: Service) -> None:
    user = add_user(service)
    add_refresh_token(service, user)
    body = {"user": {"password": "another good one"}}
    assert service.call("PATCH", f"/api/user/{user['id']}", body).status_code == 200
    stored = stored_password(service, user)
    assert stored is not None
    assert matches("another good one", stored)
    assert refresh_tokens_of(service, user) == []


def test_the_three_patch_dialects_differ_in_arrays_alone(service: Service) -> None:
    users = [add_user(service, preferredLanguages=["en"], data={"a": 1, "b": 2}, firstName="Bob") for _ in range(3)]
    change = {"user": {"preferredLanguages": ["fr"], "data": {"b": None, "c": 3}, "firstName": None}}
    operations = [
        {"op": "add", "path": "/user/preferredLanguages/0", "value": "fr"},
        {"op": "remove", "path": "/user/data/b"},
        {"op": "add", "path": "/user/data/c", "value": 3},
        {"op": "remove", "path": "/user/firstName"},
    ]
    paths = [f"/api/user/{user['id']}" for user in users]
    answers = [
        service.call("PATCH", paths[0], change),
        service.call("PATCH", paths[1], change, headers=MERGE_PATCH),
        service.call("PATCH", paths[2], operations, headers=JSON_PATCH),
    ]
    languages = []
    for response in answers:
        assert response.status_code == 200, response.text
        user = response.json()["user"]
        languages.append(user["preferredLanguages"])
        assert user["data"] == {"a": 1, "c": 3}
        assert "firstName" not in user
    assert languages == [["en", "fr"], ["fr"], ["fr", "en"]]


def test_a_patched_user_is_validated_as_a_put_is(service: Service) -> None:
    user = add_user(service)
    path = f"/api/user/{user['id']}"
    assert codes(service.call("PATCH", path, {"user": {"timezone": "Mars"}})) == {
        "user.timezone": ["[invalid]user.timezone"]
    }
    assert codes(service.call("PATCH", path, {"user": {"email": None}})) == {
        "user.email": ["[blank]user.email"],
        "user.username": ["[blank]user.username"],
    }
    assert codes(service.call("PATCH", path, {"user": None}, headers=MERGE_PATCH)) == {"user": ["[missing]user"]}
    failing = [{"op": "test", "path": "/user/email", "value": "x"}]
    assert codes(service.call("PATCH", path, failing, headers=JSON_PATCH)) == {"": ["[JSONPatchTestFailed]"]}
    assert retrieved(service, user) == user


def test_existence_is_checked_before_the_body_is_read(service: Service) -> None:
    nobody = f"/api/user/{uuid4()}"
    for method in ("PUT", "PATCH", "DELETE"):
        response = service.call(method, nobody, data="{broken", headers={"Content-Type": "application/json"})
        assert (response.status_code, response.content) == (404, b"")
    assert service.call("PUT", nobody + "?reactivate=true").status_code == 404
    assert service.call("GET", nobody).status_code == 404


def test_sixteen_writers_at_once_lose_no_change(service: Service) -> None:
    user = add_user(service)

    def patch(number: int) -> int:
        body = {"user": {"data": {f"key{number}": number}, "preferredLanguages": ["en"]}}
        return service.call("PATCH", f"/api/user/{user['id']}", body).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(patch, range(16))) == {200}
    after = retrieved(service, user)
    assert after["data"] == {f"key{number}": number for number in range(16)}
    assert after["preferredLanguages"] == ["en"] * 16


def test_sixteen_creations_of_one_email_at_once_make_one_user(service: Service) -> None:
    email = new_email()

    def create(_: int) -> int:
        body = {"user": {"email": email, "password": PASSWORD, "encryptionScheme": "bcrypt", "factor": 4}}
        return service.call("POST", "/api/user", body).status_code

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(create, range(16))) == [200] + [400] * 15


def test_delete_deactivates_and_ends_every_session_and_needs_no_body(service: Service) -> None:
    user = add_user(service)
    add_refresh_token(service, user)
    response = service.call("DELETE", f"/api/user/{user['id']}")
    assert (response.status_code, response.content) == (200, b"")
    assert retrieved(service, user)["active"] is False
    assert refresh_tokens_of(service, user) == []
    reactivated = service.call("PUT", f"/api/user/{user['id']}?reactivate=true")
    assert reactivated.json()["user"]["active"] is True


@pytest.mark.parametrize("by_body", [True, False])
def test_a_hard_delete_leaves_an_audit_entry_and_nothing_else(service: Service, by_body: bool) -> None:
    application_id = add_application(service, service.tenant_id)
    user = add_user(service)
    path = f"/api/user/{user['id']}"
    body = {"registration": {"applicationId": str(application_id)}}
    assert service.call("POST", f"/api/user/registration/{user['id']}", body).status_code == 200
    add_refresh_token(service, user)
    add_login_record(service, user, 1)
    if by_body:
        assert service.call("DELETE", path, {"hardDelete": True}).status_code == 200
    else:
        assert service.call("DELETE", path + "?hardDelete=true").status_code == 200
    assert service.call("GET", path).status_code == 404
    with service.services.db.read() as conn:
        for table in ("passwords", "registrations", "refresh_tokens", "login_records"):
            query = f"SELECT count(*) FROM {table} WHERE user_id = %s"
            assert conn.execute(query, (user["id"],)).fetchone() == (0,), table
        entry = conn.execute("SELECT data FROM audit_logs WHERE message LIKE %s", (f"%{user['id']}%",)).fetchall()
    assert entry == [({"tenantId": user["tenantId"], "userId": user["id"]},)]


def test_a_user_without_login_id_can_only_be_changed_by_giving_one(service: Service) -> None:
    user = add_user(service)
    with service.services.db.transaction() as conn:
        conn.execute("UPDATE users SET email = NULL, email_canonical = NULL WHERE id = %s", (user["id"],))
    path = f"/api/user/{user['id']}"
    assert retrieved(service, user)["identities"] == []
    assert set(codes(service.call("PATCH", path, {"user": {"firstName": "x"}}))) == {"user.email", "user.username"}
    email = new_email()
    assert service.call("PATCH", path, {"user": {"email": email}}).json()["user"]["email"] == email


def test_recent_logins_come_newest_first_with_names(service: Service) -> None:
    application_id = add_application(service, service.tenant_id)
    user = add_user(service)
    add_login_record(service, user, 1000)
    add_login_record(service, user, 3000, application_id)
    add_login_record(service, user, 2000)
    first = service.client.retrieve_user_recent_logins(user["id"], 0, 2)
    assert first.was_successful(), (first.status, first.error_response)
    logins = first.success_response["logins"]
    assert [login["instant"] for login in logins] == [3000, 2000]
    assert logins[0] == {
        "applicationId": str(application_id),
        "applicationName": str(application_id),
        "instant": 3000,
        "ipAddress": "192.0.2.1",
        "loginId": user["email"],
        "loginIdType": "email",
        "userId": user["id"],
    }
    rest = service.client.retrieve_user_recent_logins(user["id"], 2, 2).success_response["logins"]
    assert [login["instant"] for login in rest] == [1000]
    assert len(service.client.retrieve_recent_logins(0, 3).success_response["logins"]) == 3


@pytest.mark.parametrize(("query", "path"), [({"limit": "-1"}, "limit"), ({"offset": "10001"}, "offset")])
def test_pages_of_recent_logins_are_bounded(service: Service, query: dict[str, str], path: str) -> None:
    assert codes(service.call("GET", "/api/user/recent-login", params=query)) == {path: [f"[invalid]{path}"]}
