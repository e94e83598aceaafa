"""The supervisor of the embedded PostgreSQL: any number of processes may start it, one server results.

Two locks lie in the data directory, both freed by the kernel when their holder is killed: `postgres.lock` is held while
somebody starts or stops the server, `postgres.users` is shared by everybody who uses it. The last user stops it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from identity import ports
from identity.runtime import Runtime
from identity.store.embedded import postmaster
from identity.store.embedded.account import Account
from identity.store.embedded.binaries import cluster_major, find_binaries, runnable_by
from identity.store.embedded.cluster import SUPERUSER, make_cluster, read_password
from identity.store.embedded.failure import EmbeddedFailed
from identity.store.embedded.place import Place, find_place, make_home

DATABASE = "identity"
LOOPBACK = "127.0.0.1"
PATIENCE_WITH_RECOVERY = 600.0
"""Seconds a server that lives may take until it answers: crash recovery of a large database takes its time."""
PATIENCE_WITH_STARTS = 30.0
"""Seconds during which a server that ends at once is started again: leftovers of a killed one may be in the way."""
PATIENCE_WITH_OTHERS = PATIENCE_WITH_RECOVERY + 60
PATIENCE_WITH_STOP = 15.0
LEFTOVERS = ("pre-existing shared memory block", "lock file", "Address already in use", "could not bind")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the banner tells about the running server."""

    version: str
    account: str
    cluster_dir: Path
    socket_dir: Path | None
    """None when it listens on 127.0.0.1 because the path of a socket would be too long."""
    port: int


