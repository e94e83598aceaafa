"""A sign-in on the hosted pages: what a browser carries from page to page, and which page follows which outcome.

`STAGES` is the one table from verdict to page; it knows every verdict, and what a page does is not its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import UNIQUE, Enum, verify
from typing import Any
from uuid import UUID

from identity.domain.outcome import Verdict


@dataclass(frozen=True, slots=True)
class SignIn:
    """What belongs to one sign-in. It travels sealed and bound to one browser, so its secrets are nobody else's."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """The OAuth parameters of the checked authorization request; empty when no client sent the browser here."""

    tenant_id: UUID | None = None
    application_id: UUID | None = None
    locale: str | None = None
    """The language that was chosen; None: the browser's own."""

    ticket: str | None = field(default=None, repr=False)
    """The id that the next step takes: twoFactorId, changePasswordId or a verification id."""

    proof: str | None = field(default=None, repr=False)
    """What resumes the login after the next step."""

    pending_link: str | None = field(default=None, repr=False)
    """The pending link to be redeemed for whoever completes this sign-in."""

    remember: bool = False
    """Whether the person wants to stay signed in."""

    shown: Mapping[str, Any] = field(default_factory=dict)
    """What the next page displays, as JSON values; never a secret."""


@verify(UNIQUE)
class Stage(Enum):
    """Where a sign-in goes on. The value is the page's path; that of FINISHED is the client's own."""

    FINISHED = ""
    BLOCKED = "/oauth2/blocked"
    CHANGE_PASSWORD = "/password/change"  # noqa: S105 (no secret)
    COMPLETE_REGISTRATION = "/oauth2/complete-registration"
    ERROR = "/oauth2/error"
    EXPIRED = "/oauth2/expired"
    LINK = "/oauth2/start-idp-link"
    NOT_REGISTERED = "/oauth2/not-registered"
    SIGN_IN = "/oauth2/authorize"
    TWO_FACTOR = "/oauth2/two-factor"
    VERIFY_EMAIL = "/email/verification-required"
    VERIFY_REGISTRATION = "/registration/verification-required"


STAGES: Mapping[Verdict, Stage] = {
    Verdict.LOGGED_IN: Stage.FINISHED,
    Verdict.NOT_REGISTERED: Stage.FINISHED,  # or a page about the registration: `stage_of`
    Verdict.PASSWORD_CHANGE_REQUIRED: Stage.CHANGE_PASSWORD,
    Verdict.WAITING: Stage.SIGN_IN,  # nobody came back from the provider: begin again
    Verdict.EMAIL_UNVERIFIED: Stage.VERIFY_EMAIL,
    Verdict.REGISTRATION_UNVERIFIED: Stage.VERIFY_REGISTRATION,
    Verdict.LINK_PENDING: Stage.LINK,
    Verdict.SECOND_FACTOR_REQUIRED: Stage.TWO_FACTOR,
    Verdict.INVALID: Stage.SIGN_IN,
    Verdict.REFUSED: Stage.SIGN_IN,
    Verdict.NOT_FOUND: Stage.SIGN_IN,
    Verdict.LOGIN_PREVENTED: Stage.BLOCKED,
    Verdict.EXPIRED: Stage.EXPIRED,
    Verdict.WRONG_CODE: Stage.TWO_FACTOR,
    Verdict.LOCKED: Stage.SIGN_IN,
    Verdict.LAMBDA_FAILED: Stage.ERROR,
}


def stage_of(verdict: Verdict, *, completed: bool, may_register: bool, must_be_registered: bool) -> Stage:
    """Where a sign-in goes on after this outcome. The last two are about the application (supporting contract 5.3)."""
    if verdict is Verdict.NOT_REGISTERED and may_register:
        return Stage.COMPLETE_REGISTRATION
    if verdict is Verdict.NOT_REGISTERED and must_be_registered:
        return Stage.NOT_REGISTERED
    return Stage.FINISHED if completed else STAGES[verdict]
