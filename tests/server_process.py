"""The service as its operator runs it: a process of its own, on a migrated database, settings in the environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from identity.bootstrap import prepare
from identity.ports import free_port
from identity.runtime import Runtime
from identity.sealing import new_key_line
from identity.settings import load

SERVE = (sys.executable, "-m", "identity", "serve")
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "identity.app:application()")
ROOT = Path(__file__).parent.parent


@dataclass
class ServerProcess:
    """A running server and what it says."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait(self, seconds: float) -> int:
        return self.process.wait(seconds)


@contextmanager
def server_process(
    database_url: str, folder: Path, command: Sequence[str] = SERVE, **environment: str
) -> Iterator[ServerProcess]:
    """Migrated, with its default objects, answering; ended by SIGTERM at the end of the block."""
    port = free_port("127.0.0.1")
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "IDENTITY_DATABASE_URL": database_url,
        "IDENTITY_SECRET_KEY_FILE": str(_key_file(folder)),
        "IDENTITY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "IDENTITY_PORT": str(port),
        "IDENTITY_WORKERS": "1",
    } | environment
    prepare(load(given), Runtime())
    output = folder / "output"
    with output.open("wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        server = ServerProcess(given["IDENTITY_PUBLIC_URL"], port, process, output)
        try:
            _await(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _key_file(folder: Path) -> Path:
    path = folder / "secret.keys"
    path.write_text(new_key_line("test", Runtime().random_bytes), encoding="utf-8")
    return path


def _await(server: ServerProcess) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.process.poll() is None, server.said()
        try:
            if requests.get(server.url + "/api/status", timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
        assert time.monotonic() < deadline, server.said()
