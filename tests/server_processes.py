"""Real server processes: `identity serve` with several workers over a database that a test has prepared."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from identity.ports import free_port
from identity.settings import Settings

PATIENCE = 60.0


@dataclass
class Servers:
    """The running processes. `log` is the file that their output goes to."""

    url: str
    log: Path
    master: psutil.Process
    count: int
    workers: list[psutil.Process] = field(default_factory=list)

    def busy_seconds(self) -> dict[int, float]:
        """Processor seconds that each worker has used so far."""
        return {worker.pid: sum(worker.cpu_times()[:2]) for worker in self.workers}


@contextmanager
def server_processes(settings: Settings, workers: int, log: Path) -> Iterator[Servers]:
    """Serve with the database, key file and X of these settings until the block ends."""
    port = free_port("127.0.0.1")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")} | {
        "IDENTITY_DATABASE_URL": settings.database.url,
        "IDENTITY_DATA_DIR": str(settings.data_dir),
        "IDENTITY_MODE": settings.mode,
        "IDENTITY_PORT": str(port),
        "IDENTITY_SECRET_KEY_FILE": settings.secret.key_file,
        "IDENTITY_THREADS": "16",
        "IDENTITY_WORKERS": str(workers),
        "IDENTITY_X_API_URL": settings.x.api_url,
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "identity", "serve"], env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        servers = Servers(f"http://127.0.0.1:{port}", log, psutil.Process(process.pid), workers)
        try:
            _await(servers, process)
            yield servers
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _await(servers: Servers, process: subprocess.Popen[bytes]) -> None:
    """Until every worker has its connection to the database, which it opens before it accepts any other."""
    deadline = time.monotonic() + PATIENCE
    while True:
        servers.workers = [child for child in servers.master.children(recursive=True) if _serves(child)]
        if len(servers.workers) == servers.count and _answers(servers.url):
            return
        assert process.poll() is None, servers.log.read_text()
        assert time.monotonic() < deadline, servers.log.read_text()
        time.sleep(0.05)


def _serves(child: psutil.Process) -> bool:
    """A worker has the pool's threads; a process that only tracks resources has one thread."""
    try:
        return child.num_threads() > 3
    except psutil.NoSuchProcess:
        return False


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/status", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
