"""Guesses at second factors: what proves one, and how many wrong ones a user may make (threat T16, security section 9).

Law: whoever makes a guess locks the user's guesses first and commits whatever the answer is, so that of many guesses at
once each one counts. Starting a new challenge, or a right code, resets nothing.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from uuid import UUID

from identity.domain.guesses import Guess, Guesses, GuessRules, after_wrong
from identity.domain.model import Tenant
from identity.domain.second_factor import typed
from identity.domain.totp import Authenticator, accepted_step
from identity.flows.services import Services
from identity.store import guesses, two_factor, users
from identity.store.db import Connection
from identity.store.two_factor import StoredMethod, recovery_place, secret_place


def count_wrong(conn: Connection, tenant: Tenant, user_id: UUID, before: Guesses, now: int) -> None:
    """One more wrong code of this user, whose guesses the caller has locked; one too many locks the user out."""
    after = after_wrong(before, Guess.CODE, GuessRules.of(tenant.settings, Guess.CODE), now)
    guesses.save(conn, tenant.id, user_id, after, now)
    if after.locked(now):
        users.bump(conn, tenant.id, user_id)


def authenticator_proved(
    conn: Connection, services: Services, tenant_id: UUID, user_id: UUID, methods: Iterable[StoredMethod], code: str
) -> str | None:
    """The id of the authenticator that shows this code; the code is spent."""
    now = services.runtime.now()
    for stored in methods:
        if stored.secret is None:
            continue
        secret = base64.b64decode(services.sealer.open(stored.secret, secret_place(user_id, stored.method.id)))
        shape = stored.method.authenticator or Authenticator()
        step = accepted_step(secret, typed(code), shape, now, stored.last_step)
        if step is not None and two_factor.use_step(conn, tenant_id, user_id, stored.method.id, step):
            return stored.method.id
    return None


def recovery_code_spent(conn: Connection, services: Services, tenant_id: UUID, user_id: UUID, code: str) -> bool:
    """Whether it is a recovery code of the user, an imported one included; if so it is used up."""
    given = typed(code).upper().encode("utf-8", "surrogatepass")
    for kept in two_factor.recovery_codes(conn, tenant_id, user_id):
        clear = services.sealer.open(kept.code, recovery_place(user_id, kept.id))
        if hmac.compare_digest(typed(clear).upper().encode(), given):
            return two_factor.take_recovery_code(conn, tenant_id, user_id, kept.id)
    return False
