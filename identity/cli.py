"""The `identity` command: serve, dev, migrate, api-key, emulator, check."""

from __future__ import annotations

import argparse
import sys

from identity import __version__, settings
from identity.runtime import Runtime
from identity.sealing import BadKeyFile
from identity.settings import BadSettings, Settings
from identity.store.migrate import MigrationRefused, migrate

EXPECTED = (BadSettings, BadKeyFile, MigrationRefused)
"""Failures whose message tells the operator what to do: printed without a stack."""


def main(arguments: list[str] | None = None) -> int:
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

    migrating = commands.add_parser("migrate", help="apply the database migrations and make the default objects")
    migrating.set_defaults(run=_migrate)
    return parser


def _serve(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.server import serve  # noqa: PLC0415 (granian is only needed here)

    serve(loaded)
    return 0


def _migrate(loaded: Settings, _: argparse.Namespace) -> int:
    if not loaded.database.url:
        raise BadSettings("The setting 'database.url' (IDENTITY_DATABASE_URL) is not set: name a PostgreSQL database.")
    for name in migrate(loaded.database.url, now=Runtime().now()):
        print(f"applied {name}")
    return 0
