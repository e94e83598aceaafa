"""The emulator of X as a process of its own, and its options as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Flask
from marshmallow import ValidationError

from identity.emulators.provider_emulator import BadOptions
from identity.emulators.serving import options_variable, read_options, serve
from identity.emulators.x import EMULATOR
from identity.emulators.x.app import create_app
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.schemas import ConsumerSchema, SettingsSchema
from identity.lifeline import end_with_parent


def parse_options(text: str) -> EmulatorOptions:
    """Options from JSON: consumers, latency_ms, rate_limit; what is left out has its default. Raises BadOptions."""
    try:
        return EmulatorOptions(**SettingsSchema().loads(text))
    except ValidationError as error:
        raise BadOptions(f"The options of the X emulator are not right: {json.dumps(error.messages)}.") from error
    except (ValueError, TypeError) as error:
        raise BadOptions("The options of the X emulator are not a JSON object.") from error


def application() -> Flask:
    """The worker's application."""
    end_with_parent()
    return create_app(parse_options(os.environ[options_variable(EMULATOR)]))


def run(host: str, port: int, options_file: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM; without a file there is one application, made up. Raises BadOptions."""
    options = parse_options(read_options(options_file)) if options_file else EmulatorOptions()
    serve(EMULATOR, host, port, _as_json(options))


def _as_json(options: EmulatorOptions) -> str:
    consumers = ConsumerSchema(many=True).dump(options.consumers)
    return json.dumps({"consumers": consumers, "latency_ms": options.latency_ms, "rate_limit": options.rate_limit})
