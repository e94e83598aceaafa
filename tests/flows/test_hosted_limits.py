"""The limits of a client address at the hosted pages: failed logins, and logins begun at X. Decision 21."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity.settings import Login
from tests import postgres
from tests.hosted import Tab, allow_client
from tests.login_world import World, login_world
from tests.password_door import PASSWORD, Door

MOST = 3


@pytest.fixture(scope="module")
def limited_world(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    """Three a minute for an address; the tests come through a proxy of ours, each from elsewhere."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url, login=Login(rate_limit=MOST), trusted_proxies="127.0.0.1") as world:
        allow_client(world)
        Door(world).tenant(failedAuthenticationConfiguration={"tooManyAttempts": 100})
        yield world
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def ann(limited_world: World) -> Door:
    door = Door(limited_world)
    door.add_user()
    return door


def test_after_too_many_failures_not_even_the_right_password_is_tried(limited_world: World, ann: Door) -> None:
    with Tab(limited_world, **{"X-Forwarded-For": "192.0.2.1"}) as tab:
        for _ in range(MOST):
            tab.ask()
            tab.sign_in(ann.email, "wrong")
            assert tab.page.status == 400
        tab.sign_in(ann.email, PASSWORD)
        assert tab.page.status == 429
        assert int(tab.page.headers["Retry-After"]) > 0
        tab.click("Begin again")
        assert tab.page.headline == "Sign in"
    with Tab(limited_world, **{"X-Forwarded-For": "192.0.2.2"}) as elsewhere:
        elsewhere.ask()
        elsewhere.sign_in(ann.email, PASSWORD)
        assert elsewhere.brought()["code"]


def test_what_x_refuses_is_a_failure_of_the_address_too(limited_world: World, ann: Door) -> None:
    with Tab(limited_world, **{"X-Forwarded-For": "192.0.2.3"}) as tab:
        for _ in range(MOST):
            tab.ask()
            tab.press("twitter-login-button")
            tab.go(tab.consent().partition("oauth_verifier=")[0] + "oauth_verifier=wrong")
            assert tab.page.status == 200
        tab.sign_in(ann.email, PASSWORD)
        assert tab.page.status == 429


def test_an_address_may_begin_so_many_logins_at_x_and_no_more(limited_world: World) -> None:
    with Tab(limited_world, **{"X-Forwarded-For": "192.0.2.4"}) as tab:
        for _ in range(MOST):
            tab.ask()
            tab.press("twitter-login-button")
            assert tab.left is not None
        tab.ask()
        tab.press("twitter-login-button")
        assert tab.page.status == 429
