"""Events go to webhooks: those that may veto are asked before anything is written, the others hear of it afterwards.

Law (decisions 17, 18): nobody is asked while a transaction is open. What is not asked about leaves through the outbox,
in the transaction that makes it true, and so does what a webhook was asked in vain when the transaction passed.
A tenant without webhooks pays nothing.

A flow that knows its events before it writes calls `ask`, then `record` in its transaction. One that reads what it
changes under a lock hands its work to `transact`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import orjson

from identity.domain.events import NO_INFO, Event, passes
from identity.domain.redact import SECRET_MEMBERS, mask
from identity.domain.webhooks import Audience, Listener
from identity.flows import courier
from identity.flows.events.call_webhook import call_webhook, timed_out
from identity.store import webhook_logs
from identity.store.db import Connection, StoreUnavailable
from identity.store.webhook_logs import Attempt, EventLog

if TYPE_CHECKING:
    from identity.flows.services import Services

T = TypeVar("T")
KIND = "webhook"
ASKING_SECONDS = 8.0
"""How long all the webhooks of all the events of one transaction have together (decision 18)."""
MOST_ASKED = 32
"""Webhooks that are asked at the same time."""
MOST_ATTEMPTS = 8
_ASKING = tuple(threading.Lock() for _ in range(64))
"""Objects share them; two that share one only wait a little longer."""


class WebhooksRefused(Exception):
    """Not enough webhooks agreed: nothing may be written, and the caller's answer is 504."""

    def __init__(self, event_type: str) -> None:
        super().__init__(event_type)
        self.event_type = event_type


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on its way: its document, and the webhooks that have yet to be told."""

    id: UUID
    event: Event
    tenant_id: UUID | None
    create_instant: int
    document: Mapping[str, Any] = field(repr=False)
    waiting: tuple[UUID, ...]
    asked: bool = False

    @property
    def body(self) -> bytes:
        return orjson.dumps({"event": self.document}, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What `record` has to put into the outbox, in the order of the events."""

    entries: tuple[Entry, ...] = ()


SILENCE = Announcement()
Documents = list[tuple[str, dict[str, Any]]]
Announce = Callable[[UUID, Sequence[Event]], None]
"""What the work of `transact` calls: these events happen in this tenant if the transaction commits."""


def ask(
    services: Services, tenant_id: UUID, events: Sequence[Event], *, audience: Audience | None = None
) -> Announcement:
    """Ask the webhooks that have a say in these events. No transaction may be open.

    `audience` is a copy that the caller proves; else it is read. Raises WebhooksRefused, StoreUnavailable.
    """
    if audience is None:
        with services.db.read() as conn:
            audience = services.configurations.audience(conn, tenant_id)
    announcement = _prepared(services, tenant_id, events, audience)
    deadline = services.runtime.monotonic() + ASKING_SECONDS
    entries = []
    for entry in announcement.entries:
        if audience.is_asked_about(entry.event):
            entries.append(_asked(services, entry, audience, deadline))
        else:
            entries.append(entry)
    return Announcement(tuple(entries))


def record(conn: Connection, services: Services, announcement: Announcement) -> None:
    """Put what is left to deliver into the outbox, in the transaction that makes the events true."""
    for entry in announcement.entries:
        if not entry.asked:
            webhook_logs.add(conn, _log_of(entry, "Running", len(entry.waiting)))
        elif entry.waiting:
            webhook_logs.wait_for(conn, entry.id, len(entry.waiting), services.runtime.now())
        body = entry.body.decode()
        for webhook_id in entry.waiting:
            courier.post(
                conn,
                services,
                kind=KIND,
                ordering_key=f"{webhook_id}/{entry.event.user_id or entry.event.type}",
                text=orjson.dumps({"event": str(entry.id), "webhook": str(webhook_id), "body": body}).decode(),
                tenant_id=entry.tenant_id,
            )


def tell(services: Services, tenant_id: UUID, events: Sequence[Event], *, audience: Audience | None = None) -> None:
    """Announce events that accompany no write and ask nobody. Raises StoreUnavailable."""
    if audience is None:
        with services.db.read() as conn:
            audience = services.configurations.audience(conn, tenant_id)
    announcement = _prepared(services, tenant_id, events, audience)
    if announcement.entries:
        with services.db.transaction() as conn:
            record(conn, services, announcement)


class _NotAsked(Exception):
    """Webhooks have a say in what the work would announce: the transaction ends, so that they can be asked."""

    def __init__(self, tenant_id: UUID, events: tuple[Event, ...], audience: Audience) -> None:
        super().__init__("not asked yet")
        self.tenant_id = tenant_id
        self.events = events
        self.audience = audience


