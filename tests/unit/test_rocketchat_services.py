"""What the body of a login by a provider's token says, and how it is refused (Rocket.Chat contract 6)."""

from __future__ import annotations

from typing import Any

import pytest

from identity.http.rocketchat.services import LONGEST_LIFE, SERVICES, BadServiceLogin, named_service, read

NOW = 1_750_000_000_000
TWITTER = {
    "serviceName": "twitter",
    "accessToken": "the token",
    "accessTokenSecret": "its secret",
    "appId": "the app",
    "appSecret": "the app's secret",
    "expiresIn": 200,
}
FACEBOOK = {"serviceName": "facebook", "accessToken": "the token", "secret": "the app's secret", "expiresIn": 200}


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(BadServiceLogin) as refused:
        read(named_service(body), body, NOW)
    return str(refused.value)


def test_a_body_for_twitter_names_the_app_and_the_pair_by_our_names() -> None:
    login = read(named_service(TWITTER), TWITTER, NOW)
    assert login.app == {"consumer_key": "the app", "consumer_secret": "the app's secret"}
    assert login.data == {"oauth_token": "the token", "oauth_token_secret": "its secret"}
    assert login.notes.values == {"expiresAt": NOW + 200_000}


def test_a_body_for_facebook_names_the_app_by_its_secret() -> None:
    login = read(named_service(FACEBOOK), FACEBOOK, NOW)
    assert login.app == {"client_secret": "the app's secret"}
    assert login.data == {"token": "the token"}
    assert login.notes.values == {"expiresAt": NOW + 200_000}


def test_google_is_known_and_nobody_s_provider_here() -> None:
    assert named_service({"serviceName": "google"}).wire_type is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Match error: Expected string, got null in field serviceName"),
        (5, "Match error: Expected string, got number in field serviceName"),
        (True, "Match error: Expected string, got boolean in field serviceName"),
        ({}, "Match error: Expected string, got object in field serviceName"),
        ("github", "Unexpected AccessToken service github"),
        ("Twitter", "Unexpected AccessToken service Twitter"),
        ("", "Unexpected AccessToken service "),
        ("x" * 101, "Unexpected AccessToken service " + "x" * 100),
    ],
)
def test_the_service_must_be_a_known_one_by_its_name(value: Any, message: str) -> None:
    assert refusal(TWITTER | {"serviceName": value}) == message


def test_a_body_that_names_no_service_is_refused() -> None:
    assert refusal({"accessToken": "x"}) == "Match error: Missing key 'serviceName'"


@pytest.mark.parametrize("body", [TWITTER, FACEBOOK])
def test_every_member_of_a_service_is_required_and_a_text(body: dict[str, Any]) -> None:
    service = SERVICES[body["serviceName"]]
    for member in (*service.app, *service.token):
        rest = {name: value for name, value in body.items() if name != member}
        assert refusal(rest) == f"Match error: Missing key '{member}'"
        assert refusal(body | {member: ["the token"]}) == f"Match error: Expected string, got array in field {member}"
        assert refusal(body | {member: " "}).startswith("Match error: ")


@pytest.mark.parametrize("given", [0, 200, "0", "200", 200.0, LONGEST_LIFE, str(LONGEST_LIFE)])
def test_expires_in_is_an_integer_or_its_digits(given: Any) -> None:
    login = read(SERVICES["twitter"], TWITTER | {"expiresIn": given}, NOW)
    assert login.notes.values == {"expiresAt": NOW + 1000 * int(given)}


@pytest.mark.parametrize(
    "given",
    [
        -1,
        "-1",
        0.5,
        "0.5",
        "",
        " 200",
        "200\n",
        "+200",
        "2e2",
        "0x10",
        "٢٠٠",
        True,
        None,
        [],
        {},
        LONGEST_LIFE + 1,
        1e300,
    ],
)
def test_expires_in_is_nothing_else(given: Any) -> None:
    assert refusal(TWITTER | {"expiresIn": given}) == "Match error: Expected Integer in field expiresIn"


def test_expires_in_is_required() -> None:
    body = {name: value for name, value in TWITTER.items() if name != "expiresIn"}
    assert refusal(body) == "Match error: Missing key 'expiresIn'"


def test_no_secret_is_in_the_text_of_a_login() -> None:
    login = read(SERVICES["twitter"], TWITTER, NOW)
    assert "the token" not in repr(login)
    assert "secret" not in repr(login)
