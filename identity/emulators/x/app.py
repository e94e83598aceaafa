"""The emulator as a Flask application: blueprints, limits, and X's form of the errors nobody else answers."""

from __future__ import annotations

from email.utils import formatdate

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from identity.emulators.x import control, oauth, pages
from identity.emulators.x.emulator import EXTENSION, Emulator, emulator
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.protocol import to_response
from identity.emulators.x.replies import JSON, Reply, error_reply

MOST_BODY = 1024 * 1024


def create_app(options: EmulatorOptions) -> Flask:
    """A whole emulator with its own state. One process must serve it: the state lives in memory."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    app.extensions[EXTENSION] = state = Emulator(options)
    for blueprint in (oauth.blueprint, pages.blueprint, control.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _not_served)
    app.before_request(_read_whole_body)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.setdefault("Date", formatdate(state.clock(), usegmt=True))
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def _read_whole_body() -> None:
    """An unread body would be taken for the next request of a kept-alive connection."""
    request.get_data()


def _not_served(error: HTTPException) -> Response:
    status = error.code or 500
    if request.path.startswith("/control"):
        response = jsonify(errors={"request": [error.name]})
        response.status_code = status
    elif status in {404, 405}:
        response = _plain(error_reply(34 if status == 404 else 86))
    else:
        response = _plain(Reply(status, b'{"errors":[{"code":131,"message":"Internal error."}]}', JSON))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _plain(reply: Reply) -> Response:
    return to_response(reply, emulator().clock())
