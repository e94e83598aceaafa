"""How a login ends: every verdict, the one ordered table of gates behind it, and what a flow hands to a front end.

The order of `GATES` is the order of login contract 3.5 (decision 1); a change is a one-line diff here and nowhere else.
The status number is part of the domain on purpose: for this product it is vocabulary, not transport.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import UNIQUE, Enum, verify
from uuid import UUID

from identity.domain.errors import Invalid, Problem
from identity.domain.model import Registration, User
from identity.domain.rocketchat_blocking import Blocked
from identity.domain.rocketchat_codes import Asked
from identity.domain.standing import NO_STANDING, PreventingAction, Standing


@verify(UNIQUE)
class Verdict(Enum):
    """How a login ended. The value is the HTTP status a FusionAuth client branches on."""

    LOGGED_IN = 200
    NOT_REGISTERED = 202
    PASSWORD_CHANGE_REQUIRED = 203
    WAITING = 204
    EMAIL_UNVERIFIED = 212
    REGISTRATION_UNVERIFIED = 213
    LINK_PENDING = 232
    SECOND_FACTOR_REQUIRED = 242
    INVALID = 400
    REFUSED = 401
    NOT_FOUND = 404
    LOGIN_PREVENTED = 409
    EXPIRED = 410
    WRONG_CODE = 421
    LOCKED = 423
    LAMBDA_FAILED = 512


class Door(Enum):
    """Where a login came in. The door is one of the facts a gate may look at (decision 54)."""

    COMPLETE_LOGIN = "complete login"
    PASSWORD = "password"  # noqa: S105 (no secret)
    REFRESH = "refresh"
    REGISTRATION = "registration"
    SESSION = "session"
    """A browser that has logged in before, to this or another application of the tenant (single sign-on)."""

    TWO_FACTOR = "two-factor"


GUESSABLE = frozenset({Door.PASSWORD, Door.TWO_FACTOR})
"""Doors whose proof can be guessed: a lockout for guessing closes these and no other (decision 53)."""


class ChangeReason(Enum):
    """Why a password must be changed; the value is the wire's changePasswordReason."""

    ADMINISTRATIVE = "Administrative"
    BREACHED = "Breached"
    EXPIRED = "Expired"
    VALIDATION = "Validation"


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """What the gates look at. Instants in epoch milliseconds."""

    door: Door
    now: int
    active: bool
    expiry: int | None
    registered: bool
    """Whether the user has, or is about to get, a registration for the application."""

    locked: bool = False
    """Whether the user is locked out for guessing."""

    prevented: bool = False
    """Whether an active user action prevents this login."""

    second_factor_needed: bool = False
    """Whether a second factor is asked for and neither given nor waived by a trusted computer."""

    change_reason: ChangeReason | None = None
    email_unverified: bool = False
    registration_unverified: bool = False


Gate = Callable[[LoginFacts], bool]


def is_deactivated_at_the_password_door(facts: LoginFacts) -> bool:
    return not facts.active and facts.door is Door.PASSWORD


def is_deactivated(facts: LoginFacts) -> bool:
    return not facts.active


def is_expired(facts: LoginFacts) -> bool:
    return facts.expiry is not None and facts.expiry <= facts.now


def is_locked(facts: LoginFacts) -> bool:
    return facts.locked and facts.door in GUESSABLE


def is_prevented(facts: LoginFacts) -> bool:
    return facts.prevented


def needs_second_factor(facts: LoginFacts) -> bool:
    return facts.second_factor_needed


def must_change_password(facts: LoginFacts) -> bool:
    return facts.change_reason is not None


def has_unverified_email(facts: LoginFacts) -> bool:
    return facts.email_unverified


def has_unverified_registration(facts: LoginFacts) -> bool:
    return facts.registration_unverified


def is_not_registered(facts: LoginFacts) -> bool:
    return not facts.registered


GATES: tuple[tuple[Gate, Verdict, str], ...] = (  # asked in this order; the first that holds decides
    (is_deactivated_at_the_password_door, Verdict.LOCKED, "decision 4"),  # and 54
    (is_deactivated, Verdict.NOT_FOUND, "3.5 row 16"),
    (is_expired, Verdict.EXPIRED, "3.5 row 17"),
    (is_locked, Verdict.LOCKED, "decision 53"),
    (is_prevented, Verdict.LOGIN_PREVENTED, "3.5 row 18"),
    (needs_second_factor, Verdict.SECOND_FACTOR_REQUIRED, "3.5 row 26"),
    (must_change_password, Verdict.PASSWORD_CHANGE_REQUIRED, "3.5 row 27"),
    (has_unverified_email, Verdict.EMAIL_UNVERIFIED, "3.5 row 28"),
    (has_unverified_registration, Verdict.REGISTRATION_UNVERIFIED, "3.5 row 29"),
    (is_not_registered, Verdict.NOT_REGISTERED, "3.5 row 31"),
)
"""The third member names the rule, for the trace of the login."""

