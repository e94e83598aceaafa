"""Actions that end by themselves: once their time has come, their end is noted and told exactly once.

A login does not wait for it: it looks at the time itself. Time is the service's, so a development clock that moves on
ends actions too.
"""

from __future__ import annotations

import logging
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.flows.actions.user_action_events import Phase, action_event, mail_user
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.store import action_logs, user_actions, users
from identity.store.db import Connection, StoreUnavailable

BATCH = 200
EVERY_SECONDS = 1.0

logger = logging.getLogger("identity.user_actions")


def end_due_actions(services: Services, batch: int = BATCH) -> int:
    """End the actions that are over by now; how many this caller ended. Raises StoreUnavailable."""
    now, ended, last = services.runtime.now(), 0, None
    while True:
        with services.db.read() as conn:
            due = action_logs.due(conn, now, batch, last)
        ended += sum(_try_to_end(services, now, each) for each in due)
        if len(due) < batch:
            return ended
        last = due[-1]


def _try_to_end(services: Services, now: int, log: ActionLog) -> bool:
    try:
        return _end(services, now, log.tenant_id, log.id)
    except StoreUnavailable:
        raise
    except Exception:  # one action that can not be told of must not keep the others from ending
        logger.exception("the action %s could not be ended", log.id)
        return False


def _end(services: Services, now: int, tenant_id: UUID, log_id: UUID) -> bool:
    """Whether this caller ended it: of several, in whatever process, the row decides."""

    def work(conn: Connection, announce: Announce) -> bool:
        log = action_logs.lock(conn, log_id, tenant_id)
        definition = user_actions.get(conn, log.user_action_id) if log else None
        actionee = users.get(conn, tenant_id, log.actionee_user_id) if log else None
        if log is None or definition is None or actionee is None:
            return False
        if not action_logs.end(conn, log, now, event_sent=definition.send_end_event):
            return False
        if definition.send_end_event:
            mailed, notified = log.email_user_on_end, log.notify_user_on_end
            end = action_event(log, definition, Phase.END, email_user=mailed, notify_user=notified)
            announce(tenant_id, [end])
        mail_user(conn, services, log, definition, Phase.END, actionee, email_user=log.email_user_on_end)
        return True

    return transact(services, work)
