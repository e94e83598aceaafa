"""Wrong guesses of passwords and codes: the one place that counts them and locks a user out (T9, T16).

Counting and deciding happen under the lock of one row, and the lockout makes every login under way begin again: of any
number of parallel guesses, none gets in once the limit was reached.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.guesses import Guess, GuessRules, after_wrong
from identity.domain.model import Tenant
from identity.flows.services import Services
from identity.store import guesses, users
from identity.store.db import Connection

UNKNOWN = "login id of nobody"


def count_wrong(services: Services, tenant: Tenant, user_id: UUID, guess: Guess) -> bool:
    """Count a wrong guess; whether it was the one that locks the user out. To be called with no transaction open."""
    rules = GuessRules.of(tenant.settings, guess)
    now = services.runtime.now()

    def work(conn: Connection) -> bool:
        before = guesses.lock(conn, tenant.id, user_id)
        after = after_wrong(before, guess, rules, now)
        if after == before:
            return False
        guesses.save(conn, tenant.id, user_id, after, now)
        if after.locked(now):
            users.bump(conn, tenant.id, user_id)
        return after.locked(now)

    return services.db.transact(work, turn=user_id)


def forget_passwords(services: Services, tenant_id: UUID, user_id: UUID) -> None:
    """The right password came and was let in: what was counted before it is nothing."""
    with services.db.read() as conn:
        guesses.forget_passwords(conn, tenant_id, user_id, services.runtime.now())


def id_of_nobody(services: Services, tenant_id: UUID, login_id: str) -> UUID:
    """Under which id guesses at a login id that nobody has are counted; always the same for the same login id."""
    return UUID(bytes=services.sealer.derive(UNKNOWN, tenant_id.bytes + login_id.encode("utf-8", "surrogatepass"))[:16])
