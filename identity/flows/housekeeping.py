"""Housekeeping: what nobody will ask for again is removed, in small batches, by one thread of each worker.

Workers do not wait for each other: each takes rows that no other one holds. Time is the service's, so a development
clock that moves on lets things expire here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from identity.flows.services import Services
from identity.store import (
    audit,
    connection_tests,
    event_log,
    external_identifiers,
    guesses,
    login_record_search,
    outbox,
    pending_links,
    rate_limits,
    refresh_tokens,
    rocketchat_failures,
    rocketchat_tokens,
    sso_sessions,
    two_factor,
    webhook_logs,
)
from identity.store.db import Connection

DAY = 86_400_000
BATCH = 500
MOST_BATCHES = 20
"""Of one kind in one round: what is left waits for the next one."""
EVERY_SECONDS = 60.0
SPENT_TOKENS_KEPT = 90 * DAY
"""How long the reuse of a one-time refresh token is recognised; after that the token is simply unknown."""
GIVEN_UP_KEPT = 30 * DAY
"""How long a mail, message or event that could not be delivered waits to be sent again by hand."""
GUESSES_KEPT = DAY
"""After its last wrong guess a user starts anew, also where the tenant counts for longer."""

Chore = Callable[[Services, Connection, int], int]
"""Removes one batch, given the service's time; returns how many rows that was."""


def _login_records(services: Services, conn: Connection, now: int) -> int:
    """By systemConfiguration.loginRecordConfiguration; kept for ever unless that is enabled."""
    oldest = services.system.read(conn).oldest("login_record", now)
    return 0 if oldest is None else login_record_search.prune(conn, oldest, BATCH)


def _audit_log(services: Services, conn: Connection, now: int) -> int:
    """By systemConfiguration.auditLogConfiguration; kept for ever unless that is enabled."""
    oldest = services.system.read(conn).oldest("audit_log", now)
    return 0 if oldest is None else audit.prune(conn, oldest, BATCH)


def _webhook_events(services: Services, conn: Connection, now: int) -> int:
    """By systemConfiguration.webhookEventLogConfiguration: thirty days unless that says otherwise."""
    oldest = services.system.read(conn).oldest("webhook_event_log", now)
    return 0 if oldest is None else webhook_logs.prune(conn, oldest, BATCH)


CHORES: Mapping[str, Chore] = {
    "audit log": _audit_log,
    "connection tests": lambda _, conn, now: connection_tests.prune(conn, now, BATCH),
    "event log": lambda _, conn, __: event_log.prune(conn, batch=BATCH),
    "external identifiers": lambda _, conn, now: external_identifiers.prune(conn, now, BATCH),
    "failures at the Rocket.Chat door": lambda _, conn, now: rocketchat_failures.prune(conn, now, BATCH),
    "guesses": lambda _, conn, now: guesses.prune(conn, now, GUESSES_KEPT, BATCH),
    "login records": _login_records,
    "parcels that were given up": lambda _, conn, now: outbox.prune(conn, now - GIVEN_UP_KEPT, BATCH),
    "pending links": lambda _, conn, now: pending_links.prune(conn, now, BATCH),
    "rate limits": lambda _, conn, now: rate_limits.prune(conn, now, BATCH),
    "Rocket.Chat tokens": lambda _, conn, now: rocketchat_tokens.prune(conn, now, BATCH),
    "sent codes": lambda _, conn, now: two_factor.prune_codes(conn, now, BATCH),
    "spent refresh tokens": lambda _, conn, now: refresh_tokens.prune_spent(conn, now - SPENT_TOKENS_KEPT, BATCH),
    "SSO sessions": lambda _, conn, now: sso_sessions.prune(conn, now, BATCH),
    "webhook events": _webhook_events,
}


def keep_house(services: Services) -> dict[str, int]:
    """One round; how many rows of each kind went. Raises StoreUnavailable."""
    now = services.runtime.now()
    removed = dict.fromkeys(CHORES, 0)
    for name, chore in CHORES.items():
        for _ in range(MOST_BATCHES):
            with services.db.read() as conn:
                batch = chore(services, conn, now)
            removed[name] += batch
            if batch < BATCH:
                break
    return removed
