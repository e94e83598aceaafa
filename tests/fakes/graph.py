"""The Graph emulator in a thread on a free port, for tests of anything that talks to Facebook."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from identity.emulators.graph.app import create_app
from identity.emulators.graph.emulator import Emulator
from identity.emulators.graph.options import App, EmulatorOptions, Settings, random_app
from identity.emulators.state import EXTENSION
from tests.fakes.emulator import RunningEmulator


class GraphEmulator(RunningEmulator):
    """A running emulator with one app: `with GraphEmulator() as graph: graph.access_token("alice")`."""

    def __init__(self, clock: Callable[[], float] = time.time, **app: Any) -> None:
        made_up = random_app()
        self.app = App(**({"id": made_up.id, "secret": made_up.secret} | app))
        served = create_app(EmulatorOptions(Settings(apps=(self.app,)), clock))
        self.state: Emulator = served.extensions[EXTENSION]
        self.app_id = self.app.id
        self.app_secret = self.app.secret
        super().__init__(served)

    def access_token(self, person: str, **members: Any) -> str:
        """An access token of this person; `app`, `scopes`, `long_lived` and `expires_in` as keywords."""
        return str(self.control("POST", "tokens", {"person": person, **members})["access_token"])

    def code(self, person: str, redirect_uri: str, **members: Any) -> str:
        """What the browser brings back once this person has said yes."""
        wish = {"kind": "code", "person": person, "redirect_uri": redirect_uri, **members}
        return str(self.control("POST", "tokens", wish)["code"])

    def id_of(self, person: str, app_id: str | None = None) -> str:
        """The id by which the app knows this person."""
        found = self.state.people.find(person)
        assert found is not None
        return found.id_for(app_id or self.app_id)

    def end_tokens(self, reason: str, **whose: str) -> int:
        """End tokens of a `person`, an `app`, or both, and say how many there were."""
        return int(self.control("POST", "tokens/end", {"reason": reason, **whose})["ended"])

    def add_app(self, **members: Any) -> App:
        """Register another app."""
        settings = self.control("GET", "settings")
        added = random_app()
        self.control(
            "PUT", "settings", {"apps": [*settings["apps"], {"id": added.id, "secret": added.secret, **members}]}
        )
        return added
