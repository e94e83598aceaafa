"""The server process: starting it, telling whether it is ours and alive, and stopping it.

A process id in `postmaster.pid` proves nothing: after a kill -9 it may be a zombie's, or another program's by now.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from identity.store.embedded.account import Account
from identity.store.embedded.binaries import Binaries
from identity.store.embedded.place import Place

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    # Failed statements carry values that may not be stored in clear text; they are the service's to report.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "cluster_name": "identity",
}
LARGEST_LOG = 4 * 1024 * 1024
FAST = signal.SIGINT
IMMEDIATE = signal.SIGQUIT


def noted_process(cluster: Path) -> int | None:
    """The process id in `postmaster.pid`; None when there is none."""
    lines = _lock_file_lines(cluster)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def noted_port(cluster: Path) -> int | None:
    """The port in `postmaster.pid`; None when there is none."""
    lines = _lock_file_lines(cluster)
    return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None


def is_server_of(pid: int, cluster: Path) -> bool:
    """Whether this process lives, is no zombie, and is a PostgreSQL that works in this cluster."""
    entry = Path("/proc") / str(pid)
    if entry.parent.joinpath("self").exists():
        try:
            return (entry / "cwd").readlink() == cluster and "postgres" in (entry / "comm").read_text()
        except OSError:
            return False
    command = ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return not shown.stdout.startswith("Z") and str(cluster) in shown.stdout


def start(
    place: Place, account: Account, binaries: Binaries, *, port: int | None, options: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the server on its private socket, or on 127.0.0.1 when a port is given."""
    settings = {**SETTINGS, **_addresses(place, port), **options}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    _shorten_log(place.log)
    with place.log.open("ab") as log:
        return subprocess.Popen(
            [binaries.folder / "postgres", "-D", place.cluster, *arguments],
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, **_ignoring_a_stale_process(place.cluster)},
            cwd="/",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **account.subprocess_options,
        )


def stop(cluster: Path, child: subprocess.Popen[bytes] | None, patience: float) -> None:
    """End all sessions and wait until the server is gone; a clean end, so that the next start needs no recovery."""
    pid = noted_process(cluster)
    if pid is None or not is_server_of(pid, cluster):
        return
    for order in (FAST, IMMEDIATE):
        os.kill(pid, order)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if child is not None and child.pid == pid:
                child.poll()
            if not is_server_of(pid, cluster):
                return
            time.sleep(0.02)


def _addresses(place: Place, port: int | None) -> dict[str, str]:
    if port is not None:
        return {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    sockets = str(place.sockets).replace('"', '""')
    return {
        "listen_addresses": "",
        "port": "5432",  # only a part of the socket's name
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
    }


def _ignoring_a_stale_process(cluster: Path) -> dict[str, str]:
    """Make PostgreSQL ignore the process id in its lock file, unless it really is a server of this cluster.

    An id that another program got after a crash would block the start for ever. Source: Patroni, pull request 681.
    """
    pid = noted_process(cluster)
    return {} if pid is None or is_server_of(pid, cluster) else {"PG_GRANDPARENT_PID": str(pid)}


def _lock_file_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _shorten_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(f"{log.name}.old"))