NOTHING_AGAINST = "3.5 row 32"

REFUSALS = frozenset({Verdict.LOCKED, Verdict.NOT_FOUND, Verdict.EXPIRED, Verdict.LOGIN_PREVENTED})
"""Verdicts about an existing user that forbid any write: no link is made for a user who is blocked (rows 16 to 18)."""

COMPLETED = frozenset(
    {Verdict.LOGGED_IN, Verdict.NOT_REGISTERED, Verdict.EMAIL_UNVERIFIED, Verdict.REGISTRATION_UNVERIFIED}
)
"""Verdicts under which a login may complete; the unverified ones do so under behaviour Allow only (decision 51)."""


def ruling(facts: LoginFacts) -> tuple[Verdict, str]:
    """The verdict on a person who has proved who they are, and the rule that gave it."""
    return next(((verdict, rule) for gate, verdict, rule in GATES if gate(facts)), (Verdict.LOGGED_IN, NOTHING_AGAINST))


def judge(facts: LoginFacts) -> Verdict:
    """The verdict alone."""
    return ruling(facts)[0]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a completed login hands out. `expiration_instant` (ms) is the access token's; the rest belongs together."""

    access_token: str
    expiration_instant: int
    refresh_token: str | None = None
    refresh_token_id: UUID | None = None
    refresh_token_seconds: int = 0
    """How long the refresh cookie lives."""


@dataclass(frozen=True, slots=True)
class LoginOutcome:
    """What a flow returns to any front end: one verdict and the values it promises."""

    verdict: Verdict
    user: User | None = None
    registrations: Sequence[Registration] = ()
    tokens: Tokens | None = None
    ticket: str | None = field(default=None, repr=False)
    """The id that resolves the verdict: pendingIdPLinkId, changePasswordId, a verification id or twoFactorId."""
    problem: Problem | None = None
    """Which of the refusals it was (decision 33): the general error of a 401 or 512."""
    provider_failed: bool = False
    """Whether a 401 is due to a provider that fails, or a 404 to a directory that does; to refuse is not to fail."""
    provider_refused: bool = False
    """Whether a 401 is due to a provider that works and does not vouch for what it was shown."""
    errors: Invalid | None = None
    """What the login-validation lambda objects to: the body of a 400."""
    standing: Standing = NO_STANDING
    """How the user stood: with the methods that a 242 offers."""
    configurable_methods: Sequence[str] = ()
    """The kinds of second factor that a user who has none yet may set up now."""
    change_reason: ChangeReason | None = None
    """Why the password must be changed: now with a 203; soon beside a completed login, where the door lets it wait."""
    actions: Sequence[PreventingAction] = ()
    """What prevents the login: the body of a 409."""
    deactivated: bool = False
    """Whether somebody who is proved was refused because the user is deactivated (decisions 4, 33 and 54)."""
    locked_until: int | None = None
    """When a lockout for guessing ends, epoch milliseconds; None where it was something else that refused."""
    state: str | None = None
    """The client's own JSON text, given back byte for byte (decision 13)."""
    asked: Asked | None = None
    """What the Rocket.Chat door says of the second factor that is missing, or was wrong."""
    blocked: Blocked | None = None
    """Whom that door's own rules block."""
    chat_token: str | None = field(default=None, repr=False)
    """The Rocket.Chat door's own token, stored with the login."""
    trust_token: str | None = field(default=None, repr=False)
    two_factor_trust: str | None = field(default=None, repr=False)
    """The twoFactorTrustId of a computer to be trusted from now on."""
    two_factor_trust_seconds: int = 0
    completed: bool = False
    """Whether the login is recorded, so that tokens may leave; under behaviour Gated a 212 or 213 is not."""
    authentication_type: str | None = None
    """How the person proved who they are, once the login is completed."""
    auth_instant: int | None = None
    """When they proved it, epoch milliseconds: with an SSO session that was in an earlier login."""
    federated: bool = False
    """Whether a provider vouched for them."""
    second_factor_done: bool = False
    """Whether a second factor was part of it."""
    proof: str | None = field(default=None, repr=False)
    """What resumes the login after the step that is missing, for doors that ask for it."""
