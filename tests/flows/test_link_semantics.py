"""The scenarios of login contract 5.7, one test each, and the link limit at a login (5.6)."""

from __future__ import annotations

import pytest

from tests.login_world import LINK, TWITTER, World, refused


def linked_alice(world: World) -> str:
    """Alice after her first login; returns the user's id."""
    return str(world.logged_in("alice")["user"]["id"])


def test_a_changed_e_mail_at_x_changes_the_links_name_and_not_the_user(world: World) -> None:
    user_id = linked_alice(world)
    world.x.change_person("alice", email="alice.new@example.com")
    user = world.logged_in("alice")["user"]
    assert (user["id"], user["email"]) == (user_id, "alice@example.com")
    assert [link["displayName"] for link in world.links(user_id)] == ["alice.new@example.com"]


def test_an_e_mail_at_x_that_became_another_users_leads_to_the_linked_user(world: World) -> None:
    user_id = linked_alice(world)
    world.add_user(email="bob@example.com")
    world.x.change_person("alice", email="bob@example.com")
    assert world.logged_in("alice")["user"]["id"] == user_id


def test_a_linked_user_needs_no_e_mail_at_x(world: World) -> None:
    user_id = linked_alice(world)
    world.x.change_person("alice", email=None)
    assert world.logged_in("alice")["user"]["id"] == user_id
    assert [link["displayName"] for link in world.links(user_id)] == ["alice"]


def test_two_accounts_at_x_are_two_links_of_one_user(world: World) -> None:
    user_id = linked_alice(world)
    assert world.logged_in("alice-second")["user"]["id"] == user_id
    subjects = {link["identityProviderUserId"] for link in world.links(user_id)}
    assert subjects == {world.x.person("alice")["id"], world.x.person("alice-second")["id"]}


def test_one_account_at_x_cannot_be_two_users_of_a_tenant(world: World) -> None:
    linked_alice(world)
    other = world.add_user(email="other@example.com")
    answer = world.link(userId=other["id"], identityProviderUserId=world.x.person("alice")["id"])
    code = "[duplicate]identityProviderLink.identityProviderUserId"
    assert answer.status_code == 400
    assert answer.json()["fieldErrors"]["identityProviderLink.identityProviderUserId"][0]["code"] == code
    assert world.links(other["id"]) == []


def test_one_account_at_x_is_one_user_in_each_of_two_tenants(world: World) -> None:
    tenant_id, application_id = world.add_tenant("other")
    here = linked_alice(world)
    there = world.logged_in("alice", applicationId=application_id)["user"]
    assert (there["id"] != here, there["tenantId"]) == (True, tenant_id)
    assert [link["tenantId"] for link in world.links(there["id"])] == [tenant_id]
    assert (world.count("users"), world.count("links")) == (2, 2)


def test_links_made_anonymously_keep_resolving_under_another_strategy(world: World) -> None:
    world.strategy("LinkAnonymously")
    user_id = linked_alice(world)
    world.add_user(email="alice@example.com")
    world.strategy("LinkByEmail")
    assert world.logged_in("alice")["user"]["id"] == user_id


def test_after_unlinking_the_next_login_is_a_first_one_under_todays_strategy(world: World) -> None:
    user_id = linked_alice(world)
    assert world.unlink(user_id, world.x.person("alice")["id"]).status_code == 200
    world.strategy("Disabled")
    assert world.login("alice").status_code == 404
    world.strategy("LinkByEmail")
    assert world.logged_in("alice")["user"]["id"] == user_id
    assert len(world.links(user_id)) == 1


def test_a_login_overwrites_token_name_and_instant_of_the_link(world: World) -> None:
    user_id = linked_alice(world)
    [before] = world.links(user_id)
    world.x.control("DELETE", f"tokens/{before['token']}")  # X gives the same one until then
    body = world.login_body("alice")
    assert world.post_login(body).status_code == 200
    [after] = world.links(user_id)
    assert after["token"] == body["data"]["oauth_token"] != before["token"]
    assert after["lastLoginInstant"] > before["lastLoginInstant"]
    assert after["insertInstant"] == before["insertInstant"]


def test_the_link_holds_the_access_token_that_x_gave_for_the_verifier(world: World) -> None:
    body = world.login_body("alice", verifier=True)
    user_id = world.post_login(body).json()["user"]["id"]
    [link] = world.links(user_id)
    issued = world.x.control("GET", "tokens")["access_tokens"]
    assert link["token"] in {token["token"] for token in issued}
    assert link["token"] != body["data"]["oauth_token"]


def test_token_and_secret_of_a_link_are_sealed_in_the_database(world: World) -> None:
    body = world.login_body("alice")
    assert world.post_login(body).status_code == 200
    [(token, secret)] = world.rows("SELECT token, token_secret FROM links")
    assert body["data"]["oauth_token"] not in token
    assert body["data"]["oauth_token_secret"] not in secret


# The limit (5.6)


@pytest.mark.parametrize(("held", "status"), [(1, 200), (2, 401), (3, 401)])
def test_a_first_login_is_refused_when_the_user_has_as_many_links_as_allowed(
    world: World, held: int, status: int
) -> None:
    user = world.add_user(email="alice@example.com")
    for number in range(held):
        assert world.link(userId=user["id"], identityProviderUserId=str(number)).status_code == 200
    world.configure(**world.limit(2))
    answer = world.login("alice")
    assert answer.status_code == status
    assert len(world.links(user["id"])) == held + (status == 200)


def test_a_lowered_limit_removes_no_link_and_refuses_no_linked_person(world: World) -> None:
    user_id = linked_alice(world)
    world.logged_in("alice-second")
    world.configure(**world.limit(1))
    assert world.login("alice").status_code == 200
    assert len(world.links(user_id)) == 2


def test_a_limit_that_is_not_enabled_limits_nothing(world: World) -> None:
    user_id = linked_alice(world)
    world.configure(**world.limit(1, enabled=False))
    assert world.logged_in("alice-second")["user"]["id"] == user_id


def test_a_limit_of_another_tenant_limits_nothing(world: World) -> None:
    tenant_id, _ = world.add_tenant("other")
    linked_alice(world)
    world.configure(tenantConfiguration={tenant_id: {"limitUserLinkCount": {"enabled": True, "maximumLinks": 1}}})
    assert world.login("alice-second").status_code == 200


def test_a_new_user_may_have_a_link_whatever_the_limit(world: World) -> None:
    world.configure(**world.limit(1))
    linked_alice(world)
    assert refused(world.login("alice-second")) == "[LinkCountExceeded]"


def test_deleting_the_provider_removes_its_links_and_keeps_the_users(world: World) -> None:
    user_id = linked_alice(world)
    world.strategy("CreatePendingLink")
    assert world.login("bob").status_code == 232
    assert world.service.call("DELETE", f"/api/identity-provider/{TWITTER}").status_code == 200
    assert world.user(user_id)["id"] == user_id
    assert world.service.call("GET", f"{LINK}?userId={user_id}").json() == {"identityProviderLinks": []}
    assert world.count("pending_links") == 0
