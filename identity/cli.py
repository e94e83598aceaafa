"""The `identity` command: serve, dev, migrate, api-key, emulator, check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from identity import __version__, operator_keys, settings
from identity.bootstrap import prepare
from identity.check import check
from identity.http.fusionauth.schemas.api_keys import endpoint_problem
from identity.operator_keys import KeyRefused
from identity.runtime import Runtime
from identity.sealing import BadKeyFile
from identity.settings import BadSettings, Settings
from identity.store.db import StoreUnavailable
from identity.store.migrate import MigrationRefused
from identity.wire import parse_uuid

EXPECTED = (BadSettings, BadKeyFile, KeyRefused, MigrationRefused, StoreUnavailable)
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

    checking = commands.add_parser("check", help="say whether this installation can start, and what to do if not")
    checking.set_defaults(run=_check)
    _add_api_key_commands(commands.add_parser("api-key", help="make and list API keys, without a key"))
    return parser


def _add_api_key_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    create = commands.add_parser("create", help="make an API key and print it, this once")
    create.add_argument("--name", required=True, help="what it is for; no two keys share a name")
    create.add_argument("--tenant", type=_uuid, metavar="ID", help="lock it to this tenant")
    create.add_argument(
        "--endpoint",
        action="append",
        default=[],
        type=_endpoint,
        metavar="PATH=METHODS",
        help="what it opens, e.g. /api/user=GET,POST; may be repeated; every endpoint unless given",
    )
    create.add_argument("--key-manager", action="store_true", help="let it manage API keys")
    create.set_defaults(run=_create_api_key)
    listing = commands.add_parser("list", help="list the API keys, without their texts")
    listing.set_defaults(run=_list_api_keys)


def _uuid(text: str) -> UUID:
    parsed = parse_uuid(text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a UUID")
    return parsed


def _endpoint(text: str) -> tuple[str, frozenset[str]]:
    path, _, methods = text.partition("=")
    split = methods.upper().split(",")
    if endpoint_problem(path, split):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path and its methods, such as /api/user=GET,POST")
    return path, frozenset(split)


def _serve(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.server import serve  # noqa: PLC0415 (granian is only needed here)

    serve(loaded)
    return 0


def _check(loaded: Settings, _: argparse.Namespace) -> int:
    findings = check(loaded, Runtime())
    for finding in findings:
        print(finding)
    return 0 if all(finding.good for finding in findings) else 1


def _create_api_key(loaded: Settings, options: argparse.Namespace) -> int:
    permissions: dict[str, frozenset[str]] = {}
    for path, methods in options.endpoint:
        permissions[path] = permissions.get(path, frozenset()) | methods
    with _database(loaded) as url:
        print(operator_keys.create(url, options.name, options.tenant, permissions, options.key_manager, Runtime()))
    return 0


def _list_api_keys(loaded: Settings, _: argparse.Namespace) -> int:
    with _database(loaded) as url:
        for line in operator_keys.described(url, Runtime().now()):
            print(line)
    return 0


@contextmanager
def _database(loaded: Settings) -> Iterator[str]:
    """The URL of the database the settings name."""
    if not loaded.database.url:
        raise BadSettings("The setting 'database.url' (IDENTITY_DATABASE_URL) is not set: name a PostgreSQL database.")
    yield loaded.database.url


def _migrate(loaded: Settings, _: argparse.Namespace) -> int:
    with _database(loaded):
        if not loaded.secret.key_file:
            raise BadSettings("The setting 'secret.key_file' (IDENTITY_SECRET_KEY_FILE) is not set: name a key file.")
        for name in prepare(loaded, Runtime()):
            print(f"applied {name}")
    return 0