class EmbeddedPostgres:
    """A private PostgreSQL in a data directory. `start` may be called again at any time, also after the server died."""

    def __init__(
        self,
        home: Path,
        *,
        binaries: str = "",
        account: str = "",
        keep_running: bool = False,
        options: Mapping[str, str] | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._home = home
        self._binaries = binaries
        self._account = account
        self._keep_running = keep_running
        self._options = dict(options or {})
        self._new_secret = (runtime or Runtime()).new_secret
        self._users: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.facts: Facts | None = None

    def start(self, report: Callable[[str], None]) -> str:
        """Have the server run, made and started when need be; the URL of its database. Raises EmbeddedFailed."""
        try:
            self._home = make_home(self._home)
            with self._lock(), self._as_user():
                return self._start(report)
        except OSError as error:
            raise EmbeddedFailed(
                f"The embedded PostgreSQL cannot be started in {self._home}: {error}. "
                "Check that the data directory belongs to you and that the disk is not full."
            ) from error

    def is_alive(self) -> bool:
        """Whether the process of the server that was started lives: cheap, and no proof that it answers."""
        if self._child is not None:
            self._child.poll()
        pid = None if self.facts is None else postmaster.noted_process(self.facts.cluster_dir)
        return self.facts is not None and pid is not None and postmaster.is_server_of(pid, self.facts.cluster_dir)

    def stop(self) -> bool:
        """Stop using the server, and stop it unless others use it or it is to be kept; whether it was stopped."""
        if not self._home.is_dir():
            return False
        with self._lock():
            last = self._leave()
            if last and not self._keep_running:
                place, _ = find_place(self._home, self._account)
                postmaster.stop(place.cluster, self._child, PATIENCE_WITH_STOP)
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0  # it outlives us on purpose, and nobody is to be warned about it
        self._child = None
        return last and not self._keep_running

    def _start(self, report: Callable[[str], None]) -> str:
        place, account = find_place(self._home, self._account)
        began = time.monotonic()
        launched = None
        told = began
        while True:
            answer = self._knock(place)
            if isinstance(answer, str):
                return answer
            now = time.monotonic()
            if answer.refused and not self._is_alive(place):
                self._give_up_unless_leftovers(place, launched, now - began)
                launched = place.log.stat().st_size if place.log.exists() else 0
                self._launch(place, account, report)
                told = time.monotonic()
            elif now - began > PATIENCE_WITH_RECOVERY:
                raise EmbeddedFailed(f"PostgreSQL in {place.cluster} does not answer: {answer.reason}")
            elif now - told > 5:
                told = now
                report("waiting for PostgreSQL to answer")
            time.sleep(0.02)

    def _launch(self, place: Place, account: Account, report: Callable[[str], None]) -> None:
        major = cluster_major(place.cluster)
        binaries = runnable_by(account, find_binaries(self._binaries, major), place.programs)
        if major is None:
            report(f"setting up PostgreSQL {binaries.version} in {place.cluster}")
            durable = self._options.get("fsync") != "off"
            make_cluster(place, account, binaries, new_secret=self._new_secret, durable=durable)
        else:
            read_password(place)
        port = None if place.socket_path_fits else _usable_port(postmaster.noted_port(place.cluster))
        self._child = postmaster.start(place, account, binaries, port=port, options=self._options)

    def _is_alive(self, place: Place) -> bool:
        """A process of ours, or another's, that may still come to answer."""
        if self._child is not None and self._child.poll() is None:
            return True
        pid = postmaster.noted_process(place.cluster)
        return pid is not None and postmaster.is_server_of(pid, place.cluster)

    def _give_up_unless_leftovers(self, place: Place, launched: int | None, waited: float) -> None:
        if launched is None:
            return
        with place.log.open("rb") as log:
            log.seek(launched)
            said = log.read().decode("utf-8", errors="replace").strip()
        if waited > PATIENCE_WITH_STARTS or not any(sign in said for sign in LEFTOVERS):
            raise EmbeddedFailed(
                f"PostgreSQL ended right after its start in {place.cluster}: {' / '.join(said.splitlines()[-3:])} "
                f"(its log is {place.log})."
            )
        time.sleep(0.1)

    def _knock(self, place: Place) -> str | _NoAnswer:
        """The proof of life is a real connection; makes our database on the way when it is missing."""
        port = 5432 if place.socket_path_fits else postmaster.noted_port(place.cluster)
        if port is None or not place.password.exists():
            return _NoAnswer("there is no server yet", refused=True)
        url = _url(place, read_password(place), port)
        try:
            connection = psycopg.connect(url, connect_timeout=5, autocommit=True)
        except psycopg.OperationalError as error:
            reason = str(error).strip()
            if f'database "{DATABASE}" does not exist' in reason:
                _make_database(_url(place, read_password(place), port, "postgres"))
                return _NoAnswer("its database was just made", refused=False)
            if "password authentication failed" in reason:
                raise EmbeddedFailed(
                    f"The embedded database does not accept the password in {place.password}. "
                    "Restore that file from a backup of the same database."
                ) from error
            return _NoAnswer(reason.splitlines()[0], refused="FATAL" not in reason and "timeout" not in reason)
        with connection:
            version = connection.info.parameter_status("server_version") or "unknown"
        owner = find_place(self._home, self._account)[1].name
        sockets = place.sockets if place.socket_path_fits else None
        self.facts = Facts(version.split(" ")[0], owner, place.cluster, sockets, port)
        return url

    @contextmanager
    def _as_user(self) -> Iterator[None]:
        """Take our share of the server; give it back when the start fails and we had none before."""
        if self._users is not None:
            yield
            return
        users = self._open("postgres.users")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            yield
        except BaseException:  # also an interrupt: a share that stays would keep the server up; raised again
            os.close(users)
            raise
        self._users = users

    def _leave(self) -> bool:
        """Give up our share of the server; whether nobody else has one."""
        users = self._open("postgres.users") if self._users is None else self._users
        self._users = None
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(users)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        file = self._open("postgres.lock")
        deadline = time.monotonic() + PATIENCE_WITH_OTHERS
        try:
            while not _taken(file):
                if time.monotonic() > deadline:
                    raise EmbeddedFailed(f"Another process has been starting PostgreSQL in {self._home} for too long.")
                time.sleep(0.02)
            yield
        finally:
            os.close(file)

    def _open(self, name: str) -> int:
        return os.open(self._home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@dataclass(frozen=True, slots=True)
class _NoAnswer:
    reason: str
    refused: bool
    """Nothing listens there; otherwise a server is there but not ready."""


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _url(place: Place, password: str, port: int, database: str = DATABASE) -> str:
    secret = quote(password, safe="")
    if place.socket_path_fits:
        return f"postgresql://{SUPERUSER}:{secret}@/{database}?host={quote(str(place.sockets), safe='')}&port={port}"
    # Another program could wait on a port that was ours: only a server that knows the password is accepted.
    return f"postgresql://{SUPERUSER}:{secret}@127.0.0.1:{port}/{database}?require_auth=scram-sha-256"


def _make_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _usable_port(before: int | None) -> int:
    """The port of a server that was killed, which its users still know, when nobody took it; else a free one."""
    return before if before and ports.is_free(LOOPBACK, before) else ports.free_port(LOOPBACK)
