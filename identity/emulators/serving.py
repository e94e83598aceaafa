"""An emulator of a provider as a process of its own: one granian worker of many threads, as its state is in memory."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from marshmallow import Schema, ValidationError

from identity import ports
from identity.emulators.provider_emulator import BadOptions, ProviderEmulator, add_arguments
from identity.emulators.replies import BREAK
from identity.lifeline import end_with_parent

THREADS = 128
"""Calls held back by latency or a fault each keep a thread."""


def parsed(emulator: ProviderEmulator, schema: Schema, text: str) -> dict[str, Any]:
    """Options from JSON; what is left out has its default. Raises BadOptions."""
    try:
        found: dict[str, Any] = schema.loads(text)
    except ValidationError as error:
        problems = json.dumps(error.messages)
        raise BadOptions(f"The options of the {emulator.title} are not right: {problems}.") from error
    except (ValueError, TypeError) as error:
        raise BadOptions(f"The options of the {emulator.title} are not a JSON object.") from error
    return found


def handed_over(emulator: ProviderEmulator) -> str:
    """The options, in the worker."""
    end_with_parent()
    return os.environ[_variable(emulator)]


def read_options(path: Path) -> str:
    """Raises BadOptions."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadOptions(f"The options file {path} cannot be read: {error.strerror}.") from error


def command(emulator: ProviderEmulator, run: Callable[[str, int, Path | None], None], given: list[str] | None) -> None:
    """`python -m` of an emulator's package: serve until stopped; bad options are told in one line."""
    parser = argparse.ArgumentParser(prog=f"python -m {emulator.module}", description=f"Emulator: {emulator.purpose}.")
    add_arguments(parser)
    chosen = parser.parse_args(given)
    try:
        run(chosen.host, chosen.port, chosen.options)
    except (BadOptions, OSError) as error:
        parser.error(str(error))


def serve(emulator: ProviderEmulator, host: str, port: int, options: str) -> None:
    """Serve until SIGINT or SIGTERM, with options that are known to be good. Port 0 takes a free one.

    Raises BadOptions.
    """
    end_with_parent()
    os.environ[_variable(emulator)] = options
    if not ports.is_free(host, port):
        raise BadOptions(f"The {emulator.title} can not listen on {host}:{port}: choose another --port (or --host).")
    port = port or ports.free_port(host)
    url = f"http://{ports.address(host, port)}"
    sys.stdout.write(f"{emulator.title}: {url}  its applications and their secrets: {url}/control/settings\n")
    sys.stdout.flush()
    Granian(
        f"{emulator.module}.server:application",
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


class WithoutBreaks(logging.Filter):
    """Keeps the stack traces of answers that a fault broke off out of the log: they are wanted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is about anything else."""
        return BREAK not in logging.Formatter().format(record)


def _logging() -> dict[str, Any]:
    handler = {"class": "logging.StreamHandler", "formatter": "generic", "filters": ["without_breaks"]}
    return {"filters": {"without_breaks": {"()": WithoutBreaks}}, "handlers": {"console": handler, "access": handler}}


def _variable(emulator: ProviderEmulator) -> str:
    """What carries the options, as JSON, from the command to the worker."""
    return f"{emulator.name.upper()}_EMULATOR_OPTIONS"
