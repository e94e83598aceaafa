"""Whose login it is: the strategies and effects of login contract 3.7, and the threats T4, T5 and T7."""

from __future__ import annotations

import jwt
import pytest

from tests.login_world import World, refused


def unproved(world: World, **members: object) -> dict[str, object]:
    """A user with a password and a session whose e-mail address nobody has proved."""
    user = world.add_user(**members)
    with world.service.services.db.transaction() as conn:
        conn.execute(
            "UPDATE users SET verified = false, verified_reason = 'Pending', verified_instant = NULL WHERE id = %s",
            (user["id"],),
        )
        conn.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, id, user_id, token_hash, authentication_type, auth_instant,
                start_instant, last_accessed_instant, insert_instant)
            VALUES (%s, gen_random_uuid(), %s, 'planted', 'PASSWORD', 1, 1, 1, 1)
            """,
            (world.service.tenant_id, user["id"]),
        )
    return user


# New users


def test_a_new_user_by_e_mail_has_the_e_mail_and_nothing_else_of_the_profile(world: World) -> None:
    user = world.logged_in("alice")["user"]
    assert user["email"] == "alice@example.com"
    assert not {"username", "fullName", "firstName", "imageUrl", "passwordLastUpdateInstant"} & user.keys()
    assert (user["active"], user["verified"], user["tenantId"]) == (True, True, str(world.service.tenant_id))
    assert "verifiedInstant" in user
    assert world.count("passwords") == 0


def test_a_new_user_by_username_has_the_screen_name_and_no_e_mail(world: World) -> None:
    world.strategy("LinkByUsername")
    user = world.logged_in("alice")["user"]
    assert (user["username"], user["usernameStatus"]) == ("alice", "ACTIVE")
    assert "email" not in user


def test_a_new_users_e_mail_is_kept_as_the_user_api_keeps_it(world: World) -> None:
    user = world.logged_in("alice-second")["user"]
    assert user["email"] == "alice@example.com"
    [link] = world.links(user["id"])
    assert link["displayName"] == "Alice@Example.com"


@pytest.mark.parametrize("registers", [True, False])
def test_a_registration_is_made_only_if_the_provider_says_so_and_the_user_in_any_case(
    world: World, registers: bool
) -> None:
    world.configure(**world.override(createRegistration=registers))
    assert world.login("alice").status_code == (200 if registers else 202)
    assert (world.count("users"), world.count("registrations"), world.count("links")) == (1, int(registers), 1)


def test_a_new_registration_is_verified_and_has_the_default_roles(world: World) -> None:
    [registration] = world.logged_in("alice")["user"]["registrations"]
    assert (registration["roles"], registration["verified"]) == (["user"], True)


def test_a_user_made_by_a_provider_is_verified_although_the_tenant_verifies_e_mails(world: World) -> None:
    change = {"tenant": {"emailConfiguration": {"verifyEmail": True}}}
    assert world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", change).status_code == 200
    assert world.logged_in("alice")["user"]["verified"] is True


# Matching


@pytest.mark.parametrize("strategy", ["LinkByEmail", "LinkByEmailForExistingUser"])
@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.COM"])
def test_an_existing_user_is_matched_by_the_canonical_e_mail(world: World, strategy: str, email: str) -> None:
    user = world.add_user(email=email, username="somebody")
    world.strategy(strategy)
    login = world.logged_in("alice")
    assert login["user"]["id"] == user["id"]
    assert (login["user"]["email"], login["user"]["username"]) == (user["email"], "somebody")
    assert world.user(user["id"])["passwordLastUpdateInstant"] == user["passwordLastUpdateInstant"]


@pytest.mark.parametrize("strategy", ["LinkByUsername", "LinkByUsernameForExistingUser"])
def test_an_existing_user_is_matched_by_the_canonical_username(world: World, strategy: str) -> None:
    user = world.add_user(email="other@example.com", username="ALICE")
    world.strategy(strategy)
    login = world.logged_in("alice")
    assert login["user"]["id"] == user["id"]
    assert (login["user"]["email"], login["user"]["username"]) == ("other@example.com", "ALICE")


def test_default_roles_are_not_given_again_to_an_existing_registration(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    registration = {"registration": {"applicationId": world.application_id, "roles": ["admin"]}}
    assert world.service.call("POST", f"/api/user/registration/{user['id']}", registration).status_code == 200
    for _ in range(2):
        [found] = world.logged_in("alice")["user"]["registrations"]
        assert found["roles"] == ["admin"]


def test_a_matched_user_gets_a_registration_with_the_default_roles_if_there_is_none(world: World) -> None:
    world.add_user(email="alice@example.com")
    [registration] = world.logged_in("alice")["user"]["registrations"]
    assert registration["roles"] == ["user"]


def test_t4_an_e_mail_of_the_request_matches_nobody(world: World) -> None:
    world.add_user(email="victim@example.com")
    body = world.login_body("bob", email="victim@example.com", user={"email": "victim@example.com"})
    body["data"] |= {"email": "victim@example.com", "user.email": "victim@example.com"}
    assert refused(world.post_login(body, headers={"X-Email": "victim@example.com"})) == "[MissingEmail]"
    assert world.count("links") == 0


def test_t4_an_e_mail_of_the_lambda_matches_nobody(world: World) -> None:
    world.add_user(email="victim@example.com")
    world.reconcile_with("function reconcile(user) { user.email = 'victim@example.com'; }")
    for person in ("alice", "bob"):
        answer = world.login(person)
        assert answer.status_code == 400
        assert answer.json()["fieldErrors"]["user.email"][0]["code"] == "[duplicate]user.email"
    assert (world.count("users"), world.count("links")) == (1, 0)


def test_t4_a_user_of_another_tenant_is_not_matched(world: World) -> None:
    _, application_id = world.add_tenant("other")
    mine = world.service.call(
        "POST", "/api/user", {"user": {"email": "alice@example.com", "password": "x" * 12}},
        tenant=world.service.tenant_id,
    ).json()["user"]["id"]  # fmt: skip
    assert world.logged_in("alice", applicationId=application_id)["user"]["id"] != mine


# T5


def test_t5_a_match_by_an_unproved_e_mail_strips_password_and_sessions_and_is_audited(world: World) -> None:
    user = unproved(world, email="alice@example.com", passwordChangeRequired=True)
    login = world.logged_in("alice")
    assert login["user"]["id"] == user["id"]
    assert world.count("passwords") == 0
    assert world.rows("SELECT token_hash = 'planted' FROM refresh_tokens") == [(False,)]
    stored = world.user(str(user["id"]))
    assert stored == login["user"]
    assert "passwordLastUpdateInstant" not in stored
    assert stored["passwordChangeRequired"] is False
    entries = world.rows("SELECT message FROM audit_logs WHERE message LIKE %s", f"%unverified user {user['id']}%")
    assert len(entries) == 1


def test_t5_strips_nothing_when_the_link_is_refused(world: World) -> None:
    user = unproved(world, email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    world.configure(**world.limit(1))
    assert refused(world.login("alice")) == "[LinkCountExceeded]"
    assert (world.count("passwords"), world.count("refresh_tokens")) == (1, 1)


def test_t5_a_proved_user_keeps_password_and_sessions(world: World) -> None:
    world.add_user(email="alice@example.com")
    world.logged_in("alice")
    assert world.count("passwords") == 1


def test_t5_a_match_by_username_strips_nothing(world: World) -> None:
    unproved(world, email="other@example.com", username="alice")
    world.strategy("LinkByUsername")
    world.logged_in("alice")
    assert (world.count("passwords"), world.count("refresh_tokens")) == (1, 2)


def test_t5_an_existing_link_strips_nothing(world: World) -> None:
    user = unproved(world, email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId=world.x.person("alice")["id"])
    assert world.logged_in("alice")["user"]["id"] == user["id"]
    assert (world.count("passwords"), world.count("refresh_tokens")) == (1, 2)


def test_t5_a_link_made_by_an_administrator_strips_nothing(world: World) -> None:
    user = unproved(world, email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId=world.x.person("alice")["id"])
    assert (world.count("passwords"), world.count("refresh_tokens")) == (1, 1)


# T7


def test_t7_the_key_of_a_link_is_the_id_as_text_even_beyond_what_a_number_holds(world: World) -> None:
    user = world.logged_in("max")["user"]
    [link] = world.links(user["id"])
    assert link["identityProviderUserId"] == "1765432109876543210"


def test_t7_a_handle_that_changed_hands_stays_with_the_first_holders_link(world: World) -> None:
    world.strategy("LinkByUsername")
    before = world.logged_in("dana-before")["user"]["id"]
    world.x.change_person("dana-before", screen_name="dana_moved")
    assert world.logged_in("dana-before")["user"]["id"] == before
    assert [link["displayName"] for link in world.links(before)] == ["dana.old@example.com"]


# Anonymous users


def test_an_anonymous_user_has_neither_e_mail_nor_username_nor_identities(world: World) -> None:
    world.reconcile_with("function reconcile(user) { user.firstName = 'x'; }", linkingStrategy="LinkAnonymously")
    login = world.logged_in("alice")
    assert not {"email", "username", "firstName"} & login["user"].keys()
    assert login["user"]["identities"] == []
    claims = jwt.decode(login["token"], options={"verify_signature": False})
    assert not {"email", "email_verified", "preferred_username"} & claims.keys()
    assert claims["roles"] == ["user"]
    [link] = world.links(login["user"]["id"])
    assert link["displayName"] == "alice@example.com"


def test_an_anonymous_link_shows_the_screen_name_when_there_is_no_e_mail(world: World) -> None:
    world.strategy("LinkAnonymously")
    [link] = world.links(world.logged_in("bob")["user"]["id"])
    assert link["displayName"] == "bob"


def test_an_anonymous_login_matches_nobody_by_e_mail(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    world.strategy("LinkAnonymously")
    assert world.logged_in("alice")["user"]["id"] != user["id"]


def test_an_anonymous_user_can_be_changed_once_an_e_mail_is_given(world: World) -> None:
    world.strategy("LinkAnonymously")
    user_id = world.logged_in("alice")["user"]["id"]
    answer = world.service.call("PATCH", f"/api/user/{user_id}", {"user": {"firstName": "A"}})
    assert answer.status_code == 400, answer.text
    world.change_user(user_id, firstName="A", email="a@example.com")
    assert world.logged_in("alice")["user"]["email"] == "a@example.com"
