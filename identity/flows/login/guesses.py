"""Wrong guesses of passwords and codes: the one place that counts them and locks a user out (T9, T16).

Counting and deciding happen under the lock of one row, and the lockout makes every login under way begin again: of any
number of parallel guesses, none gets in once the limit was reached.

A tenant may lock out with a user action. Then the lockout holds until the action is taken, and from there on the action
alone; where it can not be taken, or prevents no login, the lockout stays (decisions 21 and 53).
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from identity.domain.errors import Invalid, NotFound
from identity.domain.guesses import Guess, GuessRules, after_wrong
from identity.domain.model import Tenant
from identity.flows.actions.change_user_action import ActionChange, cancel_user_action
from identity.flows.actions.take_user_action import WantedAction, take_user_action
from identity.flows.events import announce
from identity.flows.events.announce import SILENCE, Announcement, WebhooksRefused
from identity.flows.services import Services
from identity.store import action_logs, guesses, users
from identity.store.db import Connection

UNKNOWN = "login id of nobody"
ACTOR = "lockout"
COMMENT = "Too many failed logins."
RESET = "The password was reset."


def count_wrong(
    services: Services, tenant: Tenant, user_id: UUID, guess: Guess, announcement: Announcement = SILENCE
) -> None:
    """Count a wrong guess, and lock the user out if it was one too many. To be called with no transaction open.

    What is announced is announced in the same transaction.
    """
    rules = GuessRules.of(tenant.settings, guess)
    now = services.runtime.now()

    def work(conn: Connection) -> bool:
        announce.record(conn, services, announcement)
        before = guesses.lock(conn, tenant.id, user_id)
        if rules.user_action_id and action_logs.holds(conn, tenant.id, user_id, rules.user_action_id, now):
            return False
        after = after_wrong(before, guess, rules, now)
        if after == before:
            return False
        guesses.save(conn, tenant.id, user_id, after, now)
        if after.locked(now):
            users.bump(conn, tenant.id, user_id)
        return after.locked(now)

    if services.db.transact(work, turn=user_id):
        lock_by_action(services, tenant, user_id)


def lock_by_action(services: Services, tenant: Tenant, user_id: UUID) -> None:
    """Turn a lockout that has just begun into the tenant's user action, if it names one that prevents logins."""
    rules = GuessRules.of(tenant.settings, Guess.PASSWORD)
    if rules.user_action_id is None:
        return
    now = services.runtime.now()
    with services.db.read() as conn:
        locked = guesses.find(conn, tenant.id, user_id).locked(now)
        if not locked or action_logs.holds(conn, tenant.id, user_id, rules.user_action_id, now):
            return
    wanted = WantedAction(
        actionee_user_id=user_id,
        user_action_id=rules.user_action_id,
        expiry=rules.locked_until(now),
        comment=COMMENT,
        email_user=rules.emails_user,
        broadcast=True,
    )
    try:
        log = take_user_action(services, now, ACTOR, wanted, tenant.id)
    except (Invalid, WebhooksRefused):  # nobody has this id, the action is gone, or it was vetoed
        return
    if log.prevents_login and log.temporal:
        with services.db.read() as conn:
            guesses.forget(conn, tenant.id, user_id)


def end_after_reset(services: Services, tenant: Tenant, user_id: UUID) -> None:
    """actionCancelPolicy.onPasswordReset: who has reset a forgotten password may guess again, and log in.

    To be called with no transaction open.
    """
    rules = GuessRules.of(tenant.settings, Guess.PASSWORD)
    if not rules.ends_on_reset:
        return
    now = services.runtime.now()
    with services.db.read() as conn:
        guesses.forget(conn, tenant.id, user_id)
        held = [
            log
            for log in action_logs.of_user(conn, tenant.id, user_id)
            if log.user_action_id == rules.user_action_id and log.actioner_user_id is None and log.is_active(now)
        ]
    change = ActionChange(None, comment=RESET, broadcast=True)
    for log in held:
        with suppress(Invalid, NotFound, WebhooksRefused):  # over by itself meanwhile, or vetoed: then it holds on
            cancel_user_action(services, now, ACTOR, log.id, change, tenant.id)


def forget_passwords(services: Services, tenant_id: UUID, user_id: UUID) -> None:
    """The right password came and was let in: what was counted before it is nothing."""
    with services.db.read() as conn:
        guesses.forget_passwords(conn, tenant_id, user_id, services.runtime.now())


def id_of_nobody(services: Services, tenant_id: UUID, login_id: str) -> UUID:
    """Under which id guesses at a login id that nobody has are counted; always the same for the same login id."""
    return UUID(bytes=services.sealer.derive(UNKNOWN, tenant_id.bytes + login_id.encode("utf-8", "surrogatepass"))[:16])
