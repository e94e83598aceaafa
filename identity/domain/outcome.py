"""How a login ends: every verdict, the one ordered table of gates behind it, and what a flow hands to a front end.

The order of `GATES` is the order of login contract 3.5 (decision 1); a change is a one-line diff here and nowhere else.
The status number is part of the domain on purpose: for this product it is vocabulary, not transport.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import UNIQUE, Enum, verify
from uuid import UUID

from identity.domain.errors import Problem
from identity.domain.model import Registration, User


@verify(UNIQUE)
class Verdict(Enum):
    """How a login ended. The value is the HTTP status a FusionAuth client branches on."""

    LOGGED_IN = 200
    NOT_REGISTERED = 202
    LINK_PENDING = 232
    REFUSED = 401
    NOT_FOUND = 404
    EXPIRED = 410
    LAMBDA_FAILED = 512


class Door(Enum):
    """Where a login came in. The door is one of the facts a gate may look at (decision 54)."""

    COMPLETE_LOGIN = "complete login"
    REFRESH = "refresh"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """What the gates look at. Instants in epoch milliseconds."""

    door: Door
    now: int
    active: bool
    expiry: int | None
    registered: bool
    """Whether the user has, or is about to get, a registration for the application."""


Gate = Callable[[LoginFacts], bool]


def is_deactivated(facts: LoginFacts) -> bool:
    return not facts.active


def is_expired(facts: LoginFacts) -> bool:
    return facts.expiry is not None and facts.expiry <= facts.now


def is_not_registered(facts: LoginFacts) -> bool:
    return not facts.registered


GATES: tuple[tuple[Gate, Verdict], ...] = (  # asked in this order; the first that holds decides
    (is_deactivated, Verdict.NOT_FOUND),  # row 16
    (is_expired, Verdict.EXPIRED),  # row 17
    (is_not_registered, Verdict.NOT_REGISTERED),  # row 31
)

REFUSALS = frozenset({Verdict.NOT_FOUND, Verdict.EXPIRED})
"""Verdicts about an existing user that forbid any write: no link is made for a user who is blocked (rows 16 and 17)."""


def judge(facts: LoginFacts) -> Verdict:
    """The verdict on a person who has proved who they are."""
    return next((verdict for gate, verdict in GATES if gate(facts)), Verdict.LOGGED_IN)


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
    ticket: str | None = None
    """pendingIdPLinkId and its like, by verdict."""
    problem: Problem | None = None
    """Which of the refusals it was (decision 33): the general error of a 401 or 512."""
