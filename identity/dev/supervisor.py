"""The parent of everything that `identity dev` runs: database, companions, service and demo.

What dies is started again; a signal stops all of it in order; and when this process is killed, its children end with
it, except PostgreSQL, which the next start finds and uses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from identity import ports
from identity.dev.banner import banner
from identity.dev.children import Child
from identity.dev.companions import answers, choose_url, companions, credentials, newcomers, usable_emulators
from identity.dev.database import DevDatabase
from identity.dev.demo import chat_door
from identity.dev.demo_program import DemoProgram
from identity.dev.folder import DevFailed, key_file, only_one, read_dev_env, write_dev_env
from identity.dev.installation import (
    DEMO_CLIENT_SECRET,
    DEMO_URL,
    DEVELOPMENT_API_KEY,
    Installation,
    kickstart_variables,
)
from identity.dev.orders import Orders
from identity.dev.service_api import ServiceApi
from identity.lifeline import Lifeline
from identity.runtime import Runtime
from identity.settings import Settings
from identity.store.embedded import make_home
from identity.store.migrate import migrate

TICK = 0.1
PATIENCE_WITH_START = 60.0
PATIENCE_WITH_PORT = 3.0
STATUS_AFTER_INTERRUPT = 130


def run(settings: Settings) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; the exit status. Raises DevFailed, EmbeddedFailed, MigrationRefused."""
    home = make_home(settings.data_dir)
    settings = replace(settings, data_dir=home, port=settings.port or ports.free_port(settings.host))
    orders = Orders()
    with orders.installed(), only_one(home), ExitStack() as stack:
        supervisor = _Supervisor(settings, Runtime(), orders, stack)
        if not supervisor.start():
            return STATUS_AFTER_INTERRUPT
        supervisor.watch()
        report("stopping")
    return 0


def report(line: str) -> None:
    sys.stdout.write(f"identity: {line}\n")
    sys.stdout.flush()


