"""`identity explain ID`: one login trace as the operator reads it, straight from the database, without a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from identity.domain.trace import EndedTrace
from identity.store import login_traces
from identity.store.db import Database


class NoSuchTrace(Exception):
    """There is no trace with this id; the message says what that may mean."""


def explained(url: str, trace_id: str) -> str:
    """The trace in lines. Raises NoSuchTrace, StoreUnavailable."""
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.read() as conn:
            found = login_traces.find(conn, None, trace_id.strip().upper())
    finally:
        database.close()
    if found is None:
        raise NoSuchTrace(
            f"There is no login trace {trace_id}. The id is in the header X-Identity-Trace of the login's answer; the "
            f"newest {login_traces.KEPT} traces are kept."
        )
    return "\n".join(_lines(found))


def _lines(trace: EndedTrace) -> Iterator[str]:
    began = datetime.fromtimestamp(trace.instant / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")
    yield f"login trace {trace.id}"
    yield f"  began              {began.removesuffix('+00:00')} UTC, by the door '{trace.door}'"
    yield f"  outcome            {trace.status} after {trace.milliseconds} ms"
    yield f"  decided by         {trace.rule or 'no rule'}"
    for name in ("tenant_id", "application_id", "identity_provider_id", "user_id"):
        if (value := getattr(trace, name)) is not None:
            yield f"  {name.removesuffix('_id').replace('_', ' '):<18} {value}"[:200]
    yield "  steps"
    for step in trace.steps:
        rule = f"   [{step.rule}]" if step.rule else ""
        yield f"  {step.instant:>7} ms  {_printable(step.text)}{rule}"


def _printable(text: str) -> str:
    """Text from outside must not steer the operator's terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
