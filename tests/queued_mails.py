"""What waits in the outbox of a service whose courier does not run: mails, and what strangers asked for."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from identity.flows import put_off
from identity.sealing import Place
from identity.store import outbox
from identity.store.outbox import Parcel
from tests.service import Service


@dataclass(frozen=True)
class QueuedMail:
    to: str
    subject: str
    text: str
    html: str


def queued_mails(service: Service) -> list[QueuedMail]:
    """Oldest first."""
    with service.services.db.read() as conn:
        rows = conn.execute(
            "SELECT id, payload FROM outbox WHERE kind = 'mail' ORDER BY queued_instant, place, id"
        ).fetchall()
    found = []
    for parcel_id, payload in rows:
        letter = orjson.loads(service.services.sealer.open(payload, Place("outbox", parcel_id, "payload")))
        mail = letter["mail"]
        found.append(QueuedMail(letter["to"], mail["subject"], mail["text"], mail["html"]))
    return found


def do_what_strangers_asked(service: Service) -> int:
    """What the courier would do of that kind and no other; how many requests there were."""
    with service.services.db.read() as conn:
        rows = conn.execute(f"SELECT {outbox.COLUMNS} FROM outbox WHERE kind = %s", (put_off.KIND,)).fetchall()
    for row in rows:
        put_off.deliver(service.services, Parcel(*row))
        with service.services.db.read() as conn:
            outbox.done(conn, Parcel(*row))
    return len(rows)
