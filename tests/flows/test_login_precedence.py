"""Which outcome wins when several apply: the rows of login contract 3.5 in order, and the codes of 3.6."""

from __future__ import annotations

import pytest

from tests.login_world import TWITTER, World, refused, wrong_fields

THROWS = "function reconcile() { throw new Error('no'); }"


def deactivate_application(world: World) -> None:
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200


def expire(world: World, user_id: str) -> None:
    world.change_user(user_id, expiry=world.service.services.runtime.now() - 1)


def test_row_4_an_inactive_application_is_refused_before_the_provider_is_looked_at(world: World) -> None:
    deactivate_application(world)
    world.configure(enabled=False)
    assert refused(world.login("alice")) == "[InvalidApplication]"


@pytest.mark.parametrize("change", [{"enabled": False}, {"applicationConfiguration": {}}], ids=["disabled", "absent"])
def test_row_5_an_unusable_provider_is_refused_whatever_x_says(world: World, change: dict[str, object]) -> None:
    world.configure(**change)
    world.x.fault("could_not_authenticate")
    assert refused(world.login("alice")) == "[InvalidIdentityProviderId]"


def test_row_5_a_provider_not_enabled_for_this_application_is_refused(world: World) -> None:
    world.configure(**world.override(enabled=False))
    assert refused(world.login("alice")) == "[InvalidIdentityProviderId]"


@pytest.mark.parametrize(
    "provider_id", ["a73168fa-1091-4b4c-819f-8e6bf4a2e197", "13d2a5db-7ef9-4d62-b909-0df58612e775"]
)
def test_row_5_an_unknown_provider_and_one_that_was_never_configured_are_refused(
    world: World, provider_id: str
) -> None:
    assert refused(world.login("alice", identityProviderId=provider_id)) == "[InvalidIdentityProviderId]"


def test_row_5_a_provider_that_was_deleted_is_refused(world: World) -> None:
    assert world.login("alice").status_code == 200
    assert world.service.call("DELETE", f"/api/identity-provider/{TWITTER}").status_code == 200
    assert refused(world.login("alice")) == "[InvalidIdentityProviderId]"


def test_row_7_a_failed_exchange_is_refused_and_logged(world: World) -> None:
    body = world.login_body("alice", verifier=True)
    body["data"]["oauth_verifier"] += "x"
    assert refused(world.post_login(body)) == "[TwitterAccessToken]"
    assert world.nothing_written()
    assert len(world.events("Error")) == 1


def test_row_8_refused_credentials_are_refused_even_for_a_linked_user(world: World) -> None:
    world.logged_in("alice")
    world.x.fault("invalid_token")
    assert refused(world.login("alice")) == "[TwitterVerifyCredentials]"
    assert world.count("login_records") == 1


def test_row_8_comes_before_the_strategy_and_no_link(world: World) -> None:
    world.strategy("Disabled")
    world.x.fault("invalid_token")
    assert refused(world.login("alice", noLink=True)) == "[TwitterVerifyCredentials]"


@pytest.mark.parametrize("fault", ["missing_id", "wrong_id_type"])
def test_row_9_a_user_without_id_str_is_refused_whatever_else_they_have(world: World, fault: str) -> None:
    world.x.fault(fault)
    assert refused(world.login("alice")) == "[MissingUniqueId]"
    assert world.nothing_written()


def test_row_10_the_link_comes_before_no_link_the_strategy_and_the_missing_e_mail(world: World) -> None:
    first = world.logged_in("alice")
    world.x.fault("no_email")
    world.strategy("Disabled")
    assert world.logged_in("alice", noLink=True)["user"]["id"] == first["user"]["id"]


@pytest.mark.parametrize("strategy", ["CreatePendingLink", "LinkAnonymously", "LinkByEmail", "LinkByUsername"])
def test_row_11_no_link_comes_before_every_strategy(world: World, strategy: str) -> None:
    world.add_user(email="alice@example.com")
    world.reconcile_with(THROWS, linkingStrategy=strategy)
    answer = world.login("alice", noLink=True)
    assert (answer.status_code, answer.content) == (404, b"")
    assert (world.count("links"), world.count("pending_links")) == (0, 0)


def test_row_12_disabled_is_404_and_runs_no_lambda(world: World) -> None:
    world.reconcile_with(THROWS, linkingStrategy="Disabled")
    assert world.login("alice").status_code == 404
    assert world.events() == []
    assert world.nothing_written()


