"""The outbox: what is to leave the service once a transaction has committed, and is not lost when a process dies.

A parcel is a row written in the transaction that causes it. Whoever claims it holds a lease: when it ends without a
word, the parcel is anybody's again, so everything is delivered at least once. Parcels of one ordering key leave one
after the other, by the time they were queued (no sequence: decision 38).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identity.store.db import Connection

PAUSES = (1_000, 10_000, 60_000)
"""Milliseconds before the second try and those after it; the first is at once (decision 18)."""

LONGEST_FAILURE = 500
COLUMNS = "id, tenant_id, kind, ordering_key, payload, queued_instant, place, tries"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to deliver. `payload` is sealed by whoever adds it, in the place `("outbox", id, "payload")`."""

    id: UUID
    tenant_id: UUID | None
    kind: str
    ordering_key: str
    payload: str = field(repr=False)
    queued_instant: int
    place: int = 0
    """The order among parcels that were queued at the same instant."""

    tries: int = 0
    """How often it has been tried, the present time included."""

    @property
    def is_last_try(self) -> bool:
        return self.tries > len(PAUSES)


def add(conn: Connection, parcel: Parcel) -> None:
    """Queue a parcel in the caller's transaction. Raises InUse, when the tenant is gone."""
    conn.execute(
        """
        INSERT INTO outbox (id, tenant_id, kind, ordering_key, payload, queued_instant, place, due_instant)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            parcel.id,
            parcel.tenant_id,
            parcel.kind,
            parcel.ordering_key,
            parcel.payload,
            parcel.queued_instant,
            parcel.place,
            parcel.queued_instant,
        ),
    )


SYSTEM_EVENT = "system-event"
"""The kind of a parcel that tells of a row of a log. Its payload names the row and is not sealed."""

TELLING = """
    INSERT INTO outbox (id, kind, ordering_key, payload, queued_instant, place, due_instant)
    SELECT md5(%(event)s::text || '/' || entry.id)::uuid, 'system-event', %(event)s,
        json_build_object('type', %(event)s::text, 'entry', entry.id)::text, %(now)s, entry.id %% 2147483647, %(now)s
    FROM entry WHERE EXISTS (SELECT 1 FROM webhooks WHERE events_enabled -> %(event)s::text = 'true')"""
"""The end of a statement whose WITH makes an `entry`: puts such a parcel into the outbox, if a webhook listens."""

_CLAIM = f"""
    UPDATE outbox SET tries = tries + 1, leased_until = %(until)s WHERE id IN (
        SELECT id FROM outbox candidate
        WHERE failed_instant IS NULL AND due_instant <= %(now)s AND kind <> ALL (%(but)s)
          AND (leased_until IS NULL OR leased_until <= %(now)s)
          AND NOT EXISTS (
            SELECT 1 FROM outbox earlier
            WHERE earlier.ordering_key = candidate.ordering_key AND earlier.failed_instant IS NULL
              AND (earlier.queued_instant, earlier.place, earlier.id)
                < (candidate.queued_instant, candidate.place, candidate.id))
        ORDER BY due_instant, place LIMIT %(most)s FOR UPDATE SKIP LOCKED)
    RETURNING {COLUMNS}"""  # noqa: S608 (constants only)


def claim(conn: Connection, now: int, *, most: int, lease: int, but: Sequence[str] = ()) -> list[Parcel]:
    """Parcels that are due and whose turn it is, leased for `lease` milliseconds; of each key one at the most.

    None of the kinds in `but`.
    """
    asked = {"now": now, "until": now + lease, "most": most, "but": list(but)}
    rows = conn.execute(_CLAIM, asked).fetchall()
    return sorted((Parcel(*row) for row in rows), key=lambda parcel: (parcel.queued_instant, parcel.place))


def renew(conn: Connection, parcels: Sequence[Parcel], until: int) -> None:
    """They are still being delivered."""
    tries = {parcel.id: parcel.tries for parcel in parcels}
    conn.execute(
        """
        UPDATE outbox SET leased_until = %s FROM unnest(%s::uuid[], %s::integer[]) AS mine (id, tries)
        WHERE outbox.id = mine.id AND outbox.tries = mine.tries AND leased_until IS NOT NULL
        """,
        (until, list(tries), list(tries.values())),
    )


def done(conn: Connection, parcel: Parcel) -> None:
    """It has arrived."""
    conn.execute("DELETE FROM outbox WHERE id = %s", (parcel.id,))


def failed(conn: Connection, parcel: Parcel, now: int, reason: str, *, final: bool = False) -> bool:
    """It has not arrived: try again after a pause, or give it up. Whether it was given up.

    Who has lost the lease meanwhile changes nothing.
    """
    over = final or parcel.is_last_try
    due = now if over else now + PAUSES[parcel.tries - 1]
    conn.execute(
        """
        UPDATE outbox SET leased_until = NULL, due_instant = %s, failed_instant = %s, last_failure = %s
        WHERE id = %s AND tries = %s
        """,
        (due, now if over else None, reason[:LONGEST_FAILURE], parcel.id, parcel.tries),
    )
    return over


@dataclass(frozen=True, slots=True)
class Failed:
    """A parcel that was given up, for the operator."""

    id: UUID
    kind: str
    tenant_id: UUID | None
    failed_instant: int
    reason: str | None


def depths(conn: Connection) -> dict[str, int]:
    """How many parcels wait, and how many were given up."""
    row = conn.execute(
        "SELECT count(*) FILTER (WHERE failed_instant IS NULL), count(failed_instant) FROM outbox"
    ).fetchone()
    assert row is not None
    return {"waiting": row[0], "given up": row[1]}


def given_up(conn: Connection, most: int) -> list[Failed]:
    """Parcels that were given up, the oldest first."""
    query = """
        SELECT id, kind, tenant_id, failed_instant, last_failure FROM outbox
        WHERE failed_instant IS NOT NULL ORDER BY failed_instant LIMIT %s"""
    return [Failed(*row) for row in conn.execute(query, (most,))]


def resend(conn: Connection, now: int, *, kind: str | None = None, parcel_id: UUID | None = None) -> int:
    """Let parcels that were given up be tried again from the beginning; how many."""
    renewed = conn.execute(
        """
        UPDATE outbox SET tries = 0, due_instant = %(now)s, leased_until = NULL, failed_instant = NULL
        WHERE failed_instant IS NOT NULL AND (%(kind)s::text IS NULL OR kind = %(kind)s)
          AND (%(id)s::uuid IS NULL OR id = %(id)s)
        """,
        {"now": now, "kind": kind, "id": parcel_id},
    )
    return renewed.rowcount


def prune(conn: Connection, before: int, batch: int) -> int:
    """Forget parcels that were given up before this instant; at most `batch`."""
    removed = conn.execute(
        """
        DELETE FROM outbox WHERE id IN (
            SELECT id FROM outbox WHERE failed_instant < %s ORDER BY failed_instant LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        (before, batch),
    )
    return removed.rowcount
