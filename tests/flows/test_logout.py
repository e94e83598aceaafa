"""/oauth2/logout: the browser's session ends, nothing else does, and the way back is one that was registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import requests

from tests.hosted import REDIRECT, Tab, allow_client, door_of_client
from tests.login_world import World
from tests.password_door import PASSWORD, Door

COOKIE = "fusionauth.sso"
LOGOUT = "/oauth2/logout"
BYE = "https://app.example.com/bye"


@pytest.fixture
def door(world: World) -> Door:
    return door_of_client(world)


@pytest.fixture
def tab(world: World, door: Door) -> Iterator[Tab]:
    """A browser that is signed in."""
    with Tab(world) as tab:
        tab.ask()
        tab.sign_in(door.email, PASSWORD, rememberDevice="true")
        assert tab.cookie(COOKIE) is not None
        yield tab


def leave(tab: Tab, method: str = "GET", **parameters: str) -> requests.Response:
    if method == "GET":
        return tab.send("GET", f"{LOGOUT}?{urlencode(parameters)}")
    return tab.send("POST", LOGOUT, data=parameters)


def is_signed_in(tab: Tab) -> bool:
    rows = tab.world.rows("SELECT 1 FROM refresh_tokens WHERE application_id IS NULL")
    assert bool(rows) is (tab.cookie(COOKIE) is not None)
    return bool(rows)


def location(answer: requests.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def id_token(world: World, code: str) -> str:
    path = f"/api/application/{world.application_id}/oauth-configuration"
    secret = world.service.call("GET", path).json()["oauthConfiguration"]["clientSecret"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    form |= {"client_id": world.application_id, "client_secret": secret}
    answer = requests.post(world.service.url + "/oauth2/token", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id_token"])


def add_application(world: World, **oauth: Any) -> str:
    document = {"name": f"application {uuid4()}", "oauthConfiguration": oauth}
    answer = world.service.call("POST", "/api/application", {"application": document}, tenant=world.service.tenant_id)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["application"]["id"])


def test_the_browser_goes_to_a_registered_address_with_the_state(tab: Tab) -> None:
    answer = leave(
        tab, client_id=tab.world.application_id, post_logout_redirect_uri=REDIRECT, state="what it was & more"
    )
    assert location(answer) == f"{REDIRECT}?state=what+it+was+%26+more"
    assert not is_signed_in(tab)
    assert tab.ask().status == 200


def test_nothing_but_the_session_is_revoked(tab: Tab, world: World, door: Door) -> None:
    answer = door.knock()
    token = answer.json()["refreshToken"]
    leave(tab, client_id=world.application_id)
    assert world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="").status_code == 200


def test_the_session_of_another_browser_goes_on(tab: Tab, world: World, door: Door) -> None:
    with Tab(world) as other:
        other.ask()
        other.sign_in(door.email, PASSWORD, rememberDevice="true")
        leave(tab)
        assert tab.cookie(COOKIE) is None
        assert is_signed_in(other)


def test_a_cookie_that_outlived_its_logout_opens_nothing(tab: Tab) -> None:
    kept = tab.cookie(COOKIE)
    assert kept is not None
    leave(tab)
    tab.session.cookies.set(COOKIE, kept)
    assert tab.ask().status == 200


def test_the_logout_url_of_the_application_comes_first_then_that_of_the_tenant_then_a_page(
    tab: Tab, world: World, door: Door
) -> None:
    page = leave(tab, client_id=world.application_id)
    assert (page.status_code, "You have signed out" in page.text) == (200, True)
    door.tenant(logoutURL="https://tenant.example.com/bye")
    assert location(leave(tab, client_id=world.application_id)) == "https://tenant.example.com/bye"
    allow_client(world, logoutURL=BYE)
    assert location(leave(tab, client_id=world.application_id, state="s")) == BYE
    assert location(leave(tab, client_id=world.application_id, post_logout_redirect_uri=REDIRECT)) == REDIRECT


def test_without_a_client_it_is_the_tenants_address(tab: Tab, door: Door) -> None:
    door.tenant(logoutURL="https://tenant.example.com/bye")
    assert location(leave(tab)) == "https://tenant.example.com/bye"
    assert not is_signed_in(tab)


def test_the_tenant_may_be_named(tab: Tab, world: World) -> None:
    tenant_id, _ = world.add_tenant(f"tenant {uuid4()}")
    url = "https://another.example.com/bye"
    assert world.service.call("PATCH", f"/api/tenant/{tenant_id}", {"tenant": {"logoutURL": url}}).status_code == 200
    assert location(leave(tab, tenantId=tenant_id)) == url


def test_an_id_token_names_the_client_also_after_it_has_expired(tab: Tab, world: World) -> None:
    token = id_token(world, tab.brought()["code"])
    world.clock.advance(days=2)
    answer = leave(tab, id_token_hint=token, post_logout_redirect_uri=REDIRECT)
    assert location(answer) == REDIRECT


@pytest.mark.parametrize("damage", ["signature", "none", "access token", "garbage"])
def test_what_we_did_not_sign_as_an_id_token_names_nobody(tab: Tab, world: World, door: Door, damage: str) -> None:
    token = id_token(world, tab.brought()["code"])
    header, body, signature = token.split(".")
    hint = {
        "signature": f"{header}.{body}.{signature[:-6]}AAAAAA",
        "none": f"eyJhbGciOiJub25lIn0.{body}.",
        "access token": door.knock().json()["token"],
        "garbage": "x" * 100,
    }[damage]
    answer = leave(tab, id_token_hint=hint, post_logout_redirect_uri=REDIRECT)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not is_signed_in(tab)  # whoever wants to leave has left


def test_a_client_id_wins_over_an_id_token(tab: Tab, world: World) -> None:
    token = id_token(world, tab.brought()["code"])
    other = add_application(world, logoutURL="https://other.example.com/bye", logoutBehavior="RedirectOnly")
    assert location(leave(tab, client_id=other, id_token_hint=token)) == "https://other.example.com/bye"


HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "javascript:alert(1)",
    f"{REDIRECT}/../evil",
    f"{REDIRECT}#fragment",
    f"{REDIRECT}?more",
    f"{REDIRECT}\r\nX: y",
    f" {REDIRECT}",
    REDIRECT.upper(),
    REDIRECT.replace("https", "http"),
    REDIRECT.replace("app.example.com", "app.example.com:443"),
    REDIRECT.replace("app.example.com", "app.example.com@evil.example"),
    REDIRECT.replace("app.", "app%2e"),
]


@pytest.mark.parametrize("uri", HOSTILE)
def test_an_address_that_is_not_registered_leads_nowhere(tab: Tab, world: World, uri: str) -> None:
    answer = leave(tab, client_id=world.application_id, post_logout_redirect_uri=uri)
    assert answer.status_code == 400
    assert "Location" not in answer.headers and "Refresh" not in answer.headers
    assert all(url.startswith(("?", "/assets/", "data:")) for url in re.findall(r'(?:href|src)="([^"]*)"', answer.text))
    assert not is_signed_in(tab)


def test_the_address_of_another_application_leads_nowhere(tab: Tab, world: World) -> None:
    add_application(world, authorizedRedirectURLs=["https://other.example.com/"])
    answer = leave(tab, client_id=world.application_id, post_logout_redirect_uri="https://other.example.com/")
    assert answer.status_code == 400


def test_without_a_client_no_address_is_registered(tab: Tab) -> None:
    assert leave(tab, post_logout_redirect_uri=REDIRECT).status_code == 400


@pytest.mark.parametrize("client", ["nonsense", "00000000-0000-4000-8000-00000000dead"])
def test_an_unknown_client_leads_nowhere(tab: Tab, client: str) -> None:
    assert leave(tab, client_id=client).status_code == 400
    assert not is_signed_in(tab)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://a@b.example/", "https://b\u00fccher.example/", "no url"]
)
def test_a_logout_url_that_is_no_destination_is_not_gone_to(tab: Tab, world: World, url: str) -> None:
    allow_client(world, logoutURL=url)
    answer = leave(tab, client_id=world.application_id)
    assert answer.status_code == 200
    assert url not in answer.text


def test_a_clients_own_form_signs_out_by_way_of_a_redirect(tab: Tab, world: World) -> None:
    answer = leave(tab, "POST", client_id=world.application_id, post_logout_redirect_uri=REDIRECT, evil="x")
    assert location(answer).startswith(f"{LOGOUT}?client_id=")
    assert "evil" not in location(answer)
    assert is_signed_in(tab)  # a form of another site came without the cookies anyway
    assert location(tab.send("GET", location(answer))) == REDIRECT
    assert not is_signed_in(tab)


def test_a_form_that_does_not_fit_into_an_address_is_refused(tab: Tab) -> None:
    assert leave(tab, "POST", state="x" * 7_000).status_code == 413


def test_signing_out_twice_or_without_a_session_is_no_error(tab: Tab) -> None:
    for _ in range(2):
        assert leave(tab).status_code == 200


def test_every_application_of_the_tenant_is_called_by_the_browser_on_its_way(tab: Tab, world: World) -> None:
    allow_client(world, logoutURL=BYE)
    others = [f"https://other{number}.example.com/endsession" for number in (1, 2)]
    for url in others:
        add_application(world, logoutURL=url)
    add_application(world, logoutURL="https://a;script-src.example/")
    answer = leave(tab, client_id=world.application_id)
    assert answer.status_code == 200
    assert answer.headers["Refresh"] == f"3; url={BYE}"
    for url in others:
        assert f'src="{url}"' in answer.text
    assert f'src="{BYE}"' not in answer.text
    assert f'href="{BYE}"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    [framed] = re.findall(r"frame-src ([^;]*)", policy)
    assert sorted(framed.split()) == ["https://other1.example.com", "https://other2.example.com"]
    assert "script-src" not in policy
    assert answer.text.count("<iframe") == answer.text.count('sandbox="allow-same-origin allow-scripts"') == 2


def test_an_application_may_sign_out_without_the_others(tab: Tab, world: World) -> None:
    allow_client(world, logoutURL=BYE, logoutBehavior="RedirectOnly")
    add_application(world, logoutURL="https://other.example.com/endsession")
    assert location(leave(tab, client_id=world.application_id)) == BYE


def test_an_application_of_another_tenant_is_not_called(tab: Tab, world: World) -> None:
    allow_client(world, logoutURL=BYE)
    tenant_id, _ = world.add_tenant(f"tenant {uuid4()}")
    document = {"name": "foreign", "oauthConfiguration": {"logoutURL": "https://foreign.example.com/endsession"}}
    answer = world.service.call("POST", "/api/application", {"application": document}, tenant=tenant_id)
    assert answer.status_code == 200
    assert location(leave(tab, client_id=world.application_id)) == BYE
