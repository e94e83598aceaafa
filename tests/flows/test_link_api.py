"""The Link API: login contract 5.1 to 5.3 and 5.5, decisions D24 to D30."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from identity.settings import Links
from tests.login_world import LINK, TWITTER, World, login_world, wrong_fields

SUBJECT = "2244994945"


@pytest.fixture
def user(world: World) -> dict[str, Any]:
    return world.add_user(email="ann@example.com")


def posted(world: World, document: dict[str, Any], **options: Any) -> requests.Response:
    return world.service.call("POST", LINK, document, **options)


def read(world: World, **query: Any) -> requests.Response:
    return world.service.call("GET", LINK, params=query)


# Create


def test_a_created_link_is_answered_and_read_with_every_member(world: World, user: dict[str, Any]) -> None:
    answer = world.link(userId=user["id"], identityProviderUserId=SUBJECT, displayName="ann", token="t")
    assert answer.status_code == 200, answer.text
    link = answer.json()["identityProviderLink"]
    now = link.pop("insertInstant")
    assert link.pop("lastLoginInstant") == now
    assert link == {
        "displayName": "ann",
        "identityProviderId": TWITTER,
        "identityProviderName": "Twitter",
        "identityProviderType": "Twitter",
        "identityProviderUserId": SUBJECT,
        "tenantId": str(world.service.tenant_id),
        "token": "t",
        "userId": user["id"],
    }
    assert world.links(user["id"]) == [answer.json()["identityProviderLink"]]


def test_the_deprecated_form_has_its_members_at_the_root(world: World, user: dict[str, Any]) -> None:
    members = {"identityProviderId": TWITTER, "identityProviderUserId": SUBJECT, "userId": user["id"]}
    answer = posted(world, members | {"displayName": "ann", "token": "ignored"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["identityProviderLink"]["displayName"] == "ann"
    assert "token" not in answer.json()["identityProviderLink"]


def test_the_official_client_creates_reads_and_removes_a_link(world: World, user: dict[str, Any]) -> None:
    client = world.service.client
    link = {"identityProviderId": TWITTER, "identityProviderUserId": SUBJECT, "userId": user["id"]}
    assert client.create_user_link({"identityProviderLink": link}).was_successful()
    found = client.retrieve_user_link(TWITTER, SUBJECT, user["id"]).success_response
    assert found["identityProviderLink"]["userId"] == user["id"]
    all_links = client.retrieve_user_links_by_user_id(user["id"]).success_response
    assert len(all_links["identityProviderLinks"]) == 1
    assert client.delete_user_link(TWITTER, SUBJECT, user["id"]).was_successful()
    assert client.retrieve_user_link(TWITTER, SUBJECT, user["id"]).status == 404


@pytest.mark.parametrize("document", [{}, {"identityProviderLink": {}}, {"identityProviderLink": None}])
def test_every_missing_member_is_named(world: World, document: dict[str, Any]) -> None:
    assert wrong_fields(posted(world, document)) == {
        "identityProviderLink.identityProviderId": "[missing]identityProviderLink.identityProviderId",
        "identityProviderLink.identityProviderUserId": "[blank]identityProviderLink.identityProviderUserId",
        "identityProviderLink.userId": "[missing]identityProviderLink.userId",
    }


@pytest.mark.parametrize("member", ["userId", "identityProviderId"])
def test_an_unknown_user_or_provider_is_invalid(world: World, user: dict[str, Any], member: str) -> None:
    answer = world.link(**{"userId": user["id"], "identityProviderUserId": SUBJECT} | {member: str(uuid4())})
    path = f"identityProviderLink.{member}"
    assert wrong_fields(answer) == {path: f"[invalid]{path}"}
    assert world.count("links") == 0


@pytest.mark.parametrize("subject", ["", "  ", "a\u0000b", "x" * 256, 7])
def test_an_outside_id_that_cannot_be_one_is_refused(world: World, user: dict[str, Any], subject: object) -> None:
    answer = world.link(userId=user["id"], identityProviderUserId=subject)
    assert set(wrong_fields(answer)) == {"identityProviderLink.identityProviderUserId"}


def test_d25_the_same_link_again_changes_name_and_token_where_given(world: World, user: dict[str, Any]) -> None:
    members = {"userId": user["id"], "identityProviderUserId": SUBJECT}
    first = world.link(**members, displayName="one", token="t1").json()["identityProviderLink"]
    assert world.link(**members).json()["identityProviderLink"] == first
    second = world.link(**members, displayName="two", token="t2").json()["identityProviderLink"]
    assert second == first | {"displayName": "two", "token": "t2"}
    assert world.count("links") == 1


def test_d25_is_no_new_link_for_the_limit(world: World, user: dict[str, Any]) -> None:
    members = {"userId": user["id"], "identityProviderUserId": SUBJECT}
    assert world.link(**members).status_code == 200
    world.configure(**world.limit(1))
    assert world.link(**members).status_code == 200


def test_d26_a_link_of_another_user_is_not_moved(world: World, user: dict[str, Any]) -> None:
    world.link(userId=user["id"], identityProviderUserId=SUBJECT, displayName="mine")
    other = world.add_user(email="bob@example.com")
    path = "identityProviderLink.identityProviderUserId"
    answer = world.link(userId=other["id"], identityProviderUserId=SUBJECT, displayName="stolen")
    assert wrong_fields(answer) == {path: f"[duplicate]{path}"}
    assert [link["displayName"] for link in world.links(user["id"])] == ["mine"]


def test_d24_the_link_limit_is_a_general_error(world: World, user: dict[str, Any]) -> None:
    world.configure(**world.limit(1))
    assert world.link(userId=user["id"], identityProviderUserId="1").status_code == 200
    answer = world.link(userId=user["id"], identityProviderUserId="2")
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[LinkCountExceeded]"]
    assert len(world.links(user["id"])) == 1


def test_d27_the_token_secret_is_in_no_read(world: World) -> None:
    body = world.login_body("alice")
    user_id = world.post_login(body).json()["user"]["id"]
    answers = [read(world, userId=user_id), read(world, identityProviderId=TWITTER, identityProviderUserId=SUBJECT)]
    assert all(body["data"]["oauth_token"] in answer.text for answer in answers)
    assert not any(body["data"]["oauth_token_secret"] in answer.text for answer in answers)


def test_d27_the_token_secret_is_in_the_data_of_reads_where_the_operator_allowed_it(database_url: str) -> None:
    with login_world(database_url, links=Links(expose_token_secret=True)) as world:
        body = world.login_body("alice")
        user_id = world.post_login(body).json()["user"]["id"]
        secret = body["data"]["oauth_token_secret"]
        assert world.links(user_id)[0]["data"] == {"oauth_token_secret": secret}
        world.link(userId=user_id, identityProviderUserId=SUBJECT, token="by hand")
        assert "data" not in world.links(user_id)[0]


def test_a_link_made_by_hand_passes_only_the_gates_tenant_user_and_limit(world: World, user: dict[str, Any]) -> None:
    world.change_user(user["id"], expiry=1)
    world.service.call("DELETE", f"/api/user/{user['id']}")
    world.configure(enabled=False, linkingStrategy="Disabled")
    assert world.link(userId=user["id"], identityProviderUserId=SUBJECT).status_code == 200


def test_a_link_made_by_hand_is_found_by_the_next_login(world: World, user: dict[str, Any]) -> None:
    world.link(userId=user["id"], identityProviderUserId=SUBJECT)
    world.strategy("Disabled")
    assert world.logged_in("alice")["user"]["id"] == user["id"]


# Read


@pytest.fixture
def linked(world: World, user: dict[str, Any]) -> str:
    """A user with two links; returns the user's id."""
    for subject in ("1", "2"):
        assert world.link(userId=user["id"], identityProviderUserId=subject).status_code == 200
    return str(user["id"])


