"""What the event log says of mails and messages: each one that was given up, and with debug every try."""

from __future__ import annotations

import logging

from identity.flows.services import Services
from identity.store import event_log
from identity.store.db import StoreUnavailable
from identity.store.outbox import Parcel

log = logging.getLogger("identity.delivery")


def note(
    services: Services, parcel: Parcel, what: str, failure: str | None, *, final: bool = False, debug: bool = False
) -> None:
    """One try of `what`, which names nobody in full. A log that can not be written fails no delivery."""
    given_up = failure is not None and (final or parcel.is_last_try)
    if not given_up and not debug:
        return
    kind, ending = ("Error", "was given up") if given_up else ("Debug", "was tried")
    result = "It was taken." if failure is None else f"It was not taken: {failure}"
    try:
        with services.db.read() as conn:
            event_log.add(conn, services.runtime.now(), kind, f"The {what} {ending} ({parcel.id}).\n\n{result}")
    except StoreUnavailable as error:
        log.warning("could not note a delivery in the event log: %s", error)
