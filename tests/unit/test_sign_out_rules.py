"""Where a browser goes that has signed out, and which applications hear of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.logout import frames, is_allowed, named, tells_everybody, with_state

HOME = "https://app.example/signed-out"
OTHER = "https://other.example/signed-out"
NO_DESTINATIONS = ["javascript:alert(1)", "data:text/html,x", "/signed-out", "https://ann@app.example/", f"{HOME}#top"]


def application(**oauth: Any) -> dict[str, Any]:
    return {"oauth_configuration": oauth}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"oauth_configuration": {"logout_url": HOME}}, HOME),
        ({"logout_url": HOME}, HOME),
        ({"oauth_configuration": {"logout_url": "com.example.app:/out"}}, "com.example.app:/out"),
        ({"oauth_configuration": {"logout_url": None}}, None),
        ({"oauth_configuration": None, "logout_url": ""}, None),
        ({}, None),
    ],
)
def test_an_application_and_a_tenant_name_their_way_back_each_in_its_place(
    settings: dict[str, Any], url: str | None
) -> None:
    assert named(settings) == url


@pytest.mark.parametrize("url", NO_DESTINATIONS)
def test_a_logout_url_that_a_browser_can_not_be_sent_to_counts_as_none(url: str) -> None:
    assert named(application(logout_url=url)) is None
    assert named({"logout_url": url}) is None


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        (HOME, True),
        (OTHER, True),
        ("https://app.example/signed-out/", False),
        ("https://app.example/Signed-out", False),
        ("https://app.example/signed-out?a=b", False),
        ("https://app.example/", False),
        ("", False),
    ],
)
def test_only_an_address_that_is_registered_to_the_letter_is_gone_to(uri: str, allowed: bool) -> None:
    assert is_allowed(application(authorized_redirect_urls=[HOME], logout_url=OTHER), uri) is allowed


@pytest.mark.parametrize("uri", NO_DESTINATIONS)
def test_no_registration_makes_a_destination_of_what_is_none(uri: str) -> None:
    assert not is_allowed(application(authorized_redirect_urls=[uri], logout_url=uri), uri)


@pytest.mark.parametrize("settings", [{}, {"oauth_configuration": None}, application(authorized_redirect_urls=None)])
def test_who_registered_nothing_is_not_gone_to(settings: dict[str, Any]) -> None:
    assert not is_allowed(settings, HOME)


@pytest.mark.parametrize(
    ("settings", "everybody"),
    [
        (application(logout_behavior="RedirectOnly"), False),
        (application(logout_behavior="AllApplications"), True),
        (application(), True),
        ({}, True),
    ],
)
def test_every_application_hears_of_it_unless_the_one_that_signs_out_only_redirects(
    settings: dict[str, Any], everybody: bool
) -> None:
    assert tells_everybody(settings) is everybody


@pytest.mark.parametrize(
    ("uri", "state", "address"),
    [
        (HOME, None, HOME),
        (HOME, "", f"{HOME}?state="),
        (HOME, "17", f"{HOME}?state=17"),
        (f"{HOME}?a=b", "17", f"{HOME}?a=b&state=17"),
        (HOME, "a b&c=d", f"{HOME}?state=a+b%26c%3Dd"),
    ],
)
def test_the_state_goes_behind_the_registered_address(uri: str, state: str | None, address: str) -> None:
    assert with_state(uri, state) == address


@given(st.sampled_from([HOME, f"{HOME}?a=b"]), st.text(st.characters(codec="utf-8")))
def test_the_client_reads_the_state_it_gave_and_can_not_be_given_another_parameter(uri: str, state: str) -> None:
    address = with_state(uri, state)
    assert address.startswith(uri)
    query = parse_qs(urlsplit(address).query, keep_blank_values=True)
    assert query.pop("state") == [state]
    assert set(query) == set(parse_qs(urlsplit(uri).query))


def test_the_others_are_told_and_not_the_one_that_the_browser_goes_to() -> None:
    assert frames([HOME, OTHER], HOME) == (OTHER,)
    assert frames([HOME, OTHER], None) == (HOME, OTHER)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("HTTPS://other.example/signed-out", True),
        ("http://localhost:3000/signed-out", True),
        ("com.example.app:/signed-out", False),
        ("httpx://other.example/signed-out", False),
        ("https://[other.example]/signed-out", False),
        ("https:/signed-out", False),
    ],
)
def test_only_who_has_an_origin_that_the_policy_of_the_page_can_name_is_told(url: str, told: bool) -> None:
    assert frames([url], HOME) == ((url,) if told else ())


@pytest.mark.parametrize("url", NO_DESTINATIONS)
def test_no_frame_shows_what_is_no_destination(url: str) -> None:
    assert frames([url], None) == ()
