"""The emulator of Facebook as a Flask application: every address with a version before it, and without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from identity.emulators.emulator_app import emulator_app
from identity.emulators.graph import EMULATOR, control, dialog, graph, oauth
from identity.emulators.graph.emulator import Emulator
from identity.emulators.graph.options import EmulatorOptions
from identity.emulators.graph.replies import UNKNOWN, GraphError, error_reply
from identity.emulators.replies import Reply

_VERSION = re.compile(r"(/v[0-9]{1,2}\.[0-9])(/.*)?\Z", re.DOTALL)
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def create_app(options: EmulatorOptions) -> Flask:
    """A whole emulator with its own state."""
    blueprints = (oauth.blueprint, dialog.blueprint, control.blueprint, graph.blueprint)
    app = emulator_app(__name__, EMULATOR.title, Emulator(options), blueprints, _not_served)
    app.wsgi_app = _versioned(app.wsgi_app)  # type: ignore[method-assign, assignment]  # as Flask says it is done
    return app


def _versioned(inner: Wsgi) -> Wsgi:
    """`/v26.0/me` is served as `/me`, whatever the version."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match = _VERSION.match(environ.get("PATH_INFO", ""))
        if match is not None:
            environ = environ | {"SCRIPT_NAME": match[1], "PATH_INFO": match[2] or "/"}
        return inner(environ, start_response)

    return application


def _not_served(status: int) -> Reply:
    if status == 404:
        return error_reply(GraphError(2500, "Unknown path components"))
    if status == 405:
        return error_reply(GraphError(100, "Unsupported method for this address", type="GraphMethodException"), 400)
    return error_reply(UNKNOWN, status)
