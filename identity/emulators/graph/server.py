"""The emulator of Facebook as a process of its own, and its options as JSON."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from identity.emulators.graph import EMULATOR
from identity.emulators.graph.app import create_app
from identity.emulators.graph.options import EmulatorOptions, Settings
from identity.emulators.graph.schemas import SettingsSchema
from identity.emulators.serving import handed_over, parsed, read_options, serve


def parse_options(text: str) -> EmulatorOptions:
    """Options from JSON: the members of the settings; what is left out has its default. Raises BadOptions."""
    return EmulatorOptions(Settings(**parsed(EMULATOR, SettingsSchema(), text)))


def application() -> Flask:
    """The worker's application."""
    return create_app(parse_options(handed_over(EMULATOR)))


def run(host: str, port: int, options_file: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM; without a file there is one app, made up. Raises BadOptions."""
    options = parse_options(read_options(options_file)) if options_file else EmulatorOptions()
    serve(EMULATOR, host, port, SettingsSchema().dumps(options.settings))