class _Supervisor:
    def __init__(self, settings: Settings, runtime: Runtime, orders: Orders, stack: ExitStack) -> None:
        self._settings = settings
        self._home = settings.data_dir
        self._runtime = runtime
        self._orders = orders
        self._stack = stack
        self._earlier = read_dev_env(self._home)
        self._key_file = settings.secret.key_file or str(key_file(self._home, runtime))
        self._database = DevDatabase(settings)
        self._lifeline = Lifeline()
        self._stack.callback(self._lifeline.close)
        self._service: Child | None = None
        self._newcomers = newcomers(self._home)
        self._companions = companions(settings, self._earlier)
        self._children: list[Child] = []
        """The companions, running."""
        self._made_up = kickstart_variables(self._earlier, runtime) | credentials(self._home)
        demo_url = choose_url(settings.of("emulator")["demo_port"], self._earlier.get(DEMO_URL, ""))
        self._demo = DemoProgram(demo_url, settings.base_url, self._child)

    def start(self) -> bool:
        """Everything up, or False when it was told to stop before."""
        self._require_port()
        self._children = [self._child(found.name, found.command, dict(os.environ)) for found in self._companions]
        if not self._settings.kickstart.file:
            self._demo.guess(self._made_up[DEMO_CLIENT_SECRET])
        self._stack.callback(self._database.stop)
        self._database.start(report)
        migrate(self._database.url, now=self._runtime.now())
        with closing(self._installation()) as installation:
            installation.make_defaults()
            environment = chat_door(self._settings, installation.default_tenant_id()) | self._service_environment()
            self._service = self._child("the service", ["identity", "serve"], environment)
            for found, child in zip(self._companions, self._children, strict=True):
                if not self._await(child, partial(answers, found.url)):
                    return False
            if not self._await(self._service, self._service_is_ready):
                return False
            dev_env = self._fill(installation)
            if self._demo.child is not None and not self._await(self._demo.child, partial(answers, self._demo.url)):
                return False
            self._announce(dev_env, installation.clock())
        return True

    def _installation(self) -> Installation:
        settings = self._settings
        return Installation(
            replace(
                settings,
                database=replace(settings.database, url=self._database.url),
                secret=replace(settings.secret, key_file=self._key_file),
            ),
            self._runtime,
        )

    def _fill(self, installation: Installation) -> Path:
        """The kickstart, and what scripts are told of it. What was made up is noted before it is used."""
        made_up = dict(self._made_up)
        variables = {"IDENTITY_URL": self._settings.base_url, "IDENTITY_API_KEY": made_up.pop(DEVELOPMENT_API_KEY)}
        for companion in self._companions:
            variables |= companion.told
        variables |= made_up
        write_dev_env(self._home, variables)
        address = ports.address(self._settings.host, self._settings.port)
        given = {DEVELOPMENT_API_KEY: variables["IDENTITY_API_KEY"], DEMO_URL: self._demo.url, **made_up}
        late = self._newcomers if installation.had_kickstart() else []
        brought = [emulator.kickstart for emulator in usable_emulators()]
        first_key = installation.kickstart(f"http://{address}", given, brought)
        variables["IDENTITY_API_KEY"] = installation.api_key(first_key or variables["IDENTITY_API_KEY"])
        if (application_id := installation.application_id()) is not None:
            variables["IDENTITY_APPLICATION_ID"] = application_id
        api = ServiceApi(address, variables["IDENTITY_API_KEY"])
        for emulator in late:
            if (problem := installation.catch_up(api, emulator.kickstart, given)) is not None:
                report(f"nobody can log in through the {emulator.title} yet: {problem}")
        variables |= self._demo.settle(api, self._earlier.get(DEMO_URL, ""), report)
        return write_dev_env(self._home, variables)

    def watch(self) -> None:
        """Start again what dies, until told to stop."""
        while not self._orders.wait(TICK):
            self._database.revive(report)
            if self._service is not None:
                self._service.environment["IDENTITY_DATABASE_URL"] = self._database.url
                self._service.revive(report)
            for child in self._children:
                child.revive(report)
            self._demo.revive(report)

    def _require_port(self) -> None:
        """Workers that were just killed may take a moment to let go of it. Raises DevFailed."""
        host, port = self._settings.host, self._settings.port
        if not self._wait_until(lambda: ports.is_free(host, port), PATIENCE_WITH_PORT):
            raise DevFailed(
                f"Another program listens on {host}:{port}, or this machine has no such address. "
                "Stop that program, or choose another IDENTITY_PORT (or IDENTITY_HOST)."
            )

    def _child(self, name: str, command: list[str], environment: dict[str, str]) -> Child:
        child = Child(name, command, environment, self._lifeline, self._runtime.monotonic)
        self._stack.callback(child.stop, self._settings.drain_seconds + 2.0, self._orders.urgent)
        return child

    def _service_environment(self) -> dict[str, str]:
        settings = self._settings
        found_out = {
            "IDENTITY_MODE": settings.mode,
            "IDENTITY_PORT": str(settings.port),
            "IDENTITY_DATA_DIR": str(self._home),
            "IDENTITY_DATABASE_URL": self._database.url,
            "IDENTITY_SECRET_KEY_FILE": self._key_file,
            "IDENTITY_KICKSTART_FILE": "",  # the kickstart is this process's work
        }
        for companion in self._companions:
            found_out |= companion.leads
        return {"IDENTITY_LOG_FORMAT": "text", **os.environ, **found_out}  # somebody reads it as it comes

    def _await(self, child: Child, is_ready: Callable[[], bool]) -> bool:
        """Whether it answers; False when told to stop. Raises DevFailed when it cannot come up."""
        answered = self._wait_until(lambda: child.ending() is not None or is_ready(), PATIENCE_WITH_START)
        if self._orders.wait(0):
            return False
        if (ending := child.ending()) is not None:
            raise DevFailed(f"At its start {child.name} {ending}; what it said is above.")
        if not answered:
            raise DevFailed(f"After {PATIENCE_WITH_START:.0f} s {child.name} does not answer.")
        return True

    def _service_is_ready(self) -> bool:
        return ports.status_of(self._settings.host, self._settings.port, "/api/status") == 200

    def _wait_until(self, condition: Callable[[], bool], patience: float) -> bool:
        deadline = self._runtime.monotonic() + patience
        while not condition():
            if self._runtime.monotonic() > deadline or self._orders.wait(0.03):
                return False
        return True

    def _announce(self, dev_env: Path, clock: str | None) -> None:
        demo_url = None if self._demo.child is None else self._demo.url
        description = self._database.description
        sys.stdout.write(banner(self._settings.base_url, dev_env, description, self._companions, demo_url, clock))
        sys.stdout.flush()
