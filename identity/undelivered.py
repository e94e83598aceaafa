"""What the courier has given up: shown to the operator, and sent again when he says so (decision 18)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from identity.runtime import Runtime
from identity.store import audit, outbox
from identity.store.db import Database

ACTOR = "identity outbox"
MOST_SHOWN = 1_000


def described(url: str) -> list[str]:
    """One line for each parcel, the oldest first, without what is in it. Raises StoreUnavailable."""
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.read() as conn:
            return [_line(parcel) for parcel in outbox.given_up(conn, MOST_SHOWN)]
    finally:
        database.close()


def resend(url: str, runtime: Runtime, *, kind: str | None, parcel_id: UUID | None) -> int:
    """Hand parcels to the courier again, as if they were new; how many. Raises StoreUnavailable."""
    database = Database(url, pool_size=1)
    database.open()
    try:
        with database.transaction() as conn:
            now = runtime.now()
            renewed = outbox.resend(conn, now, kind=kind, parcel_id=parcel_id)
            if renewed:
                audit.add(conn, now, ACTOR, f"Sent {renewed} parcels again that had been given up")
            return renewed
    finally:
        database.close()


def _line(parcel: outbox.Failed) -> str:
    moment = datetime.fromtimestamp(parcel.failed_instant / 1000, UTC).isoformat(timespec="seconds")
    return f"{parcel.id}  {parcel.kind}  {moment.replace('+00:00', 'Z')}  {parcel.reason or '-'}"
