"""`identity clock`: move the time of a service in development mode, so that expiries can be tried without waiting."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from identity.runtime import Runtime
from identity.store import development_clock
from identity.store.db import Connection, Database

Work = Callable[[Connection], int | None]
UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION = re.compile(r"(?:[0-9]{1,9}[wdhms])+")
FARTHEST = 100 * 366 * 86_400 * 1000
"""Milliseconds that the clock may be ahead: beyond that, dates end somewhere."""


class ClockRefused(Exception):
    """The clock cannot be moved; the message says why."""


def milliseconds(text: str) -> int:
    """`31d`, `90m`, `1d12h` ... Raises ValueError."""
    if not DURATION.fullmatch(text):
        raise ValueError(text)
    return 1000 * sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)([wdhms])", text))


def advance(url: str, by: int, runtime: Runtime) -> str:
    """Move the service's time on by that many milliseconds; what it is then. Raises ClockRefused, StoreUnavailable."""

    def move(conn: Connection) -> int | None:
        known = development_clock.offset(conn)
        if known is not None and known + by > FARTHEST:
            raise ClockRefused("That is more than a hundred years ahead; `identity clock reset` goes back.")
        return development_clock.advance(conn, by)

    return _changed(url, move, runtime)


def reset(url: str, runtime: Runtime) -> str:
    """Back to the real time. Raises ClockRefused, StoreUnavailable."""
    return _changed(url, development_clock.reset, runtime)


def shown(url: str, runtime: Runtime) -> str:
    """What the service's time is. Raises ClockRefused, StoreUnavailable."""
    return _with(url, development_clock.offset, runtime)


def _changed(url: str, move: Work, runtime: Runtime) -> str:
    """Returns once every worker goes by the new time."""
    told = _with(url, move, runtime)
    time.sleep(2 * development_clock.REREAD_SECONDS)
    return told


def _with(url: str, work: Work, runtime: Runtime) -> str:
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.transaction() as conn:
            offset = work(conn)
    finally:
        database.close()
    if offset is None:
        raise ClockRefused("No service has run in development mode on this database: there is no clock to move.")
    return _described(runtime.now() + offset, offset)


def _described(now: int, offset: int) -> str:
    instant = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds")
    return f"The service's time is {instant}, {ahead(offset) if offset else 'the real time'}."


def ahead(offset: int) -> str:
    """Milliseconds in words."""
    return f"{str(timedelta(milliseconds=offset)).removesuffix(', 0:00:00')} ahead of the real time"