class _Askers:
    """Those of this process whose webhooks have a say in changes of one object ask one after the other.

    Each would find the object changed by the others, and ask anew. Who has waited too long tries their luck.
    """

    def __init__(self, needed: _NotAsked) -> None:
        first = needed.events[0]
        self._lock = _ASKING[hash((needed.tenant_id, first.user_id or first.type)) % len(_ASKING)]
        self._held = False
        self.came_late = False

    def __enter__(self) -> _Askers:
        self._held = self._lock.acquire(blocking=False)
        if not self._held:
            self.came_late = True
            self._held = self._lock.acquire(timeout=ASKING_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._lock.release()


def transact(
    services: Services,
    work: Callable[[Connection, Announce], T],
    *,
    turn: Hashable = None,
    run: Callable[[Callable[[Connection], T]], T] | None = None,
    audience: Audience | None = None,
) -> T:
    """Run `work` in a transaction, with a function to announce what it does.

    When webhooks have a say in it, the first run is a preview that is rolled back; they are asked, and the work runs
    again: if it then does what they were asked about, it commits, else they are asked anew. So ids and instants that go
    into events must be made outside of `work`. `run` opens the transaction if it is not `Database.transact` with its
    `turn`; `audience` is a copy that the work proves. Raises WebhooksRefused, and what `work` and `run` raise.
    """
    agreed: list[tuple[UUID, Documents, Announcement]] = []

    def announced(conn: Connection) -> T:
        def announce(tenant_id: UUID, events: Sequence[Event]) -> None:
            heard = services.configurations.audience(conn, tenant_id) if audience is None else audience
            wanted = tuple(event for event in events if heard.of(event.type))
            if not any(heard.is_asked_about(event) for event in wanted):
                record(conn, services, _prepared(services, tenant_id, wanted, heard))
                return
            documents = _documents(services, wanted)
            for where, what, announcement in agreed:
                if where == tenant_id and what == documents:
                    record(conn, services, announcement)
                    return
            raise _NotAsked(tenant_id, wanted, heard)

        return work(conn, announce)

    with ExitStack() as held:
        askers = None
        for _ in range(MOST_ATTEMPTS):
            try:
                return run(announced) if run else services.db.transact(announced, turn=turn)
            except _NotAsked as needed:
                if askers is None:
                    askers = held.enter_context(_Askers(needed))
                    if askers.came_late:
                        continue  # those before have changed what the preview saw
                announcement = ask(services, needed.tenant_id, needed.events, audience=needed.audience)
                agreed.append((needed.tenant_id, _documents(services, needed.events), announcement))
    raise StoreUnavailable("the object changed each time its webhooks were asked")


def _documents(services: Services, events: Sequence[Event]) -> Documents:
    """What webhooks are told: two runs of a work did the same if this is the same."""
    return [(event.type, services.present_event(_informed(services, event))) for event in events]


def _informed(services: Services, event: Event) -> Event:
    """With where the request came from, unless the event says it."""
    return event if event.info != NO_INFO else replace(event, info=services.info)


def _prepared(services: Services, tenant_id: UUID | None, events: Sequence[Event], audience: Audience) -> Announcement:
    """The events that somebody hears of, with their documents."""
    entries = []
    for event in events:
        if listeners := audience.of(event.type):
            entries.append(entry_of(services, tenant_id, event, [each.webhook.id for each in listeners]))
    return Announcement(tuple(entries)) if entries else SILENCE


def entry_of(
    services: Services, tenant_id: UUID | None, event: Event, webhook_ids: Sequence[UUID], event_id: UUID | None = None
) -> Entry:
    """The event under its id, as the document that webhooks get."""
    new_id, now = event_id or services.runtime.new_id(), services.runtime.now()
    document = {
        **services.present_event(_informed(services, event)),
        "createInstant": now,
        "id": str(new_id),
        "type": event.type,
    }
    if tenant_id is not None:
        document["tenantId"] = str(tenant_id)
    return Entry(new_id, event, tenant_id, now, document, tuple(webhook_ids))


def _asked(services: Services, entry: Entry, audience: Audience, deadline: float) -> Entry:
    """Ask about one event. The entry keeps the webhooks that did not agree. Raises WebhooksRefused."""
    listeners = audience.of(entry.event.type)
    attempts = _attempts(services, listeners, entry, deadline)
    agreed = sum(attempt.succeeded for attempt in attempts)
    with services.db.transaction() as conn:
        webhook_logs.add(conn, _log_of(entry, "Running", 0))
        for attempt in attempts:
            webhook_logs.add_attempt(conn, attempt, settled=0)
    if not passes(audience.agreement(entry.event), len(listeners), agreed):
        raise WebhooksRefused(entry.event.type)
    waiting = tuple(attempt.webhook_id for attempt in attempts if not attempt.succeeded)
    return replace(entry, asked=True, waiting=waiting)


def _attempts(services: Services, listeners: Sequence[Listener], entry: Entry, deadline: float) -> list[Attempt]:
    """One call of every webhook, all at the same time, over when the deadline is."""
    body, start = entry.body, services.runtime.now()
    budget = max(deadline - services.runtime.monotonic(), 0.001)
    pool = ThreadPoolExecutor(min(len(listeners), MOST_ASKED), thread_name_prefix="asking")
    calls: list[Future[Attempt]] = [
        pool.submit(call_webhook, services, each, entry.id, body, budget=budget) for each in listeners
    ]
    try:
        finished, _ = wait(calls, timeout=budget)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who is late is late: each call ends by itself soon
    return [
        call.result() if call in finished else timed_out(services, each.webhook, entry.id, start)
        for call, each in zip(calls, listeners, strict=True)
    ]


def _log_of(entry: Entry, result: str, outstanding: int) -> EventLog:
    return EventLog(
        id=entry.id,
        tenant_id=entry.tenant_id,
        event_type=entry.event.type,
        event=masked(entry.document),
        linked_object_id=entry.event.user_id,
        event_result=result,
        outstanding=outstanding,
        failed_attempts=0,
        successful_attempts=0,
        last_attempt_instant=None,
        insert_instant=entry.create_instant,
        last_update_instant=entry.create_instant,
    )


TOKENS = SECRET_MEMBERS - {"code", "key"} | {"original"}
"""Members of an event that are secrets when they are texts: jwt.refresh carries access tokens."""


def masked(document: Any) -> Any:
    """The document as the log keeps it: a webhook is sent tokens, a log is not."""
    if isinstance(document, Mapping):
        return {
            name: mask(value) if name.lower() in TOKENS and isinstance(value, str) else masked(value)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [masked(value) for value in document]
    return document
