"""The emulator of X as a process of its own, and its options as JSON."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from identity.emulators.serving import handed_over, parsed, read_options, serve
from identity.emulators.x import EMULATOR
from identity.emulators.x.app import create_app
from identity.emulators.x.options import EmulatorOptions
from identity.emulators.x.schemas import SettingsSchema


def parse_options(text: str) -> EmulatorOptions:
    """Options from JSON: consumers, latency_ms, rate_limit; what is left out has its default. Raises BadOptions."""
    return EmulatorOptions(**parsed(EMULATOR, SettingsSchema(), text))


def application() -> Flask:
    """The worker's application."""
    return create_app(parse_options(handed_over(EMULATOR)))


def run(host: str, port: int, options_file: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM; without a file there is one application, made up. Raises BadOptions."""
    options = parse_options(read_options(options_file)) if options_file else EmulatorOptions()
    serve(EMULATOR, host, port, SettingsSchema().dumps(options.settings()))
