"""Bulk import of users and refresh tokens: supporting contract 3.6."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from identity.hashing import Hashed, matches
from tests import postgres
from tests.contract.people import (
    PASSWORD,
    add_application,
    add_tenant,
    add_user,
    codes,
    new_email,
    refresh_tokens_of,
    service_for_a_module,
)
from tests.service import Service

IMPORT = "/api/user/import"
SESSIONS = "/api/user/refresh-token/import"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    with service_for_a_module(postgres_server, migrated_template) as running:
        yield running


def bring(service: Service, *users: Json, tenant: UUID | None = None, **members: Any) -> requests.Response:
    return service.call("POST", IMPORT, {"users": list(users), **members}, tenant=tenant or service.tenant_id)


def person(**members: Any) -> Json:
    """A person of another system whose password is known."""
    text = base64.b64encode(hashlib.md5(PASSWORD.encode() + b"salt").digest()).decode()
    hashed = {"encryptionScheme": "salted-md5", "factor": 1, "salt": base64.b64encode(b"salt").decode()}
    return {"id": str(uuid4()), "email": new_email(), "active": True, "password": text, **hashed, **members}


def user_of(service: Service, imported: Json) -> Json:
    response = service.call("GET", f"/api/user/{imported['id']}")
    assert response.status_code == 200, response.text
    user: Json = response.json()["user"]
    return user


def is_absent(service: Service, imported: Json) -> bool:
    return service.call("GET", f"/api/user/{imported['id']}").status_code == 404


def hash_of(service: Service, imported: Json) -> Hashed:
    with service.services.db.read() as conn:
        row = conn.execute(
            "SELECT scheme, factor, salt, hash FROM passwords WHERE user_id = %s", (imported["id"],)
        ).fetchone()
    assert row is not None
    return Hashed(*row)


def test_the_official_client_imports_users_whole(service: Service) -> None:
    application = add_application(service, service.tenant_id, "reader")
    body = {"group": {"name": uuid4().hex}}
    group = service.call("POST", "/api/group", body, tenant=service.tenant_id).json()["group"]
    imported = person(
        username="old-hand",
        birthDate="1980-02-29",
        insertInstant=1_500_000_000_000,
        passwordLastUpdateInstant=1_600_000_000_000,
        passwordChangeRequired=True,
        passwordChangeReason="Expired",
        data={"from": "elsewhere"},
        verified=True,
        memberships=[{"groupId": group["id"], "data": {"seat": 1}}],
        registrations=[
            {
                "applicationId": str(application),
                "roles": ["reader"],
                "insertInstant": 1_510_000_000_000,
                "lastLoginInstant": 1_520_000_000_000,
                "verified": True,
            }
        ],
    )
    answer = service.client_for(tenant=service.tenant_id).import_users({"users": [imported]})
    assert answer.status == 200, answer.error_response
    user = user_of(service, imported)
    kept = ("username", "birthDate", "insertInstant", "passwordLastUpdateInstant", "data", "passwordChangeReason")
    assert {name: user[name] for name in kept} == {name: imported[name] for name in kept}
    assert (user["active"], user["verified"], user["verifiedInstant"]) == (True, True, 1_500_000_000_000)
    [registration] = user["registrations"]
    assert (registration["roles"], registration["insertInstant"]) == (["reader"], 1_510_000_000_000)
    assert registration["lastLoginInstant"] == 1_520_000_000_000
    assert [each["groupId"] for each in user["memberships"]] == [group["id"]]


def test_an_imported_user_is_inactive_unless_said_otherwise(service: Service) -> None:
    imported = person()
    del imported["active"]
    assert bring(service, imported).status_code == 200
    assert user_of(service, imported)["active"] is False


def test_a_hash_is_kept_as_it_came_and_matches_the_old_password(service: Service) -> None:
    imported = person()
    assert bring(service, imported).status_code == 200
    kept = hash_of(service, imported)
    assert (kept.scheme, kept.hash) == ("salted-md5", imported["password"])
    assert matches(PASSWORD, kept)


def test_a_password_in_clear_is_hashed_by_the_scheme_of_the_request_or_of_the_tenant(service: Service) -> None:
    plain = {"password": PASSWORD, "encryptionScheme": None, "factor": None, "salt": None}
    first, second = person(**plain), person(**plain)
    assert bring(service, first).status_code == 200
    assert hash_of(service, first).scheme == "argon2id"
    assert bring(service, second, encryptionScheme="salted-pbkdf2-hmac-sha256", factor=10).status_code == 200
    hashed = hash_of(service, second)
    assert (hashed.scheme, hashed.factor) == ("salted-pbkdf2-hmac-sha256", 10)
    assert matches(PASSWORD, hashed)


def test_an_imported_user_may_have_no_password(service: Service) -> None:
    imported = {"id": str(uuid4()), "email": new_email()}
    assert bring(service, imported).status_code == 200
    assert "passwordLastUpdateInstant" not in user_of(service, imported)


@pytest.mark.parametrize("validate", [False, True])
def test_a_user_who_is_there_already_stops_the_whole_import(service: Service, validate: bool) -> None:
    there, fresh = add_user(service), person()
    response = bring(service, fresh, person(email=there["email"].upper()), validateDbConstraints=validate)
    path = "users[1].email" if validate else "user.email"
    assert codes(response) == {path: [f"[duplicate]{path}"]}
    assert is_absent(service, fresh)


def test_with_validation_every_taken_member_is_named(service: Service) -> None:
    there = add_user(service, username=uuid4().hex)
    taken = person(id=there["id"], email=there["email"], username=there["username"].upper())
    refused = codes(bring(service, taken, validateDbConstraints=True))
    assert refused == {f"users[0].{name}": [f"[duplicate]users[0].{name}"] for name in ("id", "email", "username")}


def test_two_users_of_one_import_may_not_be_the_same(service: Service) -> None:
    first = person()
    refused = codes(bring(service, first, person(email=first["email"].upper())))
    assert refused == {"users[1].email": ["[duplicate]users[1].email"]}
    assert is_absent(service, first)


@pytest.mark.parametrize(
    ("members", "path", "code"),
    [
        ({"salt": None}, "salt", "[blank]"),
        ({"encryptionScheme": "rot13"}, "encryptionScheme", "[invalid]"),
        ({"factor": 0}, "factor", "[invalid]"),
        ({"password": "no base64"}, "password", "[invalid]"),
        ({"email": None}, "email", "[blank]"),
        ({"email": "nobody"}, "email", "[notEmail]"),
        ({"birthDate": "today"}, "birthDate", "[invalid]"),
        ({"passwordChangeReason": "Boredom"}, "passwordChangeReason", "[invalidJSON]"),
        ({"registrations": [{}]}, "registrations[0].applicationId", "[missing]"),
        ({"registrations": [{"applicationId": str(UUID(int=5))}]}, "registrations[0].applicationId", "[invalid]"),
        ({"memberships": [{"groupId": str(UUID(int=5))}]}, "memberships[0].groupId", "[invalid]"),
    ],
)
def test_a_bad_user_is_named_by_number_and_stops_the_whole_import(
    service: Service, members: Json, path: str, code: str
) -> None:
    good = person()
    refused = codes(bring(service, good, person(**members)))
    assert refused[f"users[1].{path}"][0].startswith(code)
    assert is_absent(service, good)


def test_an_unknown_role_is_named_where_it_stands(service: Service) -> None:
    application = add_application(service, service.tenant_id, "reader")
    imported = person(registrations=[{"applicationId": str(application), "roles": ["reader", "writer"]}])
    path = "users[0].registrations[0].roles[1]"
    assert codes(bring(service, imported)) == {path: [f"[invalid]{path}"]}


def test_an_import_brings_somebody(service: Service) -> None:
    assert codes(bring(service)) == {"users": ["[blank]users"]}
    assert codes(service.call("POST", IMPORT, {}, tenant=service.tenant_id)) == {"users": ["[missing]users"]}


def test_a_users_own_tenant_counts_where_the_request_names_none(service: Service) -> None:
    other = add_tenant(service)
    first, second = person(tenantId=str(other)), person(tenantId=str(service.tenant_id))
    assert service.call("POST", IMPORT, {"users": [first, second]}).status_code == 200
    assert user_of(service, first)["tenantId"] == str(other)
    assert user_of(service, second)["tenantId"] == str(service.tenant_id)
    third = person(tenantId=str(other))
    assert bring(service, third).status_code == 200
    assert user_of(service, third)["tenantId"] == str(service.tenant_id)
    nowhere = person(tenantId=str(UUID(int=3)))
    refused = codes(service.call("POST", IMPORT, {"users": [nowhere]}))
    assert refused == {"users[0].tenantId": ["[invalid]users[0].tenantId"]}


def test_two_thousand_users_come_in_one_request(service: Service) -> None:
    crowd = [person(data={"note": "x" * 600}) for _ in range(2_000)]
    assert bring(service, *crowd).status_code == 200
    assert user_of(service, crowd[-1])["data"] == crowd[-1]["data"]


def test_an_import_that_would_be_hashed_for_hours_is_refused_at_once(service: Service) -> None:
    crowd = [person(password="correct horse", encryptionScheme=None, salt=None, factor=None) for _ in range(200)]
    body = {"users": crowd, "encryptionScheme": "bcrypt", "factor": 16}
    refused = codes(service.call("POST", IMPORT, body, tenant=service.tenant_id))
    assert refused == {"users": ["[tooMany]users"]}
    assert is_absent(service, crowd[0])


def session_of(user: Json, application: UUID, **members: Any) -> Json:
    return {"token": uuid4().hex, "userId": user["id"], "applicationId": str(application), **members}


def registered(service: Service) -> tuple[Json, UUID]:
    application = add_application(service, service.tenant_id)
    user = add_user(service)
    body = {"registration": {"applicationId": str(application)}}
    assert service.call("POST", f"/api/user/registration/{user['id']}", body).status_code == 200
    return user, application


def test_the_official_client_imports_refresh_tokens(service: Service) -> None:
    user, application = registered(service)
    device = {"device": {"name": "old phone"}}
    token = session_of(user, application, id=str(uuid4()), startInstant=1_600_000_000_000, metaData=device)
    assert service.client.import_refresh_tokens({"refreshTokens": [token]}).status == 200
    [record] = service.client.retrieve_refresh_tokens(user["id"]).success_response["refreshTokens"]
    assert (record["id"], record["startInstant"]) == (token["id"], token["startInstant"])
    assert record["metaData"]["device"]["name"] == "old phone"
    assert "token" not in record


def test_tokens_of_nobody_or_without_a_registration_stop_the_whole_import(service: Service) -> None:
    user, application = registered(service)
    stranger = add_user(service)
    tokens = [session_of(user, application), session_of(stranger, application)]
    refused = codes(service.call("POST", SESSIONS, {"refreshTokens": tokens}))
    assert refused == {"refreshTokens[1].userId": ["[invalid]refreshTokens[1].userId"]}
    foreign = service.call("POST", SESSIONS, {"refreshTokens": tokens[:1]}, tenant=add_tenant(service))
    assert codes(foreign) == {"refreshTokens[0].userId": ["[invalid]refreshTokens[0].userId"]}
    assert refresh_tokens_of(service, user) == []


def test_a_refresh_token_is_imported_once(service: Service) -> None:
    user, application = registered(service)
    token = session_of(user, application)
    assert service.call("POST", SESSIONS, {"refreshTokens": [token]}).status_code == 200
    again = service.call("POST", SESSIONS, {"refreshTokens": [session_of(user, application), token]})
    assert codes(again) == {"refreshToken.token": ["[duplicate]refreshToken.token"]}
    assert len(refresh_tokens_of(service, user)) == 1
