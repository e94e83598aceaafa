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

    def access_token(self, person: str) -> tuple[str, str]:
        """An access token of this person and its secret."""
        made = self.control("POST", "tokens", {"kind": "access", "person": person})
        return made["oauth_token"], made["oauth_token_secret"]

    def request_token(self, person: str, callback: str = "oob") -> tuple[str, str, str]:
        """A request token this person consented to: token, secret, verifier."""
        made = self.control("POST", "tokens", {"kind": "request", "person": person, "callback": callback})
        return made["oauth_token"], made["oauth_token_secret"], made["oauth_verifier"]
