"""A whole `identity dev` for a test: on free ports, in a data directory of its own, as any account."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from identity.dev.folder import read_dev_env
from identity.ports import free_port
from identity.store.embedded import EmbeddedPostgres, place, postmaster

ROOT_OF_THE_SOURCE = Path(__file__).parent.parent
MODULE_PATH = os.pathsep.join([str(ROOT_OF_THE_SOURCE), *(path for path in sys.path if "-packages" in path)])
MODULES = "identity.cli, identity.app, identity.emulators.x.server"


@dataclass
class DevRun:
    """The processes of one data directory. `start` may be called again after everything was killed."""

    home: Path
    account: pwd.struct_passwd
    command: Sequence[str]
    port: int = field(default_factory=lambda: free_port("127.0.0.1"))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **environment: str) -> float:
        """Start it and wait until it says that it is ready; how many seconds that took."""
        began = time.monotonic()
        before = len(self.said())
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd="/",
                env=self.environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **self._as_account(),
            )
        while "Ctrl-C stops" not in self.said()[before:]:
            if self.process.poll() is not None:
                raise DevEnded(self.said()[before:])
            time.sleep(0.01)
        return time.monotonic() - began

    def said(self) -> str:
        return self._output.read_text() if self._output.exists() else ""

    @property
    def _output(self) -> Path:
        return self.home.parent / f"output-{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home.parent),
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT_OF_THE_SOURCE), *(path for path in sys.path if "-packages" in path)]
            ),
            "IDENTITY_DATA_DIR": str(self.home),
            "IDENTITY_PORT": str(self.port),
            **more,
        }

    def request(self, method: str, path: str, json: Any = None) -> requests.Response:
        headers = {"Authorization": read_dev_env(self.home)["IDENTITY_API_KEY"], "Connection": "close"}
        return requests.request(method, self.url + path, json=json, headers=headers, timeout=20)

    def command_line(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Another `identity` command with the same settings, as the same account."""
        return subprocess.run(
            [*self.command[:-1], *arguments],
            cwd="/",
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **self._as_account(),
        )

    def child(self, name: str) -> psutil.Process:
        """The process with this argument: `serve` or `identity.emulators.x`."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if name in child.cmdline():
                    return child
        raise AssertionError(f"there is no {name} process")

    def workers(self) -> list[psutil.Process]:
        return self.child("serve").children()

    def cluster(self) -> Path:
        note = self.home / place.NOTE
        return place.Place(Path(note.read_text().strip()) if note.exists() else self.home / "postgres").cluster

    def postmaster(self) -> psutil.Process:
        pid = postmaster.noted_process(self.cluster())
        assert pid is not None
        return psutil.Process(pid)

    def everything(self) -> list[psutil.Process]:
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        database = self.postmaster()
        return list({supervisor, *supervisor.children(recursive=True), database, *database.children()})

    def stop(self) -> int:
        """As Ctrl-C does; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait()

    def _as_account(self) -> dict[str, Any]:
        if self.account.pw_uid == os.geteuid():
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


@contextmanager
def dev_run(*, account: str = "", closed: bool = False) -> Iterator[DevRun]:
    """A data directory below a new HOME, which is closed (0700) on request; nothing is left of it afterwards."""
    entry = pwd.getpwnam(account) if account else pwd.getpwuid(os.geteuid())
    home = Path(tempfile.mkdtemp(prefix="identity-dev-"))
    home.chmod(0o700 if closed else 0o755)
    os.chown(home, entry.pw_uid, entry.pw_gid)
    run = DevRun(home / ".identity", entry, [_interpreter_for(entry), "-m", "identity", "dev"])
    try:
        yield run
    finally:
        if run.process is not None:
            run.stop()
        if run.home.exists():
            EmbeddedPostgres(run.home).stop()
            if (run.home / place.NOTE).exists():
                shutil.rmtree(run.cluster().parent, ignore_errors=True)
        shutil.rmtree(home)


def _interpreter_for(account: pwd.struct_passwd) -> str:
    """This interpreter, or the machine's own of the same version when the account cannot run this one."""
    if account.pw_uid == os.geteuid():
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    drop: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with suppress(OSError, subprocess.CalledProcessError):
            check = [candidate, "-c", f"import {MODULES}"]
            environment = {"PYTHONPATH": MODULE_PATH}
            subprocess.run(check, check=True, cwd="/", env=environment, stderr=subprocess.DEVNULL, **drop)
            return candidate
    raise NoInterpreter(account.pw_name)


class DevEnded(Exception):
    """It ended before it was ready; the message is what it said."""


class NoInterpreter(Exception):
    """The account can run no Python that has what the project needs."""
