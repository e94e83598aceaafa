"""A browser in words, for the hosted pages: cookies, forms as the pages have them, redirects, and the way through X.

    tab = Tab(world)
    tab.ask()                                   # the application sends the person here
    tab.press("Sign in", loginId="ann@example.com", password="...")
    assert tab.brought()["code"]

It stops where the pages end: at the application's own address (`tab.left`), or at X.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from tests.login_world import World
from tests.password_door import Door

REDIRECT = "https://app.example.com/signed-in"
STATE = "what the application remembers"
AUTHORIZE = "/oauth2/authorize"
VOID = frozenset({"input", "link", "meta", "img", "br", "hr"})
MOST_REDIRECTS = 10


@dataclass
class Element:
    """One element of a page, with the text of everything in it. `form` is the one it stands in."""

    tag: str
    attributes: dict[str, str]
    form: Element | None
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        form = next((each for each in reversed(self._open) if each.tag == "form"), None)
        element = Element(tag, {name: value or "" for name, value in attrs}, form)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)


@dataclass
class Page:
    """One answer that is shown."""

    path: str
    status: int
    headers: dict[str, str]
    html: str
    elements: list[Element]

    @property
    def headline(self) -> str:
        [headline] = self.every("h1")
        return headline.text

    @property
    def alert(self) -> str:
        """What role=alert says; empty when nothing is wrong."""
        return " ".join(each.text for each in self.elements if each.get("role") == "alert")

    @property
    def notice(self) -> str:
        return " ".join(each.text for each in self.elements if each.get("role") == "status")

    def every(self, tag: str) -> list[Element]:
        return [each for each in self.elements if each.tag == tag]

    def by_id(self, name: str) -> Element | None:
        return next((each for each in self.elements if each.get("id") == name), None)

    def button(self, name: str) -> Element:
        """By its id or its text."""
        found = [each for each in self.every("button") if name in (each.get("id"), each.text)]
        assert found, f"{self.path} has no button {name!r}: {[each.text for each in self.every('button')]}"
        return found[0]

    def link(self, text: str) -> Element:
        found = [each for each in self.every("a") if each.text == text]
        assert found, f"{self.path} has no link {text!r}: {[each.text for each in self.every('a')]}"
        return found[0]

    def field(self, name: str) -> Element:
        found = [each for each in self.elements if each.tag in ("input", "select") and each.get("name") == name]
        assert found, f"{self.path} has no field {name!r}"
        return found[0]

    def form(self, form: Element) -> dict[str, str]:
        """What the form sends as it stands."""
        values = {}
        for each in self.every("input"):
            chosen = each.get("type") not in ("checkbox", "radio") or "checked" in each.attributes
            if each.form is form and each.get("name") and chosen:
                values[each["name"]] = each.get("value")
        return values

    def pressed(self, name: str) -> tuple[str, dict[str, str]]:
        """Where the form of this button goes to, and what it sends as it stands."""
        button = self.button(name)
        assert button.form is not None
        own = {button["name"]: button.get("value")} if button.get("name") else {}
        return button.get("formaction") or button.form.get("action") or self.path, self.form(button.form) | own


def page_of(answer: requests.Response) -> Page:
    """What an answer shows."""
    path = urlsplit(answer.url).path
    return Page(path, answer.status_code, dict(answer.headers), answer.text, _Reader(answer.text).elements)


class Tab:
    """One person's browser at the hosted pages."""

    def __init__(self, world: World, **headers: str) -> None:
        self.world = world
        self.headers = headers
        self.session = requests.Session()
        self.left: str | None = None
        """The address outside that the browser was sent to: X, or the application."""

        self._page: Page | None = None

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    @property
    def page(self) -> Page:
        assert self._page is not None, f"the browser is at {self.left}"
        return self._page

    def ask(self, **parameters: str | None) -> Page:
        """As the application sends a browser here; a parameter that is None is left out. The page it comes to."""
        self.ask_at(AUTHORIZE, **parameters)
        return self.page

    def ask_at(self, path: str, **parameters: str | None) -> None:
        """The same for another page that clients send people to."""
        self.go(path + "?" + urlencode(asked(self.world, **parameters)))

    def go(self, address: str) -> None:
        """Open an address of the service, and follow where it sends the browser."""
        self._arrive(self.send("GET", address))

    def press(self, name: str, **typed: str) -> None:
        """Fill the form of this button in, press it, and follow. A checkbox is ticked with its value, `true`."""
        action, values = self.page.pressed(name)
        self.post(action, values | typed)

    def post(self, address: str, values: dict[str, str]) -> None:
        self._arrive(self.send("POST", address, data=values))

    def click(self, text: str) -> None:
        self.go(urljoin(self.page.path, self.page.link(text)["href"]))

    def sign_in(self, login_id: str, password: str, **typed: str) -> None:
        self.press("Sign in", loginId=login_id, password=password, **typed)

    def consent(self, person: str = "alice", **answer: str) -> str:
        """Say yes at X, where the browser was sent to; the address that X sends it back to, not yet opened."""
        assert self.left is not None
        token = parse_qs(urlsplit(self.left).query)["oauth_token"][0]
        form = {"oauth_token": token, **(answer or {"person": person})}
        sent = requests.post(self.left.partition("?")[0], data=form, allow_redirects=False, timeout=10)
        assert sent.status_code == 302, sent.text
        return sent.headers["Location"]

    def through_x(self, person: str = "alice", **answer: str) -> None:
        """Say yes at X, come back, and follow."""
        self.go(self.consent(person, **answer))

    def with_twitter(self, person: str = "alice", **typed: str) -> None:
        """Press the button of the page, choose this person at X, come back, and follow."""
        self.press("twitter-login-button", **typed)
        self.through_x(person)

    def brought(self) -> dict[str, str]:
        """The parameters that the browser came back to the application with."""
        assert self.left is not None, self.page.html
        assert self.left.startswith(REDIRECT), self.left
        return {name: values[0] for name, values in parse_qs(urlsplit(self.left).query).items()}

    def cookie(self, name: str) -> str | None:
        return self.session.cookies.get(name)

    def send(self, method: str, address: str, **options: Any) -> requests.Response:
        """One request to the service, with the browser's cookies; nothing is followed."""
        url = self.world.service.url + self._path(address)
        return self.session.request(method, url, headers=self.headers, allow_redirects=False, timeout=30, **options)

    def _path(self, address: str) -> str:
        base = self.world.service.services.settings.base_url
        return address.removeprefix(base).removeprefix(self.world.service.url)

    def _arrive(self, answer: requests.Response) -> None:
        for _ in range(MOST_REDIRECTS):
            location = answer.headers.get("Location")
            if location is None:
                break
            path = self._path(location)
            if not path.startswith("/"):
                self._page, self.left = None, location
                return
            answer = self.send("GET", path)
        self._page = page_of(answer)
        self.left = None


def asked(world: World, **parameters: str | None) -> dict[str, str]:
    """The parameters of an authorization request of the demo application."""
    usual: dict[str, str | None] = {
        "client_id": world.application_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid offline_access",
        "state": STATE,
    }
    return {name: value for name, value in (usual | parameters).items() if value is not None}


def allow_client(world: World, **oauth: Any) -> None:
    """The demo application becomes a client that codes are given to."""
    configuration = {
        "authorizedRedirectURLs": [REDIRECT],
        "enabledGrants": ["authorization_code", "refresh_token"],
        "generateRefreshTokens": True,
    }
    change = {"application": {"oauthConfiguration": configuration | oauth}}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", change)
    assert answer.status_code == 200, answer.text


def door_of_client(world: World) -> Door:
    """A client that may send people here, and somebody with a password who is registered for it."""
    allow_client(world)
    door = Door(world)
    door.add_user()
    return door
