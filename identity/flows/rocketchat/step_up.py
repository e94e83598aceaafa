"""A second factor on a route that demands one of whoever is signed in: by a code, or else by the password.

It is no login: nothing is recorded. The codes are those of a login, with the same limits; a user without a second
factor gives the hex SHA-256 of the password, and a wrong one counts like any wrong password (decision 49).
"""

from __future__ import annotations

from uuid import UUID

from identity import hashing
from identity.domain.errors import NotFound
from identity.domain.guesses import Guess
from identity.domain.model import User
from identity.domain.rocketchat_codes import PASSWORD, Asked, Missing
from identity.domain.rocketchat_forms import DIGEST
from identity.domain.standing import TwoFactorMethod
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.guesses import count_wrong
from identity.flows.rocketchat.challenges import begin_or_find, challenge_id
from identity.flows.rocketchat.second_factor import asked_of, wrong_code
from identity.flows.second_factors.answer_challenge import answer_challenge
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import guesses, password_logins, users
from identity.store.db import InUse


def step_up(
    services: Services,
    configuration: ApplicationConfiguration,
    user_id: UUID,
    code: str | None,
    wanted: str | None = None,
) -> Asked | None:
    """None when the code is right, or the user has nothing to prove themselves with; else what to tell the client.

    `wanted` is the method that the client names. Raises NotFound: the user was removed meanwhile.
    """
    tenant_id = configuration.tenant.id
    with services.db.read() as conn:
        user = users.get(conn, tenant_id, user_id)
        hashed = password_logins.by_id(conn, tenant_id, user_id).hashed
    if user is None:
        raise NotFound
    if methods := policy_of(configuration).usable(user.two_factor_methods):
        return _by_code(services, configuration, user, methods, code, wanted)
    return None if hashed is None else _by_password(services, configuration, user, hashed, code)


def _by_code(
    services: Services,
    configuration: ApplicationConfiguration,
    user: User,
    methods: tuple[TwoFactorMethod, ...],
    code: str | None,
    wanted: str | None,
) -> Asked | None:
    try:
        waiting = begin_or_find(services, configuration, user.id)
    except InUse:
        raise NotFound from None
    missing = Missing.REQUIRED
    if code is not None:
        two_factor_id = challenge_id(services, user.tenant_id, user.id)
        if isinstance(answer_challenge(services, configuration, waiting, two_factor_id, code), Challenge):
            return None
        missing = wrong_code(services, waiting, methods, wanted)
    return asked_of(services, configuration, user, methods, missing, wanted)


def _by_password(
    services: Services, configuration: ApplicationConfiguration, user: User, hashed: Hashed, digest: str | None
) -> Asked | None:
    if digest is None:
        return Asked(Missing.REQUIRED, PASSWORD)
    if _locked(services, user):
        return Asked(Missing.INVALID, PASSWORD)
    if not (DIGEST.fullmatch(digest.lower()) and hashing.matches_digest(digest.lower(), hashed)):
        count_wrong(services, configuration.tenant, user.id, Guess.PASSWORD)
        return Asked(Missing.INVALID, PASSWORD)
    # Of many guesses at once some may have locked the user out while this one was hashed.
    return Asked(Missing.INVALID, PASSWORD) if _locked(services, user) else None


def _locked(services: Services, user: User) -> bool:
    with services.db.read() as conn:
        return guesses.find(conn, user.tenant_id, user.id).locked(services.runtime.now())
