"""The parent of everything that `identity dev` runs: database, X emulator, mail catcher, service and demo.

What dies is started again; a signal stops all of it in order; and when this process is killed, its children end with
it, except PostgreSQL, which the next start finds and uses.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from identity import ports
from identity.dev.children import Child
from identity.dev.database import DevDatabase
from identity.dev.demo import DEMO_APPLICATION_ID, DemoClient, DemoRefused, ServiceApi, client_at
from identity.dev.folder import DevFailed, emulator_options, key_file, only_one, read_dev_env, write_dev_env
from identity.dev.installation import (
    DEMO_CLIENT_SECRET,
    DEMO_URL,
    DEVELOPMENT_API_KEY,
    DEVELOPMENT_PASSWORD,
    Installation,
    kickstart_variables,
)
from identity.lifeline import Lifeline
from identity.runtime import Runtime
from identity.settings import Settings
from identity.store.embedded import make_home
from identity.store.migrate import migrate

TICK = 0.1
PATIENCE_WITH_START = 60.0
PATIENCE_WITH_PORT = 3.0
STATUS_AFTER_INTERRUPT = 130
FIRST_LOGIN = Path(__file__).parents[2] / "docs" / "examples" / "first_login.py"
"""Only in a source tree."""


def run(settings: Settings) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; the exit status. Raises DevFailed, EmbeddedFailed, MigrationRefused."""
    home = make_home(settings.data_dir)
    settings = replace(settings, data_dir=home, port=settings.port or ports.free_port(settings.host))
    orders = _Orders()
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


