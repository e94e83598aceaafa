"""An emulator of a provider as a Flask application: its limits, its templates, its dates and its unknown addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException

from identity.emulators.page import TEMPLATES
from identity.emulators.replies import Reply, to_response
from identity.emulators.state import EXTENSION, State

MOST_BODY = 1024 * 1024


def emulator_app(
    package: str, title: str, state: State[Any], blueprints: Sequence[Blueprint], not_served: Callable[[int], Reply]
) -> Flask:
    """A whole emulator. One process must serve it: the state lives in memory.

    `not_served` is the provider's form of an error that nobody else answers, by its status.
    """
    app = Flask(package)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    app.extensions[EXTENSION] = state
    own, shared = app.jinja_loader, FileSystemLoader(TEMPLATES)
    app.jinja_env.loader = shared if own is None else ChoiceLoader([own, shared])
    app.jinja_env.globals["title_of_emulator"] = title
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.before_request(_read_whole_body)

    @app.errorhandler(HTTPException)
    def unserved(error: HTTPException) -> Response:
        status = error.code or 500
        if request.path.startswith("/control"):
            response = jsonify(errors={"request": [error.name]})
            response.status_code = status
        else:
            response = to_response(not_served(status), state.clock())
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.setdefault("Date", formatdate(state.clock(), usegmt=True))
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def _read_whole_body() -> None:
    """An unread body would be taken for the next request of a kept-alive connection."""
    request.get_data()
