"""What a development installation is filled with at its first start: default objects, kickstart, and a key for scripts.

The modules that do the work bring the web framework along, and are imported only when there is something to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from identity import clock_command, operator_keys
from identity.dev.folder import DevFailed, write_privately
from identity.dev.service_api import ServiceApi, ServiceRefused
from identity.domain.kickstart import BadKickstart, Sources, plan
from identity.domain.redact import without
from identity.runtime import Runtime
from identity.settings import Settings
from identity.store import api_keys, applications, development_clock, installation
from identity.store import kickstart as kickstart_state
from identity.store.db import Database

DEVELOPMENT_API_KEY = "DEVELOPMENT_API_KEY"
DEVELOPMENT_PASSWORD = "DEVELOPMENT_PASSWORD"  # noqa: S105 (the name of a variable)
DEMO_CLIENT_SECRET = "DEMO_CLIENT_SECRET"  # noqa: S105
DEMO_URL = "IDENTITY_DEMO_URL"
"""What `config/development-kickstart.json` reads as #{ENV.…}: handed in beside the environment."""
WHOLE_KICKSTART = "development-kickstart.json"
"""In the data directory: that file, and after it what each emulator brings."""


class Installation:
    """The database of `settings`, migrated."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._db = Database(settings.database.url, pool_size=1)
        self._db.open()

    def close(self) -> None:
        self._db.close()

    def make_defaults(self) -> None:
        """The default tenant, applications, key and lambdas, unless they exist."""
        with self._db.read() as conn:
            if installation.defaults(conn) is not None:
                return
        from identity.bootstrap import prepare  # noqa: PLC0415

        prepare(self._settings, self._runtime)

    def default_tenant_id(self) -> str:
        with self._db.read() as conn:
            return str((installation.defaults(conn) or {}).get("FUSIONAUTH_TENANT_ID", ""))

    def kickstart(self, base_url: str, given: Mapping[str, str], brought: Sequence[Path]) -> str | None:
        """Apply the kickstart file unless one was applied; the text of its first key. Raises DevFailed when strict.

        The requests of the files in `brought` follow those of our own file, not those of somebody else's. What fails
        is logged by the kickstart, and the service goes on: the next start tries again.
        """
        if self.had_kickstart():
            return None
        with self._db.read() as conn:
            defaults = {name: str(value) for name, value in (installation.defaults(conn) or {}).items()}
        from identity.kickstart import Ending, run_kickstart  # noqa: PLC0415

        environment = {**given, **os.environ}
        settings, url = whole_kickstart(self._settings, brought), self._settings.database.url
        result = run_kickstart(settings, url, base_url, defaults, self._runtime, environment=environment)
        if result.ending is Ending.FAILED and settings.kickstart.strict:
            raise DevFailed("The kickstart failed, and IDENTITY_KICKSTART_STRICT is set; the reason is above.")
        return result.api_key

    def had_kickstart(self) -> bool:
        """Whether a kickstart was applied, now or at an earlier start."""
        with self._db.read() as conn:
            return kickstart_state.progress(conn)[0]

    def catch_up(self, api: ServiceApi, fragment: Path, given: Mapping[str, str]) -> str | None:
        """Send the requests that our own kickstart would have had, had there been the emulator that brings them.

        What is wrong with them, in words; None when all were taken. Somebody else's kickstart is theirs to complete.
        """
        from identity.kickstart import kickstart_file  # noqa: PLC0415

        path = kickstart_file(self._settings)
        if path is None or self._settings.kickstart.file:
            return None
        with self._db.read() as conn:
            defaults = {name: str(value) for name, value in (installation.defaults(conn) or {}).items()}
        document = _document(path) | {"requests": _document(fragment)["requests"]}
        sources = Sources(
            lambda name: (fragment.parent / name).read_text(encoding="utf-8"),
            {**given, **os.environ},
            defaults,
            self._runtime.new_id,
        )
        try:
            wanted = plan(json.dumps(document), sources)
        except BadKickstart as error:
            return str(error)
        try:
            for request in wanted.requests:
                api.send(request.method, request.path, request.body, request.content_type)
        except ServiceRefused as error:
            return without(str(error), wanted.secrets)
        return None

    def clock(self) -> str | None:
        """How far the service's time is ahead; None when it is the real one."""
        with self._db.read() as conn:
            offset = development_clock.offset(conn)
        return clock_command.ahead(offset) if offset else None

    def api_key(self, known: str) -> str:
        """The key that scripts know while the database has it, else a new one that opens everything."""
        with self._db.read() as conn:
            if known and api_keys.find_by_text(conn, known) is not None:
                return known
        name = f"Development {self._runtime.new_id()}"
        return operator_keys.create(self._settings.database.url, name, None, {}, True, self._runtime)

    def application_id(self) -> str | None:
        """The oldest application that the installation did not have from the beginning; None when there is none."""
        with self._db.read() as conn:
            defaults = (installation.defaults(conn) or {}).values()
            found = applications.oldest_but(conn, [str(value) for value in defaults])
        return None if found is None else str(found)


def whole_kickstart(settings: Settings, brought: Sequence[Path]) -> Settings:
    """The settings with our own kickstart and what is brought to it in one file, unless another file is set."""
    from identity.kickstart import kickstart_file  # noqa: PLC0415

    path = kickstart_file(settings)
    if path is None or settings.kickstart.file:
        return settings
    document = _document(path)
    for fragment in brought:
        document["requests"] += _document(fragment)["requests"]
    whole = settings.data_dir / WHOLE_KICKSTART
    write_privately(whole, json.dumps(document, indent=2) + "\n")
    return replace(settings, kickstart=replace(settings.kickstart, file=str(whole)))


def _document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def kickstart_variables(earlier: Mapping[str, str], runtime: Runtime) -> dict[str, str]:
    """What our own kickstart reads from its environment (docs/decisions/0003): made up once and kept."""
    return {
        DEVELOPMENT_API_KEY: earlier.get("IDENTITY_API_KEY") or runtime.new_secret(),
        DEVELOPMENT_PASSWORD: earlier.get(DEVELOPMENT_PASSWORD) or runtime.new_secret(),
        DEMO_CLIENT_SECRET: earlier.get(DEMO_CLIENT_SECRET) or runtime.new_secret(),
    }
