"""A login world with the Graph emulator: its provider is Facebook, beside the one of X."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import requests

from identity import settings as settings_module
from tests.fakes.graph import GraphEmulator
from tests.login_world import World, create_provider, login_world
from tests.snapshot import Snapshot

FACEBOOK = "56abdcc7-8bd9-4321-9621-4e9bbebae494"
BACK = "https://app.example.com/back-from-facebook"


@dataclass
class FacebookWorld(World):
    """What a test of logins through Facebook works with."""

    graph: GraphEmulator
    provider_id: ClassVar[str] = FACEBOOK
    provider_type: ClassVar[str] = "Facebook"

    def begin_again(self, beginning: Snapshot) -> None:
        super().begin_again(beginning)
        self.graph.reset()

    def own_members(self) -> dict[str, Any]:
        return {
            "buttonText": "Login with Facebook",
            "appId": self.graph.app_id,
            "client_secret": self.graph.app_secret,
        }

    def subject(self, person: str) -> str:
        return self.graph.id_of(person)

    def login_body(self, person: str, *, verifier: bool = False, **members: Any) -> dict[str, Any]:
        """What a login page sends for this person: a token; with a `verifier` a code and where it was sent to."""
        if verifier:
            data = {"code": self.graph.code(person, BACK), "redirect_uri": BACK}
        else:
            data = {"token": self.graph.access_token(person)}
        return {"applicationId": self.application_id, "identityProviderId": FACEBOOK, "data": data} | members


def reaching(graph: GraphEmulator, host: str = "127.0.0.1") -> dict[str, Mapping[str, Any]]:
    """The settings `brought` of a service for which Facebook is this emulator; `host` is its name for everybody."""
    brought = settings_module.load({"IDENTITY_MODE": "development"}).brought
    url = graph.url.replace("127.0.0.1", host)
    return {**brought, "facebook": {**brought["facebook"], "graph_url": url, "login_url": url}}


def with_facebook(other: World, graph: GraphEmulator) -> FacebookWorld:
    """The world with Facebook as its provider."""
    return FacebookWorld(other.service, other.x, other.clock, other.application_id, graph)


@contextmanager
def facebook_world(database_url: str, **changes: Any) -> Iterator[FacebookWorld]:
    """A service that reaches the emulators of both X and Facebook; people may log in through either.

    `changes` are those of the settings.
    """
    with GraphEmulator() as graph, login_world(database_url, brought=reaching(graph), **changes) as other:
        world = with_facebook(other, graph)
        create_provider(world)
        yield world


def say(url: str, **answer: str) -> str:
    """Answer the dialog at this address, as `person` or with `deny`; where Facebook sends the browser then."""
    sent = requests.post(url, data=answer, allow_redirects=False, timeout=10)
    assert sent.status_code == 302, sent.text
    return sent.headers["Location"]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
