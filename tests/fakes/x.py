"""The X emulator in a thread on a free port, for tests of anything that talks to X."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from identity.emulators.state import EXTENSION
from identity.emulators.x.app import create_app
from identity.emulators.x.emulator import Emulator
from identity.emulators.x.options import Consumer, EmulatorOptions, random_consumer
from tests.fakes.emulator import RunningEmulator


class XEmulator(RunningEmulator):
    """A running emulator: `with XEmulator() as x: x.access_token("alice")`."""

    def __init__(self, clock: Callable[[], float] = time.time, **consumer: Any) -> None:
        self.consumer = Consumer(**({"key": random_consumer().key, "secret": random_consumer().secret} | consumer))
        app = create_app(EmulatorOptions(consumers=(self.consumer,), clock=clock))
        self.state: Emulator = app.extensions[EXTENSION]
        self.consumer_key = self.consumer.key
        self.consumer_secret = self.consumer.secret
        super().__init__(app)

    def add_consumer(self) -> Consumer:
        """Register another application."""
        added = random_consumer()
        known = self.control("GET", "settings")["consumers"]
        self.control("PUT", "settings", {"consumers": [*known, {"key": added.key, "secret": added.secret}]})
        return added

    def access_token(self, person: str, consumer: Consumer | None = None) -> tuple[str, str]:
        """An access token of this person, for our application or another, and its secret."""
        wish = {"kind": "access", "person": person, "consumer": (consumer or self.consumer).key}
        made = self.control("POST", "tokens", wish)
        return made["oauth_token"], made["oauth_token_secret"]

    def request_token(
        self, person: str, callback: str = "oob", consumer: Consumer | None = None
    ) -> tuple[str, str, str]:
        """A request token this person consented to: token, secret, verifier."""
        wish = {"kind": "request", "person": person, "callback": callback, "consumer": (consumer or self.consumer).key}
        made = self.control("POST", "tokens", wish)
        return made["oauth_token"], made["oauth_token_secret"], made["oauth_verifier"]
