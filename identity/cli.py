"""The `identity` command.

serve, dev, kickstart, migrate, check, clock, explain, status-matrix, emulator, outbox, api-key.

The web framework is imported by the commands that need it only: `identity dev` starts twice as fast without it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from identity import __version__, clock_command, dev, operator_keys, settings, undelivered
from identity.clock_command import ClockRefused
from identity.emulators.demo.options import BadOptions as BadDemoOptions
from identity.emulators.demo.options import add_arguments as add_demo_arguments
from identity.emulators.mail.options import add_arguments as add_catcher_arguments
from identity.emulators.provider_emulator import BadOptions, add_arguments, provider_emulators
from identity.explain import NoSuchTrace, explained
from identity.lifeline import end_with_parent
from identity.operator_keys import KeyRefused
from identity.runtime import Runtime
from identity.sealing import BadKeyFile
from identity.settings import BadSettings, Settings
from identity.store.db import StoreUnavailable
from identity.store.embedded import EmbeddedFailed, EmbeddedPostgres
from identity.store.migrate import MigrationRefused

EXPECTED = (
    BadSettings,
    BadKeyFile,
    ClockRefused,
    KeyRefused,
    MigrationRefused,
    NoSuchTrace,
    dev.DevFailed,
    EmbeddedFailed,
)
"""Failures whose message tells the operator what to do: printed without a stack."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

Commands = Any
"""What argparse's `add_subparsers` gives; its type has no public name."""


