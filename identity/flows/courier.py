"""The courier: takes parcels out of the outbox and delivers them, whatever they are (decision 18, security T35).

Every worker has one, on a thread of its own; they share the outbox without waiting for each other. A parcel that was
claimed by a process that died comes back when its lease ends.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from identity.sealing import CannotOpen, Place
from identity.store import outbox
from identity.store.db import Connection, StoreUnavailable
from identity.store.outbox import Parcel

if TYPE_CHECKING:
    from identity.flows.services import Services

log = logging.getLogger("identity.courier")

LEASE = 10_000
"""Milliseconds until a parcel is anybody's again whose courier says nothing more: it has died."""
RENEWAL_SECONDS = 3.0
"""How often a courier that is alive says so, for the parcels under way."""
CLOSING_SECONDS = 10.0
"""How long `close` waits for what is under way."""
AT_ONCE = 6
"""Deliveries of one kind at the same time, per worker: who is slow to take one kind keeps no other kind waiting."""
PLACES = 2**31
IDLE_SECONDS = 1.0
"""How often an idle courier looks into the outbox: other workers and other processes put parcels there too."""
AFTER_A_CALL = (0.02, 0.1, 0.4)
"""Seconds between the looks that follow a call: the transaction of the caller may still be open."""

Deliver = Callable[["Services", Parcel], None]
"""Delivers one parcel, in bounded time. Raises DeliveryFailed."""


class DeliveryFailed(Exception):
    """The parcel did not arrive; `reason` holds no secret. `final`: trying again makes no sense."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Courier:
    """The thread of one worker. Until it is started, parcels wait for `deliver_due` or for another worker."""

    def __init__(self) -> None:
        self._bell = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._counting = threading.Condition()
        self._under_way: dict[UUID, Parcel] = {}
        self._places = itertools.count()

    def start(self, services: Services) -> None:
        """Begin to deliver, until `close`."""
        self._thread = threading.Thread(target=self._run, args=(services,), name="courier", daemon=True)
        self._thread.start()

    def call(self) -> None:
        """Something is in the outbox, or will be as soon as the caller commits."""
        self._bell.set()

    def next_place(self) -> int:
        """The order of what this process posts within one millisecond."""
        return next(self._places) % PLACES

    def close(self) -> None:
        """Claim nothing more, and let what is under way come to its end."""
        self._closing = True
        self._bell.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        with self._counting:
            self._counting.wait_for(lambda: not self._under_way, CLOSING_SECONDS)

    def _run(self, services: Services) -> None:
        looks: list[float] = []
        monotonic = services.runtime.monotonic
        renewal = monotonic() + RENEWAL_SECONDS
        while not self._closing:
            for parcel in (claimed := self._claim_for_free_hands(services)):
                # A daemon: a process that ends does not wait for somebody who does not answer.
                threading.Thread(target=self._deliver, args=(services, parcel), name="delivery", daemon=True).start()
            if not claimed and self._bell.wait(looks.pop(0) if looks else IDLE_SECONDS):
                self._bell.clear()
                looks = list(AFTER_A_CALL)
            if monotonic() >= renewal:
                self._renew(services)
                renewal = monotonic() + RENEWAL_SECONDS

    def _claim_for_free_hands(self, services: Services) -> list[Parcel]:
        with self._counting:
            busy = Counter(parcel.kind for parcel in self._under_way.values())
        full = [kind for kind, number in busy.items() if number >= AT_ONCE]
        free = AT_ONCE - max((number for kind, number in busy.items() if kind not in full), default=0)
        try:
            claimed = _claim(services, free, full)
        except Exception:  # the thread outlives a claim that breaks, whatever the reason
            log.exception("the outbox could not be read")
            return []
        with self._counting:
            self._under_way |= {parcel.id: parcel for parcel in claimed}
        return claimed

    def _renew(self, services: Services) -> None:
        with self._counting:
            under_way = list(self._under_way.values())
        if not under_way:
            return
        try:
            with services.db.read() as conn:
                outbox.renew(conn, under_way, services.runtime.now() + LEASE)
        except Exception:  # the thread outlives it; a lease that ends early means a second delivery at the worst
            log.exception("leases could not be renewed")

    def _deliver(self, services: Services, parcel: Parcel) -> None:
        try:
            deliver(services, parcel)
        finally:
            with self._counting:
                del self._under_way[parcel.id]
                self._counting.notify_all()
            self._bell.set()  # the next parcel of its key may go now


def post(
    conn: Connection,
    services: Services,
    *,
    kind: str,
    ordering_key: str,
    text: str,
    tenant_id: UUID | None = None,
) -> Parcel:
    """Seal `text` and put it into the outbox, in the caller's transaction."""
    parcel_id = services.runtime.new_id()
    sealed = services.sealer.seal(text, _payload_of(parcel_id))
    now, place = services.runtime.now(), services.courier.next_place()
    parcel = Parcel(parcel_id, tenant_id, kind, ordering_key, sealed, now, place)
    outbox.add(conn, parcel)
    services.courier.call()
    return parcel


def text_of(services: Services, parcel: Parcel) -> str:
    """What `post` was given. Raises DeliveryFailed, when it can not be opened any more."""
    try:
        return services.sealer.open(parcel.payload, _payload_of(parcel.id))
    except CannotOpen as error:
        raise DeliveryFailed(str(error)) from error


def deliver_due(services: Services) -> int:
    """Deliver everything that is due, one after the other, on the caller's thread; how many tries that were."""
    tried = 0
    while claimed := _claim(services, AT_ONCE):
        for parcel in claimed:
            deliver(services, parcel)
        tried += len(claimed)
    return tried


def deliver(services: Services, parcel: Parcel) -> None:
    """One try of one claimed parcel, and the note of how it went."""
    reason, final = _try(services, parcel)
    try:
        with services.db.read() as conn:
            if reason is None:
                outbox.done(conn, parcel)
            elif outbox.failed(conn, parcel, services.runtime.now(), reason, final=final):
                log.error("gave up the %s parcel %s: %s", parcel.kind, parcel.id, reason)
    except StoreUnavailable as error:
        log.warning("could not note how the parcel %s went: %s", parcel.id, error)  # it will be tried again


def _try(services: Services, parcel: Parcel) -> tuple[str | None, bool]:
    """Why it did not arrive, if it did not, and whether another try makes sense."""
    deliver_kind = services.deliverers.get(parcel.kind)
    if deliver_kind is None:
        return f"nobody delivers parcels of the kind {parcel.kind}", False
    try:
        deliver_kind(services, parcel)
    except DeliveryFailed as failure:
        return failure.reason, failure.final
    except Exception as error:  # whatever ails one deliverer must not stop the others: the parcel is tried again
        log.exception("the delivery of the %s parcel %s broke", parcel.kind, parcel.id)
        return f"unforeseen: {type(error).__name__}", False
    return None, False


def _claim(services: Services, most: int, but: Sequence[str] = ()) -> list[Parcel]:
    try:
        with services.db.read() as conn:
            return outbox.claim(conn, services.runtime.now(), most=most, lease=LEASE, but=but)
    except StoreUnavailable as error:
        log.warning("the outbox could not be read: %s", error)
        return []


def _payload_of(parcel_id: UUID) -> Place:
    return Place("outbox", parcel_id, "payload")
