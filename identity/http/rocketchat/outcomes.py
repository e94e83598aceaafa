"""How a login's outcome is answered at the Rocket.Chat door: one row per verdict (rocket sections 8 and 11).

A completed login that has brought a token is 200 whatever its verdict; the table is about all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_blocking import BLOCKED_MESSAGES, Blocked
from identity.domain.rocketchat_codes import TOTP, Asked, Missing
from identity.http.rocketchat.answers import details_of, fault, login_failure

VALIDATION = {"function": "Accounts.validateLoginAttempt"}
"""The details of what is found out once somebody has proved who they are."""
OWN_WORDS = frozenset({"Unauthorized", "error-oauth-identity"})
"""Codes of the refusals that were made at this door, for it: all others are told apart nowhere here."""

UNASKED = {Verdict.SECOND_FACTOR_REQUIRED: Missing.REQUIRED, Verdict.WRONG_CODE: Missing.INVALID}

Answer = Callable[[LoginOutcome], Response]


def unauthorized(_: LoginOutcome) -> Response:
    """Whoever it is, and whatever was wrong with the proof."""
    return login_failure("Unauthorized", "Unauthorized")


def blocked(outcome: LoginOutcome) -> Response:
    """For the address where it is known to be that, else for the user."""
    who = outcome.blocked or Blocked.USER
    return login_failure(who.value, BLOCKED_MESSAGES[who], details=VALIDATION)


def not_activated(_: LoginOutcome) -> Response:
    return login_failure("error-user-is-not-activated", "User is not activated", details=VALIDATION)


def invalid_email(_: LoginOutcome) -> Response:
    return login_failure("error-invalid-email", "Invalid email __email__")  # Rocket.Chat sends it unfilled


def second_factor(outcome: LoginOutcome) -> Response:
    """By which methods it can be given, or given again, is in the details."""
    asked = outcome.asked or Asked(UNASKED[outcome.verdict], TOTP)
    return login_failure(asked.missing.value, asked.message, details_of(asked))


def failed(_: LoginOutcome) -> Response:
    return fault()


def locked(outcome: LoginOutcome) -> Response:
    return not_activated(outcome) if outcome.deactivated else blocked(outcome)


def nobody(outcome: LoginOutcome) -> Response:
    return not_activated(outcome) if outcome.deactivated else unauthorized(outcome)


def refused(outcome: LoginOutcome) -> Response:
    problem = outcome.problem
    if outcome.provider_failed:
        return fault()
    if problem is not None and problem.code in OWN_WORDS:
        return login_failure(problem.code, problem.message)
    return unauthorized(outcome)


ANSWERS: Mapping[Verdict, Answer] = {
    Verdict.LOGGED_IN: failed,  # without a token there is nothing to log in with
    Verdict.NOT_REGISTERED: unauthorized,
    Verdict.PASSWORD_CHANGE_REQUIRED: failed,  # it can wait at this door
    Verdict.WAITING: blocked,
    Verdict.EMAIL_UNVERIFIED: invalid_email,
    Verdict.REGISTRATION_UNVERIFIED: not_activated,
    Verdict.LINK_PENDING: unauthorized,
    Verdict.SECOND_FACTOR_REQUIRED: second_factor,
    Verdict.INVALID: unauthorized,
    Verdict.REFUSED: refused,
    Verdict.NOT_FOUND: nobody,
    Verdict.LOGIN_PREVENTED: blocked,
    Verdict.EXPIRED: not_activated,
    Verdict.WRONG_CODE: second_factor,
    Verdict.LOCKED: locked,
    Verdict.LAMBDA_FAILED: failed,
}


def answer_to(outcome: LoginOutcome) -> Response:
    """The answer to a login that hands out no token."""
    return ANSWERS[outcome.verdict](outcome)
