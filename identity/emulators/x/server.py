"""The emulator as a process of its own: one granian worker with many threads, since the state lives in memory."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from marshmallow import ValidationError

from identity import ports
from identity.emulators.provider_emulator import BadOptions
from identity.emulators.x.app import create_app
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.protocol import BREAK
from identity.emulators.x.schemas import ConsumerSchema, SettingsSchema
from identity.lifeline import end_with_parent

OPTIONS_VARIABLE = "X_EMULATOR_OPTIONS"
"""Carries the options, as JSON, from the command to the worker."""

THREADS = 128
"""Calls held back by latency or a fault each keep a thread."""


def parse_options(text: str) -> EmulatorOptions:
    """Options from JSON: consumers, latency_ms, rate_limit; what is left out has its default. Raises BadOptions."""
    try:
        return EmulatorOptions(**SettingsSchema().loads(text))
    except ValidationError as error:
        raise BadOptions(f"The options of the X emulator are not right: {json.dumps(error.messages)}.") from error
    except (ValueError, TypeError) as error:
        raise BadOptions("The options of the X emulator are not a JSON object.") from error


def _read_options(path: Path) -> EmulatorOptions:
    """Raises BadOptions."""
    try:
        return parse_options(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadOptions(f"The options file {path} cannot be read: {error.strerror}.") from error


def application() -> Flask:
    """The worker's application; the import string is `identity.emulators.x.server:application`."""
    end_with_parent()
    return create_app(parse_options(os.environ[OPTIONS_VARIABLE]))


class WithoutBreaks(logging.Filter):
    """Keeps the stack traces of answers that a fault broke off out of the log: they are wanted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is about anything else."""
        return BREAK not in logging.Formatter().format(record)


def _logging() -> dict[str, Any]:
    handler = {"class": "logging.StreamHandler", "formatter": "generic", "filters": ["without_breaks"]}
    return {"filters": {"without_breaks": {"()": WithoutBreaks}}, "handlers": {"console": handler, "access": handler}}


def run(host: str, port: int, options_file: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Port 0 takes a free one; without a file there is one application, made up.

    Raises BadOptions.
    """
    end_with_parent()
    options = _read_options(options_file) if options_file else EmulatorOptions()
    os.environ[OPTIONS_VARIABLE] = _as_json(options)
    if not ports.is_free(host, port):
        raise BadOptions(f"The X emulator can not listen on {host}:{port}: choose another --port (or --host).")
    port = port or ports.free_port(host)
    url = f"http://{ports.address(host, port)}"
    sys.stdout.write(f"X emulator: {url}  consumer key and secret: {url}/control/settings\n")
    sys.stdout.flush()
    Granian(
        "identity.emulators.x.server:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_logging(),
        log_access=False,
        workers_kill_timeout=5,
    ).serve()


def _as_json(options: EmulatorOptions) -> str:
    consumers = ConsumerSchema(many=True).dump(options.consumers)
    return json.dumps({"consumers": consumers, "latency_ms": options.latency_ms, "rate_limit": options.rate_limit})
