"""The `identity` command: serve, dev, migrate, api-key, emulator, check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from identity import __version__, settings
from identity.dev import DevFailed
from identity.dev import run as run_dev
from identity.lifeline import end_with_parent
from identity.runtime import Runtime
from identity.sealing import BadKeyFile
from identity.settings import BadSettings, Settings
from identity.store.embedded import EmbeddedFailed, EmbeddedPostgres
from identity.store.migrate import MigrationRefused, migrate

EXPECTED = (BadSettings, BadKeyFile, DevFailed, EmbeddedFailed, MigrationRefused)
"""Failures whose message tells the operator what to do: printed without a stack."""


def main(arguments: list[str] | None = None) -> int:
    end_with_parent()
    options = _parser().parse_args(arguments)
    try:
        loaded = settings.load(mode=options.mode)
        for warning in loaded.warnings:
            print(f"identity: warning: {warning}", file=sys.stderr)
        status: int = options.run(loaded, options)
    except EXPECTED as error:
        print(f"identity: {error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="identity",
        description="An identity-provider admin and login service, compatible with FusionAuth's API.",
        epilog="Settings: config/default.toml documents each; the environment (IDENTITY_...) wins.",
    )
    parser.add_argument("--version", action="version", version=f"identity {__version__}")
    parser.set_defaults(mode=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="serve the API (production; needs a database and a key file)")
    serve.set_defaults(run=_serve)

    dev = commands.add_parser("dev", help="run everything on this machine: embedded PostgreSQL, X emulator, service")
    dev.set_defaults(run=_dev, mode="development")

    emulator = commands.add_parser("emulator", help="run an emulator of an outside party by itself")
    emulated = emulator.add_subparsers(title="emulators", metavar="NAME", required=True)
    x = emulated.add_parser("x", help="X (Twitter): OAuth 1.0a, consent page, faults to switch on")
    x.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    x.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    x.add_argument("--options", type=Path, metavar="FILE", help="JSON: consumers, latency_ms, rate_limit")
    x.set_defaults(run=_emulate_x, mode="development")

    migrating = commands.add_parser("migrate", help="apply the database migrations and make the default objects")
    migrating.set_defaults(run=_migrate)
    return parser


def _serve(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.server import serve  # noqa: PLC0415 (granian is only needed here)

    serve(loaded)
    return 0


def _dev(loaded: Settings, _: argparse.Namespace) -> int:
    return run_dev(loaded)


def _emulate_x(_: Settings, options: argparse.Namespace) -> int:
    from identity.emulators.x.server import BadOptions, run  # noqa: PLC0415 (granian is only needed here)

    try:
        run(options.host, options.port, options.options)
    except (BadOptions, OSError) as error:
        raise BadSettings(str(error)) from error
    return 0


def _migrate(loaded: Settings, _: argparse.Namespace) -> int:
    with _database(loaded) as url:
        for name in migrate(url, now=Runtime().now()):
            print(f"applied {name}")
    return 0


@contextmanager
def _database(loaded: Settings) -> Iterator[str]:
    """The URL of the database the settings name, or of the embedded one, which runs meanwhile."""
    if loaded.database.url:
        yield loaded.database.url
        return
    wanted = loaded.postgres
    embedded = EmbeddedPostgres(loaded.data_dir, binaries=wanted.binaries, account=wanted.account)
    try:
        yield embedded.start(lambda line: print(f"identity: {line}", file=sys.stderr))
    finally:
        embedded.stop()
