"""The browser of a login that began here: to X, and back to the service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from werkzeug.test import TestResponse

from identity.app import create_app
from tests.login_world import World

CALLBACK = "/oauth2/callback"


@dataclass
class Browser:
    """Somebody at X, who then comes back to the service from an address."""

    world: World
    address: str = "127.0.0.1"
    back: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def consent(self, url: str, person: str = "alice", **answer: str) -> None:
        """Go to X and answer there; what X sends back stays in the browser."""
        token = parse_qs(urlsplit(url).query)["oauth_token"][0]
        form = {"oauth_token": token, **(answer or {"person": person})}
        sent = requests.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=10)
        assert sent.status_code == 302
        location = urlsplit(sent.headers["Location"])
        assert sent.headers["Location"].startswith(self.world.service.services.settings.base_url + CALLBACK)
        self.back = {name: values[0] for name, values in parse_qs(location.query).items()}

    def arrive(self) -> TestResponse:
        return self._open("GET", query_string=self.back)

    def confirm(self) -> TestResponse:
        return self._open("POST", data=self.back)

    def _open(self, method: str, **options: Any) -> TestResponse:
        client = create_app(self.world.service.services).test_client()
        place = {"REMOTE_ADDR": self.address}
        return client.open(CALLBACK, method=method, environ_overrides=place, headers=self.headers, **options)
