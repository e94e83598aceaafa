"""The mails that wait in the outbox of a service whose courier does not run."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from identity.sealing import Place
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