def test_row_13_a_pending_link_needs_no_e_mail_and_runs_no_lambda(world: World) -> None:
    world.reconcile_with(THROWS, linkingStrategy="CreatePendingLink")
    answer = world.login("bob")
    assert answer.status_code == 232
    assert list(answer.json()) == ["pendingIdPLinkId"]
    assert not answer.cookies
    assert (world.count("pending_links"), world.count("users"), world.count("links")) == (1, 0, 0)


def test_row_13b_an_anonymous_user_needs_no_e_mail_and_runs_no_lambda(world: World) -> None:
    world.reconcile_with(THROWS, linkingStrategy="LinkAnonymously")
    assert world.login("bob").status_code == 200


@pytest.mark.parametrize("strategy", ["LinkByEmail", "LinkByEmailForExistingUser"])
@pytest.mark.parametrize("person", ["bob", "erin", "frank"], ids=["no e-mail", "no e-mail address", "empty e-mail"])
def test_row_14_without_an_e_mail_there_is_nobody_to_link(world: World, strategy: str, person: str) -> None:
    world.strategy(strategy)
    assert refused(world.login(person)) == "[MissingEmail]"
    assert world.nothing_written()


def test_row_14_a_lambda_that_throws_is_512_before_the_missing_e_mail(world: World) -> None:
    world.reconcile_with(THROWS)
    assert world.login("bob").status_code == 512


def test_row_14_a_lambda_that_sets_no_e_mail_leaves_it_missing(world: World) -> None:
    world.reconcile_with("function reconcile(user) { user.firstName = 'B'; }")
    assert refused(world.login("bob")) == "[MissingEmail]"
    assert world.nothing_written()


@pytest.mark.parametrize(
    ("strategy", "code"),
    [
        ("LinkByEmailForExistingUser", "[UserDoesNotExistByEmail]"),
        ("LinkByUsernameForExistingUser", "[UserDoesNotExistByUsername]"),
    ],
)
def test_row_15_a_strategy_for_existing_users_makes_none_and_runs_no_lambda(
    world: World, strategy: str, code: str
) -> None:
    world.reconcile_with(THROWS, linkingStrategy=strategy)
    assert refused(world.login("alice")) == code
    assert world.nothing_written()


def test_row_16_a_deactivated_user_is_404_before_expiry_limit_and_lambda(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    expire(world, user["id"])
    assert world.service.call("DELETE", f"/api/user/{user['id']}").status_code == 200
    world.reconcile_with(THROWS, **world.limit(1))
    answer = world.login("alice")
    assert (answer.status_code, answer.content) == (404, b"")
    assert len(world.links(user["id"])) == 1


def test_row_17_an_expired_user_is_410_before_limit_and_lambda(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    expire(world, user["id"])
    world.reconcile_with(THROWS, **world.limit(1))
    answer = world.login("alice")
    assert (answer.status_code, answer.content) == (410, b"")
    assert len(world.links(user["id"])) == 1


def test_row_19_the_link_limit_comes_before_the_lambda(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    world.reconcile_with(THROWS, **world.limit(1))
    assert refused(world.login("alice")) == "[LinkCountExceeded]"
    assert len(world.links(user["id"])) == 1


@pytest.mark.parametrize("existing", [True, False])
def test_row_20_a_lambda_that_throws_leaves_neither_user_nor_link(world: World, existing: bool) -> None:
    if existing:
        world.add_user(email="alice@example.com")
    world.reconcile_with(THROWS)
    answer = world.login("alice")
    assert answer.status_code == 512
    [error] = answer.json()["generalErrors"]
    assert error["code"] == "[LambdaInvocationException]"
    assert "no" not in error["message"].split()
    assert (world.count("users"), world.count("links"), world.count("registrations")) == (int(existing), 0, 0)


def test_row_21_a_name_that_the_lambda_took_from_somebody_is_a_field_error(world: World) -> None:
    world.add_user(email="taken@example.com", username="alice")
    world.reconcile_with("function reconcile(user) { user.email = 'Taken@Example.com'; user.username = 'ALICE'; }")
    assert wrong_fields(world.login("alice")) == {
        "user.email": "[duplicate]user.email",
        "user.username": "[duplicate]user.username",
    }
    assert (world.count("users"), world.count("links")) == (1, 0)


def test_rows_31_and_32_are_told_apart_by_the_registration(world: World) -> None:
    world.configure(**world.override(createRegistration=False))
    answer = world.login("alice")
    assert answer.status_code == 202
    registration = {"registration": {"applicationId": world.application_id}}
    path = f"/api/user/registration/{answer.json()['user']['id']}"
    assert world.service.call("POST", path, registration).status_code == 200
    assert world.login("alice").status_code == 200
