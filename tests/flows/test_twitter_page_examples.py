"""The examples of FusionAuth's Twitter page, as written there: each request is taken, each answer is the example's.

Members that only the server makes (instants, tokens) are compared by their presence alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.login_world import TWITTER, World

PROVIDER_APPLICATION = "1c212e59-0d0e-6b1a-ad48-f4f92793be32"
PROVIDER_TENANT = "e872a880-b14f-6d62-c312-cb40f22af465"
APPLICATION = "10000000-0000-0002-0000-000000000001"
TENANT = "f24aca2b-ce4a-4dad-951a-c9d690e71415"
USER = "00000000-0000-0001-0000-000000000000"
ROOT = "/api/identity-provider"
BY_ID = f"{ROOT}/{TWITTER}"
BY_TYPE = f"{ROOT}?type=Twitter"

REQUEST: dict[str, Any] = {
    "applicationConfiguration": {PROVIDER_APPLICATION: {"createRegistration": True, "enabled": True}},
    "buttonText": "Login with Twitter",
    "consumerKey": "24iuleLRKIZUNhxuuUK6yDZwb",
    "consumerSecret": "e2ZpAaAfxv2j9eeh6JTeNcXMWdVLjRNriXm4wSZt1f1Ss3Syp4",
    "debug": False,
    "enabled": True,
    "tenantConfiguration": {PROVIDER_TENANT: {"limitUserLinkCount": {"enabled": False, "maximumLinks": 42}}},
    "type": "Twitter",
}
RESPONSE = {**REQUEST, "id": "45bb233c-0901-4236-b5ca-ac46e2e0a5a5", "name": "Twitter"}
PERSON: dict[str, Any] = {
    "birthDate": "1976-05-30",
    "data": {"displayName": "Johnny Boy", "favoriteColors": ["Red", "Blue"]},
    "email": "example@fusionauth.io",
    "firstName": "John",
    "fullName": "John Doe",
    "imageUrl": "http://65.media.tumblr.com/tumblr_l7dbl0MHbU1qz50x3o1_500.png",
    "lastName": "Doe",
    "middleName": "William",
    "mobilePhone": "303-555-1234",
    "passwordChangeRequired": False,
    "preferredLanguages": ["en", "fr"],
    "timezone": "America/Denver",
    "username": "johnny123",
}
REGISTRATION: dict[str, Any] = {
    "applicationId": APPLICATION,
    "data": {"displayName": "Johnny", "favoriteSports": ["Football", "Basketball"]},
    "id": "00000000-0000-0002-0000-000000000000",
    "preferredLanguages": ["en", "fr"],
    "roles": ["user", "community_helper"],
    "username": "johnny123",
}


def made(world: World, path: str, body: dict[str, Any], tenant: str | None = None) -> None:
    answer = world.service.call("POST", path, body, tenant=tenant)
    assert answer.status_code == 200, answer.text


def is_the_example(answer: Any) -> bool:
    """Whether this is the page's response, which was written before linkingStrategy had to be there."""
    shown = answer.json()["identityProvider"]
    assert shown.pop("linkingStrategy") == "LinkByEmail"
    assert shown.pop("lastUpdateInstant") >= shown.pop("insertInstant") > 1_000_000_000_000
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    return (answer.status_code, shown) == (200, RESPONSE)


@pytest.fixture
def empty(world: World) -> World:
    """A world with the application and the tenant of the examples, and without a provider."""
    made(world, f"/api/application/{PROVIDER_APPLICATION}", {"application": {"name": "Example"}})
    made(world, f"/api/tenant/{PROVIDER_TENANT}", {"tenant": {"name": "Example"}})
    assert world.service.call("DELETE", BY_ID).status_code == 200
    return world


@pytest.mark.parametrize("path", [ROOT, BY_ID])
def test_the_example_creates_the_provider(empty: World, path: str) -> None:
    assert is_the_example(empty.service.call("POST", path, {"identityProvider": REQUEST}))


@pytest.mark.parametrize("path", [BY_ID, BY_TYPE])
def test_the_provider_is_retrieved_updated_and_deleted_by_id_and_by_type(empty: World, path: str) -> None:
    absent = empty.service.call("GET", path)
    assert (absent.status_code, absent.content) == (404, b"")
    other = {**REQUEST, "buttonText": "Before", "debug": True, "applicationConfiguration": {}}
    made(empty, ROOT, {"identityProvider": other})
    assert is_the_example(empty.service.call("PUT", path, {"identityProvider": REQUEST}))
    assert is_the_example(empty.service.call("GET", path))
    deleted = empty.service.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert empty.service.call("DELETE", path).status_code == 404


@pytest.mark.parametrize("path", [BY_ID, BY_TYPE])
def test_a_patch_is_the_example_or_a_part_of_it(empty: World, path: str) -> None:
    made(empty, ROOT, {"identityProvider": {**REQUEST, "debug": True}})
    assert is_the_example(empty.service.call("PATCH", path, {"identityProvider": REQUEST}))
    assert is_the_example(empty.service.call("PATCH", path, {"identityProvider": {"enabled": True}}))


def test_the_example_of_a_login_gives_the_user_of_the_example(world: World) -> None:
    made(world, f"/api/tenant/{TENANT}", {"tenant": {"name": "Example"}})
    roles = [{"name": "user"}, {"name": "community_helper"}]
    made(world, f"/api/application/{APPLICATION}", {"application": {"name": "Example", "roles": roles}}, TENANT)
    person = {"user": {**PERSON, "password": "correct horse"}, "registration": REGISTRATION}
    made(world, f"/api/user/registration/{USER}", person)
    world.configure(applicationConfiguration={APPLICATION: {"createRegistration": True, "enabled": True}})
    made(
        world,
        f"{ROOT}/link",
        {
            "identityProviderLink": {
                "identityProviderId": TWITTER,
                "identityProviderUserId": str(world.x.person("alice")["id"]),
                "userId": USER,
            }
        },
    )
    data = world.login_body("alice", verifier=True)["data"]
    body = {"applicationId": APPLICATION, "data": data, "identityProviderId": TWITTER, "ipAddress": "192.168.1.42"}
    answer = world.post_login(body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token"]
    user = answer.json()["user"]
    [registration] = user.pop("registrations")
    for instant in ("lastLoginInstant", "passwordLastUpdateInstant", "verifiedInstant"):
        assert user[instant] > 1_000_000_000_000
    expected = {
        **PERSON,
        "active": True,
        "connectorId": "e3306678-a53a-4964-9040-1c96f36dda72",
        "id": USER,
        "tenantId": TENANT,
        "usernameStatus": "ACTIVE",
        "verified": True,
    }
    assert {name: user[name] for name in expected} == expected
    for instant in ("insertInstant", "lastLoginInstant", "verifiedInstant"):
        assert registration[instant] > 1_000_000_000_000
    expected = {**REGISTRATION, "usernameStatus": "ACTIVE", "verified": True, "roles": ["community_helper", "user"]}
    assert {name: registration[name] for name in expected} == expected
    [record] = world.rows("SELECT ip_address FROM login_records WHERE user_id = %s ORDER BY instant DESC", USER)[:1]
    assert record == ("192.168.1.42",)