def test_provider_and_outside_id_read_one_link(world: World, linked: str) -> None:
    answer = read(world, identityProviderId=TWITTER, identityProviderUserId="1")
    assert answer.json()["identityProviderLink"]["userId"] == linked
    assert read(world, identityProviderId=TWITTER, identityProviderUserId="9").status_code == 404


def test_one_link_is_not_found_for_another_user(world: World, linked: str) -> None:
    query = {"identityProviderId": TWITTER, "identityProviderUserId": "1"}
    assert read(world, **query, userId=linked).status_code == 200
    answer = read(world, **query, userId=str(uuid4()))
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_user_reads_all_links_and_those_of_a_provider(world: World, linked: str) -> None:
    for query in ({"userId": linked}, {"userId": linked, "identityProviderId": TWITTER}):
        found = read(world, **query).json()["identityProviderLinks"]
        assert [link["identityProviderUserId"] for link in found] == ["1", "2"]
    assert read(world, userId=linked, identityProviderId=str(uuid4())).json() == {"identityProviderLinks": []}


def test_a_user_without_links_has_an_empty_list_and_an_unknown_one_is_404(world: World, user: dict[str, Any]) -> None:
    assert read(world, userId=user["id"]).json() == {"identityProviderLinks": []}
    assert read(world, userId=str(uuid4())).status_code == 404


