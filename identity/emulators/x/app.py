"""The emulator of X as a Flask application, with X's form of the errors that nobody else answers."""

from __future__ import annotations

from flask import Flask

from identity.emulators.emulator_app import emulator_app
from identity.emulators.replies import Reply
from identity.emulators.x import EMULATOR, control, oauth, pages
from identity.emulators.x.emulator import Emulator
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.replies import error_reply

_UNKNOWN = {404: 34, 405: 86}


def create_app(options: EmulatorOptions) -> Flask:
    """A whole emulator with its own state."""
    blueprints = (oauth.blueprint, pages.blueprint, control.blueprint)
    return emulator_app(__name__, EMULATOR.title, Emulator(options), blueprints, _not_served)


def _not_served(status: int) -> Reply:
    code = _UNKNOWN.get(status)
    return error_reply(131, status) if code is None else error_reply(code)
