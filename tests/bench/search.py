"""The stage behind `python -m tests.bench search`: what a page of the user search costs, by how deep it is.

The pages are asked for over HTTP, each by the `nextResults` that the page before would have given: it is made here from
the user at that place, since walking there takes as long as it is deep.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import requests

from identity.domain.user_order import Place, Search, Sort, encoded
from identity.store import user_search
from tests.bench.failure import BenchFailed
from tests.bench.service import configured_service
from tests.bench.stage import embedded_postgres, new_database

USERS = 1_000_000
BATCH = 50_000
TIMES = 40
ROWS = 25
ORDERS = {
    "login": Sort("login"),
    "insertInstant, newest first": Sort("insertInstant", descending=True),
    "fullName": Sort("fullName"),
}
FLATNESS, NOISE_MS = 2.0, 5.0
"""How much dearer a deep page may be than the first one: so many times, and what a busy machine adds."""

_FILL = """
    INSERT INTO users (tenant_id, id, email, email_canonical, first_name, last_name, full_name, birth_date,
        connector_id, insert_instant, last_update_instant)
    SELECT t.id, md5('user ' || n)::uuid, 'p' || n || '@example.com', 'p' || n || '@example.com',
        'First' || n %% 5000, 'Last' || n, 'First' || n %% 5000 || ' Last' || n %% 20000, '1980-01-01', t.id,
        1500000000000 + n / 10, 1500000000000
    FROM generate_series(%s::int, %s::int) AS n, tenants t WHERE t.is_default
    """


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds for one page of `ROWS` users, the request and its answer included."""

    order: str
    depth: int
    p50: float
    most: float


def measure(users: int, tell: Callable[[str], None]) -> list[Figure]:
    """Raises BenchFailed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="identity-bench-")))
        folder.chmod(0o711)  # as root, PostgreSQL drops to an account that must be able to pass
        url, _ = stack.enter_context(embedded_postgres(folder / "home", tell))
        database = new_database(url, "search")
        running = configured_service(database, "http://127.0.0.1:1", folder, ("key", "secret"), 1)
        port, _, _, api_key = stack.enter_context(running)
        _fill(database, users, tell)
        conn = stack.enter_context(psycopg.connect(database, autocommit=True))
        session = stack.enter_context(requests.Session())
        session.headers["Authorization"] = api_key
        address = f"http://127.0.0.1:{port}/api/user/search"
        return [
            _figure(session, address, order, depth, _place(conn, sort, depth))
            for order, sort in ORDERS.items()
            for depth in sorted({0, users // 100, users // 2, users - 2 * ROWS})
        ]


def table(figures: list[Figure], users: int) -> str:
    lines = [
        f"{ROWS} users a page, of {users:,}; median and slowest of {TIMES} requests, one at a time.",
        "",
        "| order                       | page begins at | p50 ms | most ms |",
        "| ---                         | ---            | ---    | ---     |",
    ]
    lines += [f"| {each.order:<27} | {each.depth:<14,} | {each.p50:<6.1f} | {each.most:<7.1f} |" for each in figures]
    return "\n".join(lines)


def refuse_rising(figures: list[Figure]) -> None:
    """Raises BenchFailed when a deep page costs more than a page near the beginning."""
    for order in ORDERS:
        first, *deep = [figure.p50 for figure in figures if figure.order == order]
        if max(deep) > FLATNESS * first + NOISE_MS:
            raise BenchFailed(f"pages by {order} rise from {first:.1f} to {max(deep):.1f} ms with their depth")


def _fill(database: str, users: int, tell: Callable[[str], None]) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        for start in range(0, users, BATCH):
            conn.execute(_FILL, (start, min(start + BATCH, users) - 1))
            tell(f"{min(start + BATCH, users):,} users are in")
        conn.execute("VACUUM ANALYZE users")


def _place(conn: psycopg.Connection[Any], sort: Sort, depth: int) -> Place | None:
    """The place of the user before that depth; None is the beginning."""
    if depth == 0:
        return None
    conn.execute("SET statement_timeout = 0")
    found, _ = user_search.page(conn, _tenant(conn), Search("*", (sort,), 1), start_row=depth - 1)
    value = {"login": found[0].email, "insertInstant": found[0].insert_instant, "fullName": found[0].full_name}
    return Place((value[sort.name],), found[0].id)


def _tenant(conn: psycopg.Connection[Any]) -> UUID:
    row = conn.execute("SELECT id FROM tenants WHERE is_default").fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def _figure(session: requests.Session, address: str, order: str, depth: int, begin: Place | None) -> Figure:
    sort = ORDERS[order]
    criteria: dict[str, Any] = {"numberOfResults": ROWS}
    if begin is None:
        criteria["sortFields"] = [{"name": sort.name, "order": "desc" if sort.descending else "asc"}]
    else:
        criteria["nextResults"] = encoded(Search("*", (sort,), ROWS), begin)
    milliseconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = session.post(address, json={"search": criteria}, timeout=60)
        milliseconds.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200 or len(answer.json()["users"]) != ROWS:
            raise BenchFailed(f"a page at {depth} was not answered: {answer.status_code} {answer.text[:300]}")
    return Figure(order, depth, statistics.median(milliseconds), max(milliseconds))
