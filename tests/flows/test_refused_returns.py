"""Whatever does not belong to the sign-in of this browser is an error page, and every row is as it was before (T3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.hosted import AUTHORIZE, Tab, door_of_client
from tests.login_world import World
from tests.password_door import PASSWORD, Door

COOKIE = "fusionauth.sso"
Rows = dict[str, list[Any]]
Attack = Callable[[], None]


@pytest.fixture
def door(world: World) -> Door:
    return door_of_client(world)


@pytest.fixture
def tab(world: World, door: Door) -> Iterator[Tab]:
    with Tab(world) as opened:
        opened.ask()
        yield opened


def everything(world: World) -> Rows:
    """Every row of every table but the traces, in which an operator reads of a refusal."""
    with psycopg.connect(world.service.services.settings.database.url) as conn:
        names = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1")
        return {
            name: conn.execute(query.format(sql.Identifier(name))).fetchall()
            for (name,) in names
            if name != "login_traces"
        }


def another_browsers_oauth_token(tab: Tab, _: str) -> Attack:
    with Tab(tab.world) as other:
        other.ask()
        other.press("twitter-login-button")
        link = other.consent("alice")
    return lambda: tab.go(link)


def a_replayed_callback(tab: Tab, _: str) -> Attack:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    tab.go(back)
    assert tab.brought()["code"]
    tab.session.cookies.set(COOKIE, None)
    return lambda: tab.go(back)


def a_tampered_state(tab: Tab, email: str) -> Attack:
    sealed = tab.page.field("sign_in")["value"]
    other = "A" if sealed[40] != "A" else "B"
    return lambda: tab.sign_in(email, PASSWORD, sign_in=sealed[:40] + other + sealed[41:])


def a_tampered_oauth_token(tab: Tab, _: str) -> Attack:
    tab.press("twitter-login-button")
    back = tab.consent("alice")
    return lambda: tab.go(back.replace("oauth_token=", "oauth_token=x"))


def a_missing_csrf_token(tab: Tab, email: str) -> Attack:
    return lambda: tab.post(AUTHORIZE, {"loginId": email, "password": PASSWORD})


@pytest.mark.parametrize(
    ("prepared", "status"),
    [
        (another_browsers_oauth_token, 403),
        (a_replayed_callback, 400),
        (a_tampered_state, 403),
        (a_tampered_oauth_token, 400),
        (a_missing_csrf_token, 403),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_it_is_refused_with_an_error_page_and_leaves_nothing_behind(
    world: World, door: Door, tab: Tab, prepared: Callable[[Tab, str], Attack], status: int
) -> None:
    attack = prepared(tab, door.email)
    before = everything(world)
    attack()
    assert (tab.page.status, bool(tab.page.alert), "Reference for support" in tab.page.html) == (status, True, True)
    assert everything(world) == before
    assert tab.cookie(COOKIE) is None
