"""What a run stands on: one embedded PostgreSQL, fake X, and the two targets, all up together."""

from __future__ import annotations

import http.client
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import orjson
import psycopg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import sql

from identity.ports import free_port
from identity.store.embedded import EmbeddedPostgres
from identity.store.embedded.postmaster import noted_process
from tests.bench import accounting
from tests.bench.operations import Wire
from tests.bench.programs import program
from tests.bench.service import configured_service
from tests.postgres import with_database

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORKERS = 2
FLOOR_THREADS = 8
OTHER = "before"
"""The name of the target that is the service of another source tree."""

FLOOR_APPLICATION = "floor_app:app"
CONSUMER_KEY, CONSUMER_SECRET = "bench-key", "bench-secret"


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    process: int
    wire: Wire

    def processes(self) -> list[int]:
        """Master and workers; the children of the lambda pool are reported apart."""
        return accounting.without_lambdas(self.process)

    def lambda_children(self) -> list[int]:
        return accounting.lambdas_only(self.process)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. `postgres` is the process id of the postmaster.

    The service is measured against `floor`: the floor, or the service of another source tree.
    """

    floor: Target
    service: Target
    databases: tuple[str, ...]
    postgres: int
    x_port: int

    def calls_to_x(self) -> dict[str, int]:
        """How many calls fake X has served, by path, and refused, by reason."""
        return dict(self._ask_x("/__stats"))

    def gather_statistics(self) -> None:
        """What autovacuum would do within a minute of the first rows: without it plans are guesses, for both."""
        for url in self.databases:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def set_latency(self, milliseconds: int) -> None:
        self._ask_x(f"/__latency?ms={milliseconds}")

    def _ask_x(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.x_port, timeout=10)
        try:
            connection.request("GET", path)
            return orjson.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def stage(report: Callable[[str], None], against: Path | None = None) -> Iterator[Stage]:
    """Bring everything up; take it all down, files included. Raises BenchFailed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="identity-bench-")))
        folder.chmod(0o711)  # as root, PostgreSQL drops to an account that must be able to pass
        url, postmaster = stack.enter_context(embedded_postgres(folder / "home", report))
        x_port = free_port("127.0.0.1")
        options = ("--port", str(x_port), "--consumer-key", CONSUMER_KEY, "--consumer-secret", CONSUMER_SECRET)
        stack.enter_context(
            program(
                "fake X",
                [sys.executable, HERE / "fake_x.py", *options],
                x_port,
                folder / "x.log",
                cwd=ROOT,
                environment={},
            )
        )
        x_url = f"http://127.0.0.1:{x_port}"
        databases = (new_database(url, "floor"), new_database(url, "service"))
        if against is None:
            floor = stack.enter_context(_floor(databases[0], x_url, folder))
        else:
            floor = stack.enter_context(_service(OTHER, databases[0], x_url, folder, against))
        service = stack.enter_context(_service("service", databases[1], x_url, folder, ROOT))
        yield Stage(floor, service, databases, postmaster, x_port)


@contextmanager
def _service(name: str, url: str, x_url: str, folder: Path, root: Path) -> Iterator[Target]:
    consumer = (CONSUMER_KEY, CONSUMER_SECRET)
    with configured_service(url, x_url, folder, consumer, WORKERS, name=name, root=root) as running:
        port, process, application_id, api_key = running
        yield Target(name, process, Wire(port, application_id, api_key))


@contextmanager
def embedded_postgres(home: Path, report: Callable[[str], None]) -> Iterator[tuple[str, int]]:
    """The URL of the embedded server, which syncs as in production, and its process id."""
    embedded = EmbeddedPostgres(home)
    url = embedded.start(report)
    try:
        assert embedded.facts is not None  # it has started
        process = noted_process(embedded.facts.cluster_dir)
        assert process is not None
        yield url, process
    finally:
        embedded.stop()


def new_database(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return with_database(url, name)


@contextmanager
def _floor(url: str, x_url: str, folder: Path) -> Iterator[Target]:
    """The reference floor under granian, as its own figures were taken: RS256, pycurl, 2 workers of 8 threads."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((HERE / "schema.sql").read_bytes())
    key_file = folder / "floor.pem"
    key_file.write_bytes(_rsa_key())
    port = free_port("127.0.0.1")
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(WORKERS)]
    serving = ["--blocking-threads", str(FLOOR_THREADS), "--port", str(port), "--log-level", "warning"]
    environment = {
        "BENCH_X_URL": x_url,
        "BENCH_RSA_KEY": str(key_file),
        "BENCH_JWT": "RS256",
        "BENCH_FLOOR_HTTP": "pycurl",
        **_libpq(url),
    }
    log, command = folder / "floor.log", [*granian, *serving, FLOOR_APPLICATION]
    with program("the floor", command, port, log, cwd=HERE / "floor", environment=environment) as process:
        yield Target("floor", process, Wire(port, str(uuid4())))


def _libpq(url: str) -> dict[str, str]:
    """The database as the floor wants it named."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "BENCH_PG_SOCKET_DIR": query["host"][0] if "host" in query else str(parts.hostname),
        "BENCH_PG_USER": str(parts.username),
        "BENCH_DB": parts.path.lstrip("/"),
        "PGPASSWORD": unquote(str(parts.password)),
        "PGPORT": query["port"][0] if "port" in query else str(parts.port),
    }


def _rsa_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())