@pytest.mark.parametrize("query", [{}, {"identityProviderId": TWITTER}, {"identityProviderUserId": "1"}])
def test_a_read_that_names_too_little_misses_the_user(world: World, query: dict[str, str]) -> None:
    assert wrong_fields(read(world, **query)) == {"userId": "[missing]userId"}


@pytest.mark.parametrize("absent", ["undefined", "null", ""])
def test_d49_what_the_typescript_client_sends_for_nothing_is_nothing(world: World, linked: str, absent: str) -> None:
    query = {"identityProviderId": TWITTER, "identityProviderUserId": "1", "userId": absent}
    assert read(world, **query).json()["identityProviderLink"]["userId"] == linked


def test_an_id_that_is_none_cannot_be_converted(world: World) -> None:
    assert wrong_fields(read(world, userId="x")) == {"userId": "[couldNotConvert]userId"}


# Unlink


def test_unlinking_removes_one_link_and_says_nothing(world: World, linked: str) -> None:
    answer = world.unlink(linked, "1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert [link["identityProviderUserId"] for link in world.links(linked)] == ["2"]
    assert world.unlink(linked, "1").status_code == 404


def test_unlinking_needs_all_three_ids(world: World) -> None:
    expected = {name: f"[missing]{name}" for name in ("identityProviderId", "identityProviderUserId", "userId")}
    assert wrong_fields(world.service.call("DELETE", LINK)) == expected


def test_unlinking_another_users_link_is_404(world: World, linked: str) -> None:
    other = world.add_user(email="bob@example.com")
    assert world.unlink(other["id"], "1").status_code == 404
    assert len(world.links(linked)) == 2


def test_unlinking_revokes_no_refresh_token(world: World) -> None:
    login = world.logged_in("alice")
    assert world.unlink(login["user"]["id"], SUBJECT).status_code == 200
    answer = world.service.call("POST", "/api/jwt/refresh", {"refreshToken": login["refreshToken"]}, key="")
    assert answer.status_code == 200, answer.text


# Keys and tenants


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_without_a_key_there_is_no_link(world: World, method: str) -> None:
    answer = world.service.call(method, LINK, {}, key="")
    assert (answer.status_code, answer.content) == (401, b"")


def test_d29_a_key_locked_to_another_tenant_sees_and_changes_nothing(world: World, linked: str) -> None:
    tenant_id, _ = world.add_tenant("other")
    key = world.service.add_key(tenant_id=UUID(tenant_id))
    query = {"identityProviderId": TWITTER, "identityProviderUserId": "1", "userId": linked}
    assert world.service.call("DELETE", LINK, params=query, key=key).status_code == 404
    assert world.service.call("GET", LINK, params=query, key=key).status_code == 404
    assert world.service.call("GET", LINK, params={"userId": linked}, key=key).status_code == 404
    link = {"identityProviderId": TWITTER, "identityProviderUserId": "3", "userId": linked}
    answer = posted(world, {"identityProviderLink": link}, key=key)
    assert set(wrong_fields(answer)) == {"identityProviderLink.userId"}
    assert len(world.links(linked)) == 2


def test_d30_an_outside_person_linked_in_two_tenants_is_ambiguous_without_one(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    here = world.logged_in("alice")["user"]["id"]
    there = world.logged_in("alice", applicationId=application_id)["user"]["id"]
    query = {"identityProviderId": TWITTER, "identityProviderUserId": SUBJECT}
    answer = read(world, **query)
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[TenantIdRequired]"]
    for tenant, user_id in ((world.service.tenant_id, here), (tenant_id, there)):
        found = world.service.call("GET", LINK, params=query, tenant=tenant)
        assert found.json()["identityProviderLink"]["userId"] == user_id
    assert read(world, **query, userId=there).json()["identityProviderLink"]["tenantId"] == tenant_id
