"""Complete-Login through Facebook: its data, its faults, and every outcome that does not depend on the provider."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from identity.outbound.default_lambdas import FACEBOOK_RECONCILE
from tests.facebook_world import BACK, FACEBOOK, FacebookWorld
from tests.login_world import LINK, TWITTER, World, refused, wrong_fields
from tests.troubles import TROUBLES, Somebody

TEST = "/api/identity-provider/test"
THROWS = "function reconcile() { throw new Error('no'); }"


@pytest.fixture
def world(facebook: FacebookWorld) -> FacebookWorld:
    return facebook


def the_link(world: FacebookWorld, user_id: str) -> dict[str, Any]:
    [link] = world.links(user_id)
    return link


# The two forms of a login


@pytest.mark.parametrize("verifier", [False, True], ids=["token", "code"])
def test_a_new_person_gets_a_user_a_registration_and_a_link(world: FacebookWorld, verifier: bool) -> None:
    body = world.logged_in("alice", verifier=verifier)
    user = body["user"]
    assert user["email"] == "alice@example.com"
    assert user["verified"] is True
    assert "username" not in user
    assert [each["applicationId"] for each in user["registrations"]] == [world.application_id]
    link = the_link(world, user["id"])
    assert link["identityProviderId"] == FACEBOOK
    assert link["identityProviderType"] == link["identityProviderName"] == "Facebook"
    assert link["identityProviderUserId"] == world.graph.id_of("alice")
    assert link["displayName"] == "alice@example.com"
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims["authenticationType"] == "FACEBOOK"
    assert world.rows("SELECT authentication_type FROM login_records") == [("FACEBOOK",)]


def test_both_forms_lead_to_the_same_user(world: FacebookWorld) -> None:
    by_token, by_code = world.logged_in("alice"), world.logged_in("alice", verifier=True)
    assert by_token["user"]["id"] == by_code["user"]["id"]
    assert world.count("links") == 1


def test_the_link_keeps_a_token_that_lasts(world: FacebookWorld) -> None:
    body = world.login_body("alice")
    user = world.post_login(body).json()["user"]
    kept = the_link(world, user["id"])["token"]
    assert kept != body["data"]["token"]
    shown = world.graph.control("GET", "tokens")["access_tokens"]
    assert next(token["long_lived"] for token in shown if kept.startswith(token["begins"]))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "data.token"),
        ({"token": ""}, "data.token"),
        ({"redirect_uri": BACK}, "data.token"),
        ({"code": "nobody-knows-this"}, "data.redirect_uri"),
        ({"code": "nobody-knows-this", "redirect_uri": " "}, "data.redirect_uri"),
        ({"code": "nobody-knows-this", "token": "x"}, "data.redirect_uri"),
    ],
)
def test_what_is_missing_is_a_blank_field(world: FacebookWorld, data: dict[str, str], field: str) -> None:
    answer = world.login("alice", data=data)
    assert wrong_fields(answer) == {field: f"[blank]{field}"}
    assert world.graph.calls() == []


def test_the_blank_field_is_named_with_all_other_mistakes(world: FacebookWorld) -> None:
    answer = world.login("alice", data={}, applicationId="x")
    assert set(wrong_fields(answer)) == {"applicationId", "data.token"}


@pytest.mark.parametrize("token", ["x", "x" * 4096, "a b&c=d#é", "🌸", "%00"])
def test_a_token_that_is_none_is_refused(world: FacebookWorld, token: str) -> None:
    answer = world.login("alice", data={"token": token})
    assert refused(answer) == "[FacebookMe]"
    data = answer.json()["generalErrors"][0]["data"]
    assert (data["facebookCode"], data["reason"]) == (190, "refused")
    assert world.nothing_written()


def test_a_code_works_once_and_for_its_address_only(world: FacebookWorld) -> None:
    body = world.login_body("alice", verifier=True)
    elsewhere = {**body, "data": {**body["data"], "redirect_uri": "https://elsewhere.example.com/"}}
    assert refused(world.post_login(elsewhere)) == "[FacebookAccessToken]"
    assert world.post_login(body).status_code == 200
    again = world.post_login(body)
    assert refused(again) == "[FacebookAccessToken]"
    assert again.json()["generalErrors"][0]["data"]["facebookSubcode"] == 36009


# Tokens of another app (security T1)


def test_a_token_of_another_app_logs_nobody_in(world: FacebookWorld) -> None:
    other = world.graph.add_app()
    token = world.graph.access_token("alice", app=other.id)
    answer = world.login("alice", data={"token": token})
    assert refused(answer) == "[FacebookMe]"
    assert answer.json()["generalErrors"][0]["data"]["facebookCode"] == 100
    assert world.nothing_written()


def test_a_token_of_another_app_does_not_log_a_linked_user_in_either(world: FacebookWorld) -> None:
    world.logged_in("alice")
    token = world.graph.access_token("alice", app=world.graph.add_app().id)
    assert refused(world.login("alice", data={"token": token})) == "[FacebookMe]"
    assert world.count("login_records") == 1


def test_a_code_of_another_app_logs_nobody_in(world: FacebookWorld) -> None:
    code = world.graph.code("alice", BACK, app=world.graph.add_app().id)
    answer = world.login("alice", data={"code": code, "redirect_uri": BACK})
    assert refused(answer) == "[FacebookAccessToken]"
    assert world.nothing_written()


def test_an_application_with_an_app_of_its_own_takes_that_apps_tokens_only(world: FacebookWorld) -> None:
    other = world.graph.add_app()
    world.configure(**world.override(appId=other.id, client_secret=other.secret))
    assert refused(world.login("alice")) == "[FacebookMe]"
    token = world.graph.access_token("alice", app=other.id)
    answer = world.login("alice", data={"token": token})
    assert answer.status_code == 200, answer.text
    link = the_link(world, answer.json()["user"]["id"])
    assert link["identityProviderUserId"] == world.graph.id_of("alice", other.id)


def test_an_x_token_is_nothing_to_facebook_and_the_other_way_round(world: FacebookWorld) -> None:
    token, secret = world.x.access_token("alice")
    of_x = {"oauth_token": token, "oauth_token_secret": secret}
    assert wrong_fields(world.login("alice", data=of_x)) == {"data.token": "[blank]data.token"}
    assert refused(world.login("alice", data={"token": token})) == "[FacebookMe]"
    own = world.graph.access_token("alice")
    to_x = {"oauth_token": own, "oauth_token_secret": own}
    answer = world.login("alice", data=to_x, identityProviderId=TWITTER)
    assert refused(answer) == "[TwitterVerifyCredentials]"


# What Graph says


REFUSING = (
    "no_permission", "permission_missing", "bad_parameter", "session", "invalid_token", "app_removed", "checkpoint",
    "password_changed", "expired", "logged_out",
)  # fmt: skip
FAILING = {
    "unknown_error": "unavailable",
    "transient": "unavailable",
    "unavailable": "unavailable",
    "app_throttled": "rate limited",
    "user_throttled": "rate limited",
    "reset": "reset",
    "redirect": "redirect",
    "html": "garbage",
    "garbage": "garbage",
    "huge": "too large",
}


@pytest.mark.parametrize("kind", REFUSING)
def test_a_refusal_of_graph_is_401_with_the_reason_in_data_and_log(world: FacebookWorld, kind: str) -> None:
    body = world.login_body("alice")
    world.graph.fault(kind, endpoint="me")
    answer = world.post_login(body)
    assert refused(answer) == "[FacebookMe]"
    data = answer.json()["generalErrors"][0]["data"]
    assert data["reason"] == "refused"
    [message] = world.messages("Error")
    assert f"facebookCode {data['facebookCode']}" in message
    assert "reason refused" in message
    assert body["data"]["token"] not in message + answer.text
    assert world.nothing_written()


@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_graph_is_401_too_and_says_how_it_fails(world: FacebookWorld, kind: str) -> None:
    world.graph.fault(kind, endpoint="me")
    answer = world.login("alice")
    assert refused(answer) == "[FacebookMe]"
    assert answer.json()["generalErrors"][0]["data"]["reason"] == FAILING[kind]
    [message] = world.messages("Error")
    assert f"reason {FAILING[kind]}" in message


@pytest.mark.parametrize("kind", ["missing_id", "wrong_id_type"])
def test_a_person_without_usable_id_is_refused(world: FacebookWorld, kind: str) -> None:
    world.graph.fault(kind)
    assert refused(world.login("alice")) == "[MissingUniqueId]"
    assert world.nothing_written()


def test_a_profile_of_wrong_types_has_neither_email_nor_picture(world: FacebookWorld) -> None:
    world.strategy("LinkAnonymously", fields="picture")
    world.graph.fault("wrong_types")
    user = world.logged_in("alice")["user"]
    assert "email" not in user
    assert "imageUrl" not in user


@pytest.mark.parametrize("person", ["bob", "erin"], ids=["no e-mail", "no e-mail address"])
def test_without_an_email_an_email_strategy_refuses(world: FacebookWorld, person: str) -> None:
    assert refused(world.login(person)) == "[MissingEmail]"


def test_an_email_that_is_not_shared_is_absent(world: FacebookWorld) -> None:
    token = world.graph.access_token("alice", scopes=["public_profile"])
    assert refused(world.login("alice", data={"token": token})) == "[MissingEmail]"


@pytest.mark.parametrize("strategy", ["LinkByUsername", "LinkByUsernameForExistingUser"])
def test_facebook_has_no_user_names(world: FacebookWorld, strategy: str) -> None:
    world.strategy(strategy)
    assert refused(world.login("alice")) == "[MissingUsername]"


def test_a_person_without_email_is_shown_by_name_in_the_link(world: FacebookWorld) -> None:
    world.strategy("LinkAnonymously")
    user_id = world.logged_in("bob")["user"]["id"]
    assert the_link(world, user_id)["displayName"] == "Bob Brown"


def test_the_same_address_at_facebook_and_x_is_the_same_user(world: FacebookWorld) -> None:
    own = world.logged_in("alice")["user"]["id"]
    token, secret = world.x.access_token("alice")
    of_x = {"oauth_token": token, "oauth_token_secret": secret}
    answer = world.login("alice", data=of_x, identityProviderId=TWITTER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == own
    assert {link["identityProviderType"] for link in world.links(own)} == {"Facebook", "Twitter"}


# Picture and lasting token: extras


def test_a_new_user_and_one_without_a_picture_get_facebooks(world: FacebookWorld) -> None:
    user = world.logged_in("alice")["user"]
    assert user["imageUrl"].startswith(world.graph.url) or user["imageUrl"].startswith("https://")
    world.change_user(user["id"], imageUrl=None)
    assert "imageUrl" not in world.user(user["id"])
    assert world.logged_in("alice")["user"]["imageUrl"] == user["imageUrl"]
    assert world.user(user["id"])["imageUrl"] == user["imageUrl"]


def test_a_picture_that_a_user_has_stays(world: FacebookWorld) -> None:
    own = world.add_user(email="alice@example.com", imageUrl="https://example.com/mine.png")
    assert world.logged_in("alice")["user"]["id"] == own["id"]
    assert world.user(own["id"])["imageUrl"] == "https://example.com/mine.png"


def test_a_silhouette_is_no_picture(world: FacebookWorld) -> None:
    assert "imageUrl" not in world.logged_in("newt")["user"]


def test_an_anonymous_user_gets_no_picture(world: FacebookWorld) -> None:
    world.strategy("LinkAnonymously")
    assert "imageUrl" not in world.logged_in("alice")["user"]


@pytest.mark.parametrize("kind", ["transient", "no_picture", "html", "huge", "reset", "redirect", "invalid_token"])
def test_a_login_goes_on_without_the_picture(world: FacebookWorld, kind: str) -> None:
    world.graph.fault(kind, endpoint="picture")
    assert "imageUrl" not in world.logged_in("alice")["user"]
    told = [message for message in world.messages("Information") if "[FacebookMePicture]" in message]
    assert len(told) == (0 if kind == "no_picture" else 1)
    assert world.messages("Error") == []


@pytest.mark.parametrize("kind", ["transient", "missing_token", "wrong_token_type", "invalid_token", "reset"])
def test_a_login_goes_on_with_the_token_it_has(world: FacebookWorld, kind: str) -> None:
    body = world.login_body("alice")
    world.graph.fault(kind, endpoint="access_token")
    answer = world.post_login(body)
    assert answer.status_code == 200, answer.text
    assert the_link(world, answer.json()["user"]["id"])["token"] == body["data"]["token"]
    [message] = world.messages("Information")
    assert "[FacebookAccessToken]" in message
    assert body["data"]["token"] not in message


# The lambda


def test_the_default_lambda_takes_over_names_and_picture(world: FacebookWorld) -> None:
    world.reconcile_with(FACEBOOK_RECONCILE, fields="first_name,middle_name,last_name,picture")
    user = world.logged_in("mary")["user"]
    names = [user[name] for name in ("firstName", "middleName", "lastName", "fullName")]
    assert names == ["Mary", "Ann", "Moe", "Mary Ann Moe"]
    assert user["imageUrl"]


def test_a_lambda_gets_the_profile_with_the_picture_as_graph_has_it(world: FacebookWorld) -> None:
    world.reconcile_with("function reconcile(user, registration, facebookUser) { user.data.seen = facebookUser; }")
    seen = world.logged_in("alice")["user"]["data"]["seen"]
    assert (seen["id"], seen["name"], seen["email"]) == (world.graph.id_of("alice"), "Alice Adams", "alice@example.com")
    assert set(seen["picture"]["data"]) == {"height", "is_silhouette", "url", "width"}


def test_a_lambda_finds_the_picture_and_has_the_last_word(world: FacebookWorld) -> None:
    world.reconcile_with("function reconcile(user) { user.data.was = user.imageUrl; user.imageUrl = null; }")
    for _ in range(2):
        user = world.logged_in("alice")["user"]
        assert user["data"]["was"]
        assert "imageUrl" not in user


def test_a_lambda_for_x_does_not_run(world: FacebookWorld) -> None:
    World.add_lambda(world, THROWS)
    assert world.login("alice").status_code == 200


def test_a_failing_lambda_is_512(world: FacebookWorld) -> None:
    world.reconcile_with(THROWS)
    assert world.login("alice").status_code == 512
    assert world.nothing_written()


# Every outcome


@pytest.mark.parametrize("verifier", [False, True], ids=["token", "code"])
@pytest.mark.parametrize("status", list(TROUBLES))
def test_each_trouble_ends_a_login_with_its_status(world: FacebookWorld, status: int, verifier: bool) -> None:
    somebody = Somebody(world)
    assert world.login("alice", verifier=verifier).status_code == 200
    TROUBLES[status](somebody)
    assert world.login("alice", verifier=verifier).status_code == status


@pytest.mark.parametrize(
    ("strategy", "status"), [("CreatePendingLink", 232), ("Disabled", 404), ("LinkByEmailForExistingUser", 401)]
)
def test_a_stranger_meets_the_strategy(world: FacebookWorld, strategy: str, status: int) -> None:
    world.strategy(strategy)
    assert world.login("alice").status_code == status


def test_a_pending_link_is_redeemed_by_an_administrator(world: FacebookWorld) -> None:
    world.strategy("CreatePendingLink")
    pending = world.login("alice").json()["pendingIdPLinkId"]
    own = world.add_user(email="someone@example.com")
    answer = world.service.call("POST", LINK, {"userId": own["id"], "pendingIdPLinkId": pending})
    assert answer.status_code == 200, answer.text
    assert world.logged_in("alice")["user"]["id"] == own["id"]


def test_no_link_is_404_and_a_link_limit_401(world: FacebookWorld) -> None:
    assert world.login("alice", noLink=True).status_code == 404
    world.logged_in("alice")
    world.configure(**world.limit(1))
    assert refused(world.login("alice-second")) == "[LinkCountExceeded]"


@pytest.mark.parametrize("change", [{"enabled": False}, {"applicationConfiguration": {}}])
def test_a_provider_that_may_not_be_used_is_not_asked(world: FacebookWorld, change: dict[str, Any]) -> None:
    body = world.login_body("alice")
    world.configure(**change)
    assert refused(world.post_login(body)) == "[InvalidIdentityProviderId]"
    assert world.graph.calls() == []


def test_an_unproved_address_loses_its_password_when_facebook_links_to_it(world: FacebookWorld) -> None:
    own = world.add_user(email="alice@example.com")
    with world.service.services.db.transaction() as conn:
        conn.execute("UPDATE users SET verified = false, verified_instant = NULL")
    assert world.logged_in("alice")["user"]["id"] == own["id"]
    body = {"loginId": "alice@example.com", "password": "correct horse battery"}
    answer = world.service.call("POST", "/api/login", body)
    assert answer.status_code == 404


# Trace and connection test


def test_the_debug_log_shows_the_calls_and_no_secret(world: FacebookWorld) -> None:
    world.configure(debug=True)
    body = world.login_body("alice", verifier=True)
    answer = world.post_login(body)
    assert answer.status_code == 200
    [message] = world.messages("Debug")
    for told in ("/oauth/access_token", "/me with", "/me/picture", "Alice Adams", "a***@example.com"):
        assert told in message
    token = the_link(world, answer.json()["user"]["id"])["token"]
    for secret in (world.graph.app_secret, body["data"]["code"], token, "alice@example.com"):
        assert secret not in message


@pytest.mark.parametrize(
    ("data", "rule"), [({"code": "x", "redirect_uri": BACK}, "3.5 row 7"), ({"token": "x"}, "3.5 row 8")]
)
def test_a_refusal_names_its_row_in_the_trace(world: FacebookWorld, data: dict[str, str], rule: str) -> None:
    answer = world.login("alice", data=data)
    assert answer.status_code == 401
    assert world.trace_of(answer)["rule"] == rule


def test_a_connection_test_proves_the_credentials_and_a_login_with_it_leaves_nothing(world: FacebookWorld) -> None:
    test_id = start_test(world)["connectionTestId"]
    assert world.login("alice", connectionTestId=test_id).status_code == 200
    assert world.nothing_written()
    result = world.service.call("GET", TEST, params={"connectionTestId": test_id}).json()["result"]
    assert (result["success"], result["identityProviderUserId"]) == (True, world.graph.id_of("alice"))
    assert result["email"] == "alice@example.com"
    assert result["steps"][0] == {"detail": "Facebook accepts them.", "success": True, "title": "Credentials"}
    shown = str(result)
    assert world.graph.app_secret not in shown


def test_a_connection_test_with_a_wrong_secret_says_so(world: FacebookWorld) -> None:
    world.configure(client_secret="not-the-secret-of-the-app")
    test_id = start_test(world)["connectionTestId"]
    result = world.service.call("GET", TEST, params={"connectionTestId": test_id}).json()["result"]
    assert [(step["title"], step["success"]) for step in result["steps"]] == [("Credentials", False)]
    assert "not-the-secret-of-the-app" not in str(result)


def start_test(world: FacebookWorld) -> dict[str, Any]:
    asked = {"identityProviderId": FACEBOOK, "tenantId": str(world.service.tenant_id)}
    answer = world.service.call("POST", TEST, asked)
    assert answer.status_code == 200, answer.text
    started: dict[str, Any] = answer.json()
    return started
