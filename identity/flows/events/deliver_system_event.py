"""Delivers a parcel of the kind "system-event": a row of a log becomes an event for each webhook that listens.

The row and the parcel were written by one statement; what is delivered here is put into the outbox again, once for each
webhook, so that one that is down keeps nobody else waiting.
"""

from __future__ import annotations

import orjson

from identity.domain.events import Event
from identity.flows.events.announce import Announcement, entry_of, record
from identity.flows.services import Services
from identity.store import audit, event_log, webhooks
from identity.store.db import Connection, UniqueConflict
from identity.store.outbox import Parcel


def deliver(services: Services, parcel: Parcel) -> None:
    """A row that was pruned meanwhile is told to nobody."""
    letter = orjson.loads(parcel.payload)
    try:
        with services.db.transaction() as conn:
            event = _event(conn, letter["type"], letter["entry"])
            listening = [each.id for each in webhooks.hearing_of(conn, letter["type"])]
            if event is not None and listening:
                record(conn, services, Announcement((entry_of(services, None, event, listening, parcel.id),)))
    except UniqueConflict:
        return  # it was told before, by somebody who died before saying so


def _event(conn: Connection, event_type: str, entry_id: int) -> Event | None:
    if event_type == audit.EVENT:
        entry = audit.find(conn, entry_id)
        return Event(event_type, {"audit_log": entry}) if entry else None
    if event_type == event_log.EVENT:
        logged = event_log.find(conn, entry_id)
        return Event(event_type, {"event_log": logged}) if logged else None
    return Event(event_type, {})
