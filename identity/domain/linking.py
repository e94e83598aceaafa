"""Which user a person at a provider is: the linking strategies as one pure function.

Law: an existing link wins over everything, also over `noLink` and the strategy `Disabled` (login contract 3.5, row 10).
Only the provider's own e-mail or username matches an existing user; what a lambda set may create a user, never match
one (decision 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never
from uuid import UUID

from identity.domain.model import Claims, LinkingStrategy


class Key(Enum):
    """The claim by which a strategy finds a user."""

    EMAIL = "email"
    USERNAME = "username"


@dataclass(frozen=True, slots=True)
class UseLink:
    """The person is tied to this user already."""

    user_id: UUID

    @property
    def meaning(self) -> str:
        """In words, for the provider's debug log; every decision has it."""
        return "the link decides, whatever the strategy"


@dataclass(frozen=True, slots=True)
class MatchUser:
    """Find the user by this key; `may_create` says whether one may be made when there is none."""

    key: Key
    may_create: bool

    @property
    def meaning(self) -> str:
        return f"the user with this {self.key.value}" + (", or a new one" if self.may_create else ", who must exist")


@dataclass(frozen=True, slots=True)
class CreateAnonymousUser:
    """Make a bare user without e-mail and username; no lambda runs."""

    meaning = "a new anonymous user"


@dataclass(frozen=True, slots=True)
class PendLink:
    """Hand out a pending link id (232)."""

    meaning = "a pending link"


@dataclass(frozen=True, slots=True)
class NoLink:
    """There is no link and none may be made (404)."""

    meaning = "no link may be made"


LinkDecision = UseLink | MatchUser | CreateAnonymousUser | PendLink | NoLink


def decide_link(strategy: LinkingStrategy, linked_user: UUID | None, *, no_link: bool = False) -> LinkDecision:
    """An existing link wins; then `no_link`; then the strategy. Source: login contract 3.5, rows 10 to 15."""
    if linked_user is not None:
        return UseLink(linked_user)
    if no_link:
        return NoLink()
    match strategy:
        case LinkingStrategy.DISABLED:
            return NoLink()
        case LinkingStrategy.CREATE_PENDING_LINK:
            return PendLink()
        case LinkingStrategy.LINK_ANONYMOUSLY:
            return CreateAnonymousUser()
        case LinkingStrategy.LINK_BY_EMAIL:
            return MatchUser(Key.EMAIL, may_create=True)
        case LinkingStrategy.LINK_BY_EMAIL_FOR_EXISTING_USER:
            return MatchUser(Key.EMAIL, may_create=False)
        case LinkingStrategy.LINK_BY_USERNAME:
            return MatchUser(Key.USERNAME, may_create=True)
        case LinkingStrategy.LINK_BY_USERNAME_FOR_EXISTING_USER:
            return MatchUser(Key.USERNAME, may_create=False)
        case _:
            assert_never(strategy)


def claimed(claims: Claims, key: Key) -> str | None:
    """The provider's own value of a key."""
    return claims.email if key is Key.EMAIL else claims.username


def lambda_runs(strategy: LinkingStrategy) -> bool:
    """Whether the reconcile lambda runs under this strategy (login contract 6.3): never for anonymous links."""
    return strategy is not LinkingStrategy.LINK_ANONYMOUSLY


def resets_credentials(*, matched_by: Key | None, user_verified: bool) -> bool:
    """Whether linking must first strip the user of what somebody else may have planted (security T5, decision 12).

    A user whose e-mail nobody proved may have been made by an attacker: their password and tokens do not survive.
    """
    return matched_by is Key.EMAIL and not user_verified
