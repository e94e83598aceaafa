"""One guess at a challenge: accepted once, or counted (threat T16, security section 9, decision 27).

Guesses of one user take turns: each is looked at under the lock of the row that counts the user's wrong codes, and what
it changes is committed whatever the answer is. A locked user's codes are refused unseen.
"""

from __future__ import annotations

from identity.domain.outcome import Verdict
from identity.domain.second_factor import WRONG_PER_CHALLENGE
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login.guesses import lock_by_action
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.guess_code import authenticator_proved, count_wrong, recovery_code_spent
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.store import external_identifiers, guesses, two_factor
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind


def answer_challenge(
    services: Services,
    configuration: TenantConfiguration,
    identifier: ExternalIdentifier,
    two_factor_id: str,
    code: str,
    *,
    spares_passwords: bool = False,
) -> Challenge | Verdict:
    """The challenge when the code was right: it is gone then, as the code is. WRONG_CODE or NOT_FOUND otherwise.

    With `spares_passwords` a lockout for wrong passwords does not keep codes from being looked at.
    """
    now, tenant_id, user_id = services.runtime.now(), identifier.tenant_id, identifier.user_id
    assert user_id is not None  # every challenge is somebody's

    def work(conn: Connection) -> Challenge | Verdict:
        guessed = guesses.lock(conn, tenant_id, user_id)
        found = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if found is None:  # answered, or guessed at too often, while this one waited
            return Verdict.NOT_FOUND
        challenge = Challenge.of(found)
        if guessed.locked_for_codes(now) or (guessed.locked(now) and not spares_passwords):
            return Verdict.WRONG_CODE
        if _proved(conn, services, configuration, found, two_factor_id, code):
            external_identifiers.take(conn, Kind.TWO_FACTOR, two_factor_id, now)
            return challenge
        counted = challenge.with_wrong(two_factor_id, code, now)
        if counted is not challenge:
            count_wrong(conn, configuration.tenant, user_id, guessed, now)
        if counted.wrong >= WRONG_PER_CHALLENGE:
            external_identifiers.take(conn, Kind.TWO_FACTOR, two_factor_id, now)
        else:
            external_identifiers.change(conn, Kind.TWO_FACTOR, two_factor_id, counted.data())
        return Verdict.WRONG_CODE

    answer = services.db.transact(work, turn=user_id)
    if answer is Verdict.WRONG_CODE:
        lock_by_action(services, configuration.tenant, user_id)
    return answer


def _proved(
    conn: Connection,
    services: Services,
    configuration: TenantConfiguration,
    identifier: ExternalIdentifier,
    two_factor_id: str,
    code: str,
) -> bool:
    """Whether the code is the one that was sent, one of the user's authenticators', or a recovery code."""
    tenant_id, user_id, challenge = identifier.tenant_id, identifier.user_id, Challenge.of(identifier)
    assert user_id is not None
    offered = policy_of(configuration).kinds
    methods = [kept for kept in two_factor.methods_of(conn, tenant_id, user_id) if kept.method.method in offered]
    if challenge.sent is not None and challenge.expects(two_factor_id, code, services.runtime.now()):
        used = challenge.sent.method_id
        proved = used is None or used in {kept.method.id for kept in methods}
    else:
        used = authenticator_proved(conn, services, tenant_id, user_id, methods, code)
        proved = used is not None or recovery_code_spent(conn, services, tenant_id, user_id, code)
    if used is not None and proved:
        two_factor.mark_used(conn, tenant_id, user_id, used)
    return proved