class _Orders:
    """What the signals ask: to stop, and the second time to stop at once."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._count = 0

    def installed(self) -> ExitStack:
        stack = ExitStack()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            stack.callback(signal.signal, number, signal.signal(number, self._take))
        return stack

    def wait(self, seconds: float) -> bool:
        """Whether to stop; waits that long for it."""
        return self._stop.wait(seconds)

    def urgent(self) -> bool:
        return self._count > 1

    def _take(self, _: int, __: FrameType | None) -> None:
        self._count += 1
        self._stop.set()


class _Supervisor:
    def __init__(self, settings: Settings, runtime: Runtime, orders: _Orders, stack: ExitStack) -> None:
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
        self._emulator: Child | None = None
        self._emulator_url = ""
        self._catcher: Child | None = None
        self._catcher_url = ""
        self._catcher_smtp_port = 0
        self._made_up = kickstart_variables(self._earlier, emulator_options(self._home, runtime), runtime)
        self._demo: Child | None = None
        self._demo_client: DemoClient | None = None
        self._demo_url = ""

    def start(self) -> bool:
        """Everything up, or False when it was told to stop before."""
        self._require_port()
        if "x.api_url" not in self._settings.given:
            self._start_emulator()
        if not {"mail.host", "mail.port"} & self._settings.given:
            self._start_catcher()
        self._demo_url = self._choose_demo_url()
        if not self._settings.kickstart.file:
            self._run_demo(DemoClient(DEMO_APPLICATION_ID, self._made_up[DEMO_CLIENT_SECRET]))
        self._stack.callback(self._database.stop)
        self._database.start(report)
        migrate(self._database.url, now=self._runtime.now())
        self._service = self._child("the service", ["identity", "serve"], self._service_environment())
        with closing(self._installation()) as installation:
            installation.make_defaults()
            if self._emulator is not None and not self._await(self._emulator, self._emulator_is_ready):
                return False
            if self._catcher is not None and not self._await(self._catcher, self._catcher_is_ready):
                return False
            if not self._await(self._service, self._service_is_ready):
                return False
            dev_env = self._fill(installation)
            if self._demo is not None and not self._await(self._demo, self._demo_is_ready):
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
        variables = {
            "IDENTITY_URL": self._settings.base_url,
            "IDENTITY_API_KEY": made_up.pop(DEVELOPMENT_API_KEY),
            **({"IDENTITY_X_EMULATOR_URL": self._emulator_url} if self._emulator_url else {}),
            **self._catcher_variables(),
            **made_up,
        }
        write_dev_env(self._home, variables)
        address = ports.address(self._settings.host, self._settings.port)
        given = {DEVELOPMENT_API_KEY: variables["IDENTITY_API_KEY"], DEMO_URL: self._demo_url, **made_up}
        first_key = installation.kickstart(f"http://{address}", given)
        variables["IDENTITY_API_KEY"] = installation.api_key(first_key or variables["IDENTITY_API_KEY"])
        if (application_id := installation.application_id()) is not None:
            variables["IDENTITY_APPLICATION_ID"] = application_id
        client = self._find_demo_client(ServiceApi(address, variables["IDENTITY_API_KEY"]))
        if client is not None:
            variables |= {DEMO_URL: self._demo_url, "DEMO_CLIENT_ID": client.id, DEMO_CLIENT_SECRET: client.secret}
        self._run_demo(client)
        return write_dev_env(self._home, variables)

    def watch(self) -> None:
        """Start again what dies, until told to stop."""
        while not self._orders.wait(TICK):
            self._database.revive(report)
            if self._service is not None:
                self._service.environment["IDENTITY_DATABASE_URL"] = self._database.url
                self._service.revive(report)
            if self._emulator is not None:
                self._emulator.revive(report)
            if self._catcher is not None:
                self._catcher.revive(report)
            if self._demo is not None:
                self._demo.revive(report)

    def _require_port(self) -> None:
        """Workers that were just killed may take a moment to let go of it. Raises DevFailed."""
        host, port = self._settings.host, self._settings.port
        if not self._wait_until(lambda: ports.is_free(host, port), PATIENCE_WITH_PORT):
            raise DevFailed(
                f"Another program listens on {host}:{port}, or this machine has no such address. "
                "Stop that program, or choose another IDENTITY_PORT (or IDENTITY_HOST)."
            )

    def _start_emulator(self) -> None:
        earlier = urlsplit(self._earlier.get("IDENTITY_X_EMULATOR_URL", "")).port
        port = self._settings.of("emulator")["x_port"] or _still_free(earlier) or ports.free_port("127.0.0.1")
        self._emulator_url = f"http://127.0.0.1:{port}"
        options = emulator_options(self._home, self._runtime)
        command = ["identity.emulators.x", "--host", "127.0.0.1", "--port", str(port), "--options", str(options)]
        self._emulator = self._child("the X emulator", command, dict(os.environ))

    def _start_catcher(self) -> None:
        chosen = self._settings.of("emulator")
        earlier = urlsplit(self._earlier.get("IDENTITY_MAIL_CATCHER_URL", "")).port
        port = chosen["mail_port"] or _still_free(earlier) or ports.free_port("127.0.0.1")
        earlier_smtp = int(self._earlier.get("IDENTITY_MAIL_CATCHER_SMTP_PORT", "0"))
        self._catcher_smtp_port = chosen["smtp_port"] or _still_free(earlier_smtp) or ports.free_port("127.0.0.1")
        self._catcher_url = f"http://127.0.0.1:{port}"
        command = ["identity.emulators.mail", "--port", str(port), "--smtp-port", str(self._catcher_smtp_port)]
        self._catcher = self._child("the mail catcher", command, dict(os.environ))

    def _catcher_variables(self) -> dict[str, str]:
        """What scripts are told of it."""
        if self._catcher is None:
            return {}
        smtp_port = str(self._catcher_smtp_port)
        return {"IDENTITY_MAIL_CATCHER_URL": self._catcher_url, "IDENTITY_MAIL_CATCHER_SMTP_PORT": smtp_port}

    def _choose_demo_url(self) -> str:
        earlier = urlsplit(self._earlier.get(DEMO_URL, "")).port
        port = self._settings.of("emulator")["demo_port"] or _still_free(earlier) or ports.free_port("127.0.0.1")
        return f"http://127.0.0.1:{port}"

    def _find_demo_client(self, api: ServiceApi) -> DemoClient | None:
        """None when there is no Demo application, as with a kickstart file of one's own: then there is no demo."""
        try:
            return client_at(api, self._demo_url, self._earlier.get(DEMO_URL, ""), report)
        except DemoRefused as refused:
            report(f"there is no demo: {refused}")
            return None

    def _run_demo(self, client: DemoClient | None) -> None:
        """It starts with what its client will be in all likelihood, and once more should that be something else."""
        if client == self._demo_client:
            return
        if self._demo is not None:
            self._demo.kill()
        self._demo, self._demo_client = None, client
        if client is None:
            return
        command = ["identity.emulators.demo", "--port", str(urlsplit(self._demo_url).port)]
        told = {"IDENTITY_URL": self._settings.base_url, "DEMO_CLIENT_ID": client.id, DEMO_CLIENT_SECRET: client.secret}
        self._demo = self._child("the demo application", command, {**os.environ, **told})

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
        if self._emulator_url:
            found_out["IDENTITY_X_API_URL"] = self._emulator_url
        if self._catcher_url:
            found_out["IDENTITY_MAIL_HOST"] = "127.0.0.1"
            found_out["IDENTITY_MAIL_PORT"] = str(self._catcher_smtp_port)
            found_out["IDENTITY_SMS_URL"] = settings.sms.url or f"{self._catcher_url}/api/messages"
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

    def _emulator_is_ready(self) -> bool:
        return ports.status_of("127.0.0.1", urlsplit(self._emulator_url).port or 0, "/") is not None

    def _catcher_is_ready(self) -> bool:
        return ports.status_of("127.0.0.1", urlsplit(self._catcher_url).port or 0, "/") is not None

    def _demo_is_ready(self) -> bool:
        return ports.status_of("127.0.0.1", urlsplit(self._demo_url).port or 0, "/") is not None

    def _wait_until(self, condition: Callable[[], bool], patience: float) -> bool:
        deadline = self._runtime.monotonic() + patience
        while not condition():
            if self._runtime.monotonic() > deadline or self._orders.wait(0.03):
                return False
        return True

    def _announce(self, dev_env: Path, clock: str | None) -> None:
        rows = {
            "service": self._settings.base_url,
            "API key": f"in {dev_env}   (set -a; . {dev_env})",
            "database": self._database.description,
        }
        if self._emulator_url:
            rows["X emulator"] = self._emulator_url
            if FIRST_LOGIN.exists():
                rows["by script"] = f"{_from_here(sys.executable)} {_from_here(FIRST_LOGIN)}"
        if self._demo is not None:
            rows["by password"] = f"demo@example.com with {DEVELOPMENT_PASSWORD} of {dev_env.name}"
        if self._catcher_url:
            rows["mails"] = self._catcher_url
        if clock is not None:
            rows["clock"] = f"{clock}   (identity clock reset)"
        rows["API page"] = f"{self._settings.base_url}/docs"
        lines = [f"  {name:<12}{value}\n" for name, value in rows.items()]
        invitation = f" To sign in, open {self._demo_url}" if self._demo is not None else ""
        sys.stdout.write("".join(["\nidentity is ready\n\n", *lines, f"\nCtrl-C stops all of it.{invitation}\n\n"]))
        sys.stdout.flush()


def _still_free(port: int | None) -> int | None:
    """The port of the last start, which a page or a configuration may still name, if nobody else has it now."""
    return port if port and ports.is_free("127.0.0.1", port) else None


def _from_here(path: str | Path) -> str:
    """As short as it can be typed in the working directory."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else str(path)