def main(arguments: list[str] | None = None) -> int:
    end_with_parent()
    options = _parser().parse_args(arguments)
    try:
        loaded = settings.load(mode=options.mode)
        for warning in loaded.warnings:
            print(f"identity: warning: {warning}", file=sys.stderr)
        status: int = options.run(loaded, options)
    except StoreUnavailable as error:
        why = " ".join(str(error).split())
        print(f"identity: the database does not take the work: {why}", file=sys.stderr)
        print("identity: is it running, and is IDENTITY_DATABASE_URL right?", file=sys.stderr)
        return 2
    except EXPECTED as error:
        print(f"identity: {error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="identity",
        description="An identity-provider admin and login service, compatible with FusionAuth's API and with "
        "Rocket.Chat's REST login.",
        epilog="Settings: config/default.toml says where each is documented; the environment (IDENTITY_...) wins.",
    )
    parser.add_argument("--version", action="version", version=f"identity {__version__}")
    parser.set_defaults(mode=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    serve = _command(commands, "serve", "serve the API (production; needs a database and a key file)")
    serve.set_defaults(run=_serve)
    developing = _command(
        commands, "dev", "run everything here: embedded PostgreSQL, emulators of providers, mail catcher, service, demo"
    )
    developing.set_defaults(run=_dev, mode="development")
    kickstarting = _command(commands, "kickstart", "apply the kickstart file to the running service, once")
    kickstarting.set_defaults(run=_kickstart)
    migrating = _command(commands, "migrate", "apply the database migrations and make the default objects")
    migrating.set_defaults(run=_migrate)
    checking = _command(commands, "check", "say whether this installation can start, and what to do if not")
    checking.set_defaults(run=_check)
    _add_clock_commands(_command(commands, "clock", "move the service's time, in development mode only"))
    explaining = _command(commands, "explain", "print the trace of a login: its steps and the rule that decided it")
    explaining.add_argument("trace", metavar="ID", help="what the header X-Identity-Trace of the login's answer says")
    explaining.set_defaults(run=_explain)
    _add_status_matrix(
        _command(commands, "status-matrix", "reach every status of a login on what `make run` started, with its curl")
    )
    _add_emulators(_command(commands, "emulator", "run an emulator of an outside party by itself"))
    _add_outbox_commands(_command(commands, "outbox", "list and send again what could not be delivered"))
    _add_api_key_commands(_command(commands, "api-key", "make and list API keys, without a key"))
    return parser


def _command(commands: Commands, name: str, purpose: str) -> argparse.ArgumentParser:
    """A command that tells its purpose in the list of commands and in its own help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
    )
    return parser


def _add_status_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("status", nargs="*", type=int, help="only these, such as 212 242")
    parser.add_argument("--page", action="store_true", help="only print the page docs/outcomes.md")
    parser.set_defaults(run=_status_matrix, mode="development")


def _add_emulators(parser: argparse.ArgumentParser) -> None:
    emulators = parser.add_subparsers(title="emulators", metavar="NAME", required=True)
    for declared in provider_emulators():
        emulator = _command(emulators, declared.name, declared.purpose)
        add_arguments(emulator)
        emulator.set_defaults(run=_emulate_provider, module=declared.module, mode="development")
    mail = _command(emulators, "mail", "a mail catcher: takes mails and messages to phones, and shows them")
    add_catcher_arguments(mail)
    mail.set_defaults(run=_catch_mail, mode="development")
    demo = _command(emulators, "demo", "a demo application: lets people sign in through the service")
    add_demo_arguments(demo)
    demo.set_defaults(run=_run_demo, mode="development")


def _add_clock_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    advancing = _command(commands, "advance", "move it on, so that what expires by then has expired")
    advancing.add_argument("by", type=_duration, metavar="DURATION", help="e.g. 31d, 90m, 1d12h (w, d, h, m, s)")
    advancing.set_defaults(run=_advance_clock, mode="development")
    _command(commands, "show", "say what it is").set_defaults(run=_show_clock, mode="development")
    _command(commands, "reset", "go back to the real time").set_defaults(run=_reset_clock, mode="development")


def _add_outbox_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = _command(commands, "list", "list the webhook events, mails and messages that were given up")
    listing.set_defaults(run=_list_undelivered)
    resending = _command(commands, "resend", "send them again: all, those of a kind, or one")
    resending.add_argument("id", nargs="?", type=_uuid, metavar="ID", help="this one only")
    resending.add_argument("--kind", choices=("webhook", "mail", "message"), help="those of this kind only")
    resending.set_defaults(run=_resend)


def _duration(text: str) -> int:
    try:
        return clock_command.milliseconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 31d, 90m or 1d12h") from error


def _add_api_key_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    create = _command(commands, "create", "make an API key and print it, this once")
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
    listing = _command(commands, "list", "list the API keys, without their texts")
    listing.set_defaults(run=_list_api_keys)


def _uuid(text: str) -> UUID:
    from identity.wire import parse_uuid  # noqa: PLC0415

    parsed = parse_uuid(text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a UUID")
    return parsed


def _endpoint(text: str) -> tuple[str, frozenset[str]]:
    from identity.http.fusionauth.schemas.api_keys import endpoint_problem  # noqa: PLC0415

    path, _, methods = text.partition("=")
    split = methods.upper().split(",")
    if endpoint_problem(path, split):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path and its methods, such as /api/user=GET,POST")
    return path, frozenset(split)


def _serve(loaded: Settings, _: argparse.Namespace) -> int:
    with _metrics_folder():
        from identity.server import serve  # noqa: PLC0415

        return 0 if serve(loaded) else 1


@contextmanager
def _metrics_folder() -> Iterator[None]:
    """Where the workers count together, unless the environment names a folder: the metrics library looks for it when
    it is imported."""
    if METRICS_FOLDER in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="identity-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[METRICS_FOLDER]


def _kickstart(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.deferred_kickstart import apply_when_ready  # noqa: PLC0415

    with _installation(loaded) as found:
        return 0 if apply_when_ready(found, Runtime()) else 1


def _dev(loaded: Settings, _: argparse.Namespace) -> int:
    return dev.run(loaded)


def _require_development(loaded: Settings) -> None:
    if not loaded.development:
        raise BadSettings(
            "IDENTITY_MODE is 'production', which runs no emulators: set it to development, or not at all."
        )


def _catch_mail(loaded: Settings, options: argparse.Namespace) -> int:
    _require_development(loaded)
    from identity.emulators.mail.server import run  # noqa: PLC0415

    try:
        run(options.host, options.port, options.smtp_port)
    except OSError as error:
        raise BadSettings(str(error)) from error
    return 0


def _emulate_provider(loaded: Settings, options: argparse.Namespace) -> int:
    _require_development(loaded)
    try:
        import_module(f"{options.module}.server").run(options.host, options.port, options.options)
    except (BadOptions, OSError) as error:
        raise BadSettings(str(error)) from error
    return 0


def _run_demo(loaded: Settings, options: argparse.Namespace) -> int:
    _require_development(loaded)
    from identity.emulators.demo.server import run  # noqa: PLC0415

    try:
        run(options.host, options.port)
    except (BadDemoOptions, OSError) as error:
        raise BadSettings(str(error)) from error
    return 0


def _status_matrix(loaded: Settings, options: argparse.Namespace) -> int:
    if not loaded.development:
        raise BadSettings("IDENTITY_MODE is 'production', and the matrix damages the database for a moment.")
    from identity import status_matrix  # noqa: PLC0415

    if options.page:
        print(status_matrix.page(), end="")
        return 0
    status_matrix.require_cases(options.status)
    told = dev.read_dev_env(loaded.data_dir)
    status_matrix.require_service(told)
    with _installation(loaded) as found:
        return 0 if status_matrix.run(told, loaded.data_dir, found.database.url, options.status) else 1


def _check(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.check import check  # noqa: PLC0415

    started_here = bool(dev.read_dev_env(loaded.data_dir))
    if loaded.development and started_here:
        with _installation(loaded) as found:
            findings = check(found, Runtime())
    else:
        findings = check(loaded, Runtime())
    for finding in findings:
        print(finding)
    if not loaded.development and started_here:
        print("identity: What `make run` has started is looked at with IDENTITY_MODE=development.", file=sys.stderr)
    return 0 if all(finding.good for finding in findings) else 1


def _explain(loaded: Settings, options: argparse.Namespace) -> int:
    with _installation(loaded) as found:
        print(explained(found.database.url, options.trace))
    return 0


def _list_undelivered(loaded: Settings, _: argparse.Namespace) -> int:
    with _installation(loaded) as found:
        for line in undelivered.described(found.database.url):
            print(line)
    return 0


def _resend(loaded: Settings, options: argparse.Namespace) -> int:
    with _installation(loaded) as found:
        renewed = undelivered.resend(found.database.url, Runtime(), kind=options.kind, parcel_id=options.id)
    print(f"{renewed} handed to the courier of the running service")
    return 0 if renewed or options.id is None else 1


def _create_api_key(loaded: Settings, options: argparse.Namespace) -> int:
    permissions: dict[str, frozenset[str]] = {}
    for path, methods in options.endpoint:
        permissions[path] = permissions.get(path, frozenset()) | methods
    with _installation(loaded) as found:
        url = found.database.url
        print(operator_keys.create(url, options.name, options.tenant, permissions, options.key_manager, Runtime()))
    return 0


def _list_api_keys(loaded: Settings, _: argparse.Namespace) -> int:
    with _installation(loaded) as found:
        for line in operator_keys.described(found.database.url, Runtime().now()):
            print(line)
    return 0


def _advance_clock(loaded: Settings, options: argparse.Namespace) -> int:
    with _clocked(loaded) as url:
        print(clock_command.advance(url, options.by, Runtime()))
    return 0


def _show_clock(loaded: Settings, _: argparse.Namespace) -> int:
    with _clocked(loaded) as url:
        print(clock_command.shown(url, Runtime()))
    return 0


def _reset_clock(loaded: Settings, _: argparse.Namespace) -> int:
    with _clocked(loaded) as url:
        print(clock_command.reset(url, Runtime()))
    return 0


@contextmanager
def _clocked(loaded: Settings) -> Iterator[str]:
    """The database of an installation whose clock may be moved. Raises BadSettings."""
    if not loaded.development:
        raise BadSettings("IDENTITY_MODE is 'production', where the service goes by the real time, always.")
    with _installation(loaded) as found:
        yield found.database.url


def _migrate(loaded: Settings, _: argparse.Namespace) -> int:
    from identity.bootstrap import prepare  # noqa: PLC0415

    with _installation(loaded) as found:
        for name in prepare(found, Runtime()):
            print(f"applied {name}")
    return 0


@contextmanager
def _installation(loaded: Settings) -> Iterator[Settings]:
    """The settings with a database: the one they name, or the embedded one, which runs meanwhile, and its key file."""
    if loaded.database.url:
        yield loaded
        return
    wanted = loaded.postgres
    embedded = EmbeddedPostgres(loaded.data_dir, binaries=wanted.binaries, account=wanted.account)
    try:
        url = embedded.start(lambda line: print(f"identity: {line}", file=sys.stderr))
        key_file = loaded.secret.key_file or str(dev.key_file(loaded.data_dir, Runtime()))
        yield replace(
            loaded,
            database=replace(loaded.database, url=url),
            secret=replace(loaded.secret, key_file=key_file),
        )
    finally:
        embedded.stop()
