"""How the outcome of a login answers a client that can be shown no page: one table that knows every verdict.

Source: supporting contract 21.2 (OAuthError); which error belongs to which reason is a decision of ours (record 0019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.domain.oauth_errors import OAuthError, OAuthRefused
from identity.domain.outcome import LoginOutcome, Verdict

GRANTS = frozenset(
    {Verdict.LOGGED_IN, Verdict.NOT_REGISTERED, Verdict.EMAIL_UNVERIFIED, Verdict.REGISTRATION_UNVERIFIED}
)
"""Verdicts under which tokens may leave, once the login has completed."""

REFUSALS: Mapping[Verdict, tuple[OAuthError, str, str]] = {
    Verdict.NOT_REGISTERED: (
        OAuthError.INTERACTION_REQUIRED,
        "registration_required",
        "The user is not registered for this application.",
    ),
    Verdict.PASSWORD_CHANGE_REQUIRED: (
        OAuthError.CHANGE_PASSWORD_REQUIRED,
        "change_password",
        "The user must change the password.",
    ),
    Verdict.WAITING: (OAuthError.INVALID_GRANT, "invalid_user_credentials", "The login has not come back yet."),
    Verdict.EMAIL_UNVERIFIED: (
        OAuthError.INTERACTION_REQUIRED,
        "email_verification_required",
        "The user must verify the e-mail address.",
    ),
    Verdict.REGISTRATION_UNVERIFIED: (
        OAuthError.INTERACTION_REQUIRED,
        "registration_verification_required",
        "The user must verify the registration.",
    ),
    Verdict.LINK_PENDING: (OAuthError.INTERACTION_REQUIRED, "link_pending", "The login is linked to nobody yet."),
    Verdict.SECOND_FACTOR_REQUIRED: (
        OAuthError.TWO_FACTOR_REQUIRED,
        "two_factor_required",
        "The user must give a second factor.",
    ),
    Verdict.INVALID: (OAuthError.ACCESS_DENIED, "login_prevented", "A lambda refused the login."),
    Verdict.REFUSED: (OAuthError.INVALID_GRANT, "invalid_user_credentials", "The login was refused."),
    Verdict.NOT_FOUND: (
        OAuthError.INVALID_GRANT,
        "invalid_user_credentials",
        "The user credentials are not valid.",
    ),
    Verdict.LOGIN_PREVENTED: (
        OAuthError.INVALID_GRANT,
        "login_prevented",
        "An action prevents the user from logging in.",
    ),
    Verdict.EXPIRED: (OAuthError.INVALID_GRANT, "user_expired", "The account has expired."),
    Verdict.WRONG_CODE: (OAuthError.INVALID_GRANT, "invalid_user_credentials", "The code is not valid."),
    Verdict.LOCKED: (OAuthError.INVALID_GRANT, "user_locked", "The account is locked."),
    Verdict.LAMBDA_FAILED: (OAuthError.SERVER_ERROR, "lambda_failed", "A lambda failed; the event log says why."),
}
"""Every verdict that may end without tokens, as error, reason and description."""


def grants_tokens(outcome: LoginOutcome, *, requires_registration: bool) -> bool:
    """Whether the login lets tokens leave: a user without registration gets some unless the application wants one."""
    if outcome.verdict is Verdict.NOT_REGISTERED and requires_registration:
        return False
    return outcome.completed and outcome.verdict in GRANTS


def refusal_of(outcome: LoginOutcome, methods: list[dict[str, Any]]) -> OAuthRefused:
    """What to tell instead of tokens. `methods` are the second factors to choose from, in wire form."""
    error, _, description = REFUSALS[outcome.verdict]
    extras: dict[str, Any] = {}
    if outcome.verdict is Verdict.PASSWORD_CHANGE_REQUIRED:
        extras = {"change_password_id": outcome.ticket}
    elif outcome.verdict is Verdict.SECOND_FACTOR_REQUIRED:
        extras = {"two_factor_id": outcome.ticket, "two_factor_methods": methods}
    return OAuthRefused(error, reason_of(outcome), description, extras)


def reason_of(outcome: LoginOutcome) -> str:
    """The `error_reason` of a login that gives a client nothing."""
    if outcome.verdict is Verdict.PASSWORD_CHANGE_REQUIRED and outcome.change_reason:
        return f"change_password_{outcome.change_reason.value.lower()}"
    return REFUSALS[outcome.verdict][1]
