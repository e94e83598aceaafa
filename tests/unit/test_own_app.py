"""A client's word about a provider's app counts only where it is what the service has configured."""

from __future__ import annotations

import pytest

from identity.domain.own_app import is_own_app

CONFIGURED = {"consumer_key": "our key", "consumer_secret": "our secret", "unset": None, "blank": ""}


def test_a_client_that_says_nothing_of_an_app_is_none_of_this_rule() -> None:
    assert is_own_app({}, CONFIGURED)


def test_the_configured_key_and_secret_are_this_service_s_own_app() -> None:
    assert is_own_app({"consumer_key": "our key", "consumer_secret": "our secret"}, CONFIGURED)


@pytest.mark.parametrize(
    "said",
    [
        {"consumer_key": "our key", "consumer_secret": "another secret"},
        {"consumer_key": "another key", "consumer_secret": "our secret"},
        {"consumer_key": "our key", "consumer_secret": "OUR SECRET"},
        {"consumer_key": "our key", "consumer_secret": "our secret "},
        {"consumer_key": "our key", "consumer_secret": ""},
        {"consumer_key": "schlüssel"},
        {"consumer_key": "\ud800"},
    ],
)
def test_another_key_or_another_secret_is_another_app(said: dict[str, str]) -> None:
    assert not is_own_app(said, CONFIGURED)


@pytest.mark.parametrize("name", ["unset", "blank", "absent"])
def test_nothing_equals_a_setting_that_is_not_made(name: str) -> None:
    assert not is_own_app({name: ""}, CONFIGURED)
