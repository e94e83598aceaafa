"""Numbers for Prometheus: answers by route, logins by door and status, connections. Summed over all workers.

The client library keeps each process's numbers in a file of PROMETHEUS_MULTIPROC_DIR, when that is set before the
library is imported (`identity serve` and config/gunicorn.conf.py do so), and adds them up for whichever worker is
asked. Without it the numbers are this process's.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
log = logging.getLogger("identity.metrics")

POOL_EVERY = 1.0
"""Seconds between two looks at the connection pool."""


class Metrics:
    """What one process counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._folder = os.environ.get(FOLDER)
        self._failing = False
        if self._folder:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
            _forget_dead(Path(self._folder))
        self._seconds = Histogram(
            "identity_request_seconds",
            "How long requests took, by route.",
            ["method", "route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._requests = Counter(
            "identity_requests",
            "Answers, by route and status.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._logins = Counter(
            "identity_logins",
            "Login attempts, by the door they came to and the status they got.",
            ["door", "status"],
            registry=self._registry,
        )
        self._pool = Gauge(
            "identity_database_connections",
            "Connections to the database by state, and the requests that wait for one.",
            ["state"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._pool_seen = 0.0

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        with self.never_failing():
            self._requests.labels(method, route, status).inc()
            self._seconds.labels(method, route).observe(seconds)

    def login(self, door: str, status: int) -> None:
        with self.never_failing():
            self._logins.labels(door, status).inc()

    def wants_pool(self, now: float) -> bool:
        """Whether it is time to look at the pool again; `now` is monotonic seconds."""
        if now - self._pool_seen < POOL_EVERY:
            return False
        self._pool_seen = now
        return True

    def pool(self, open_connections: int, idle: int, waiting: int) -> None:
        with self.never_failing():
            self._pool.labels("busy").set(open_connections - idle)
            self._pool.labels("idle").set(idle)
            self._pool.labels("waiting").set(waiting)

    def text(self, depths: dict[str, int]) -> bytes:
        """Everything in Prometheus' text format, with what waits in the outbox and what was given up."""
        registry = self._registry
        if self._folder and Path(self._folder).is_dir():
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        outbox = CollectorRegistry()
        outbox.register(_Outbox(depths))
        return generate_latest(registry) + generate_latest(outbox)

    @contextmanager
    def never_failing(self) -> Iterator[None]:
        """The files of the numbers may be gone or the disk full: that must not fail a request. It is said once."""
        try:
            yield
        except OSError as error:
            if not self._failing:
                log.error("the metrics can not be written any more: %s", type(error).__name__)
            self._failing = True


class _Outbox(Collector):
    """One number of the whole installation, read when it is asked for."""

    def __init__(self, depths: dict[str, int]) -> None:
        self._depths = depths

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily("identity_outbox", "Parcels in the outbox, by state.", labels=["state"])
        for state, depth in self._depths.items():
            family.add_metric([state], depth)
        yield family


def _forget_dead(folder: Path) -> None:
    """Gauges of processes that were killed, which nobody could tell."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with suppress(FileNotFoundError):  # another worker that begins now does the same
                mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
