"""Pending links: 232, login contract 5.2 and 5.4, and T6."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from tests.login_world import LINK, TWITTER, World, wrong_fields

HOUR = 3600


@pytest.fixture(autouse=True)
def _strategy(world: World) -> None:
    world.strategy("CreatePendingLink")


def pended(world: World, person: str = "alice") -> str:
    """The id that a login of this person is answered with."""
    answer = world.login(person)
    assert answer.status_code == 232, answer.text
    return str(answer.json()["pendingIdPLinkId"])


def pending(world: World, pending_id: str, **query: str) -> requests.Response:
    return world.service.call("GET", f"{LINK}/pending/{pending_id}", params=query)


def redeem(world: World, pending_id: str, user_id: str | None, **link: Any) -> requests.Response:
    inner = link | ({"userId": user_id} if user_id else {})
    return world.service.call("POST", LINK, {"pendingIdPLinkId": pending_id, "identityProviderLink": inner})


def general(answer: requests.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [error["code"] for error in answer.json()["generalErrors"]]


def test_a_pending_id_is_43_url_safe_characters_and_stored_as_a_hash_only(world: World) -> None:
    pending_id = pended(world)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", pending_id)
    [row] = world.rows("SELECT * FROM pending_links")
    assert pending_id not in str(row)
    assert pending_id.encode() not in row[0]


def test_tokens_of_a_pending_link_are_sealed(world: World) -> None:
    body = world.login_body("alice")
    assert world.post_login(body).status_code == 232
    [row] = world.rows("SELECT * FROM pending_links")
    assert not any(secret in str(row) for secret in body["data"].values())


def test_a_pending_link_shows_who_came_and_may_be_read_often(world: World) -> None:
    pending_id = pended(world)
    expected = {
        "displayName": "alice@example.com",
        "email": "alice@example.com",
        "identityProviderId": TWITTER,
        "identityProviderName": "Twitter",
        "identityProviderType": "Twitter",
        "identityProviderUserId": world.x.person("alice")["id"],
        "username": "alice",
    }
    for _ in range(2):
        assert pending(world, pending_id).json() == {"pendingIdPLink": expected}


def test_a_pending_link_of_a_person_without_e_mail_has_none(world: World) -> None:
    shown = pending(world, pended(world, "bob")).json()["pendingIdPLink"]
    assert "email" not in shown
    assert shown["displayName"] == "bob"


def test_a_pending_link_tells_the_limit_of_its_tenant_and_counts_for_a_user(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    world.configure(linkingStrategy="CreatePendingLink", **world.limit(7))
    body = pending(world, pended(world), userId=user["id"]).json()
    limit = {"limitUserLinkCount": {"enabled": True, "maximumLinks": 7}}
    assert (body["identityProviderTenantConfiguration"], body["linkCount"]) == (limit, 1)


def test_an_unknown_or_expired_pending_link_is_404(world: World) -> None:
    pending_id = pended(world)
    assert pending(world, "x" * 43).status_code == 404
    assert pending(world, pending_id, userId=str(uuid4())).status_code == 404
    world.clock.advance(seconds=HOUR - 5)
    assert pending(world, pending_id).status_code == 200
    world.clock.advance(seconds=6)
    answer = pending(world, pending_id)
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_tenant_sets_how_long_a_pending_link_lives(world: World) -> None:
    lives = {"externalIdentifierConfiguration": {"pendingAccountLinkTimeToLiveInSeconds": 60}}
    answer = world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": lives})
    assert answer.status_code == 200, answer.text
    pending_id = pended(world)
    world.clock.advance(seconds=61)
    assert pending(world, pending_id).status_code == 404


def test_a_redeemed_pending_link_is_a_link_and_the_next_login_goes_through(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    body = world.login_body("alice")
    pending_id = world.post_login(body).json()["pendingIdPLinkId"]
    answer = redeem(world, pending_id, user["id"])
    assert answer.status_code == 200, answer.text
    link = answer.json()["identityProviderLink"]
    assert link["displayName"] == "alice@example.com"
    assert link["token"] == body["data"]["oauth_token"]
    assert world.post_login(body).json()["user"]["id"] == user["id"]


def test_the_lambda_runs_at_the_login_after_the_pending_link_was_redeemed(world: World) -> None:
    world.reconcile_with("function reconcile(user) { user.firstName = 'L'; }", linkingStrategy="CreatePendingLink")
    user = world.add_user(email="ann@example.com")
    redeem(world, pended(world), user["id"])
    assert "firstName" not in world.user(user["id"])
    assert world.logged_in("alice")["user"]["firstName"] == "L"


def test_the_user_may_stand_at_the_root(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    answer = world.service.call("POST", LINK, {"pendingIdPLinkId": pended(world), "userId": user["id"]})
    assert answer.status_code == 200, answer.text


def test_redeeming_needs_a_user(world: World) -> None:
    pending_id = pended(world)
    path = "identityProviderLink.userId"
    assert wrong_fields(redeem(world, pending_id, None)) == {path: f"[missing]{path}"}
    assert wrong_fields(redeem(world, pending_id, str(uuid4()))) == {path: f"[invalid]{path}"}
    assert pending(world, pending_id).status_code == 200


def test_t6_what_the_body_says_of_the_outside_person_counts_for_nothing(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    lies = {"identityProviderUserId": "1", "identityProviderId": str(uuid4()), "displayName": "x", "token": "y"}
    link = redeem(world, pended(world), user["id"], **lies).json()["identityProviderLink"]
    assert link["identityProviderUserId"] == world.x.person("alice")["id"]
    assert (link["identityProviderId"], link["displayName"]) == (TWITTER, "alice@example.com")


def test_t6_a_pending_link_works_once(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    pending_id = pended(world)
    assert redeem(world, pending_id, user["id"]).status_code == 200
    assert general(redeem(world, pending_id, user["id"])) == ["[InvalidPendingIdPLinkId]"]
    assert pending(world, pending_id).status_code == 404


@pytest.mark.parametrize("pending_id", ["", "x" * 43, "\ud800"])
def test_an_unknown_pending_id_makes_no_link(world: World, pending_id: str) -> None:
    user = world.add_user(email="ann@example.com")
    assert redeem(world, pending_id, user["id"]).status_code == 400
    assert world.count("links") == 0


def test_an_expired_pending_id_is_refused(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    pending_id = pended(world)
    world.clock.advance(seconds=HOUR + 1)
    assert general(redeem(world, pending_id, user["id"])) == ["[InvalidPendingIdPLinkId]"]


def test_t6_a_pending_link_belongs_to_its_tenant(world: World) -> None:
    tenant_id, _ = world.add_tenant("other")
    world.configure(linkingStrategy="CreatePendingLink")
    key = world.service.add_key(tenant_id=UUID(tenant_id))
    stranger = world.service.call(
        "POST", "/api/user", {"user": {"email": "b@example.com", "password": "x" * 12}}, tenant=tenant_id
    ).json()["user"]["id"]
    pending_id = pended(world)
    assert world.service.call("GET", f"{LINK}/pending/{pending_id}", key=key).status_code == 404
    document = {"pendingIdPLinkId": pending_id, "userId": stranger}
    assert general(world.service.call("POST", LINK, document, key=key)) == ["[InvalidPendingIdPLinkId]"]
    path = "identityProviderLink.userId"
    assert wrong_fields(world.service.call("POST", LINK, document)) == {path: f"[invalid]{path}"}
    assert world.count("links") == 0


def test_a_refused_redemption_does_not_use_the_pending_link_up(world: World) -> None:
    user = world.add_user(email="ann@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    world.configure(linkingStrategy="CreatePendingLink", **world.limit(1))
    pending_id = pended(world)
    assert general(redeem(world, pending_id, user["id"])) == ["[LinkCountExceeded]"]
    assert world.unlink(user["id"], "1").status_code == 200
    assert redeem(world, pending_id, user["id"]).status_code == 200


def test_a_person_who_was_linked_meanwhile_stays_with_their_user(world: World) -> None:
    pending_id = pended(world)
    owner, other = world.add_user(email="ann@example.com"), world.add_user(email="bob@example.com")
    world.link(userId=owner["id"], identityProviderUserId=world.x.person("alice")["id"])
    assert set(wrong_fields(redeem(world, pending_id, other["id"]))) == {"identityProviderLink.identityProviderUserId"}
    assert redeem(world, pending_id, owner["id"]).status_code == 200
    assert [link["displayName"] for link in world.links(owner["id"])] == ["alice@example.com"]


def test_deleting_the_provider_ends_its_pending_links(world: World) -> None:
    pending_id = pended(world)
    user = world.add_user(username="late")
    assert world.service.call("DELETE", f"/api/identity-provider/{TWITTER}").status_code == 200
    assert pending(world, pending_id).status_code == 404
    assert general(redeem(world, pending_id, user["id"])) == ["[InvalidPendingIdPLinkId]"]
