"""Guesses at second factors: what proves one, and how many wrong ones a user may make (threat T16, security section 9).

Law: the caller holds the user's row (`users.lock`) and commits whatever the answer is, so that of many guesses at once
each one counts. Starting a new challenge, or a right code, resets nothing.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from uuid import UUID

from identity.domain.second_factor import RECOVERY_CODE_LENGTH, USER_MILLISECONDS, WRONG_PER_USER, typed
from identity.domain.totp import Authenticator, accepted_step
from identity.flows.services import Services
from identity.store import two_factor
from identity.store.db import Connection
from identity.store.two_factor import StoredMethod, recovery_place, secret_place


def may_guess(conn: Connection, tenant_id: UUID, user_id: UUID, now: int) -> bool:
    """Whether a code of this user is looked at now; a right one is not, either, when there were too many wrong ones."""
    return two_factor.wrong_guesses(conn, tenant_id, user_id, now - USER_MILLISECONDS) < WRONG_PER_USER


def count_wrong(conn: Connection, tenant_id: UUID, user_id: UUID, now: int) -> None:
    """One more wrong code of this user."""
    two_factor.count_wrong_guess(conn, tenant_id, user_id, now, now - USER_MILLISECONDS)


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
    """Whether it is a recovery code of the user; if so it is used up."""
    given = typed(code).upper()
    if len(given) != RECOVERY_CODE_LENGTH:
        return False
    for kept in two_factor.recovery_codes(conn, tenant_id, user_id):
        clear = services.sealer.open(kept.code, recovery_place(user_id, kept.id))
        if hmac.compare_digest(clear.encode(), given.encode()):
            return two_factor.take_recovery_code(conn, tenant_id, user_id, kept.id)
    return False
