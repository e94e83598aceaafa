"""How a stored user stands: what a login must know of them beside the user object itself.

Read in the same statement as the user, judged by `identity/domain/outcome.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.totp import Authenticator


@dataclass(frozen=True, slots=True)
class PreventingAction:
    """A user action that prevents logins, as the 409 body names it (supporting contract 11.3).

    `expiry` (epoch milliseconds) is None while the action holds until it is cancelled.
    """

    id: UUID
    actioner_user_id: UUID | None
    application_ids: tuple[UUID, ...]
    expiry: int | None
    name: str
    localized_name: str | None = None
    option: str | None = None
    localized_option: str | None = None
    reason: str | None = None
    localized_reason: str | None = None
    reason_code: str | None = None

    def holds(self, now: int, application_id: UUID | None) -> bool:
        """Whether it prevents a login to this application now. An action without applications means all of them."""
        over = self.expiry is not None and self.expiry <= now
        return not over and (not self.application_ids or application_id in self.application_ids)


@dataclass(frozen=True, slots=True)
class TwoFactorMethod:
    """A second factor of a user, without its secret. `id` has 4 characters of A-Z2-9 (decision 13)."""

    id: str
    method: str
    email: str | None = None
    mobile_phone: str | None = None
    last_used: bool = False
    name: str | None = None
    authenticator: Authenticator | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gates ask of a stored user. `login_version` rises with every change that a login stands on."""

    login_version: int = 0
    actions: tuple[PreventingAction, ...] = ()
    methods: tuple[TwoFactorMethod, ...] = ()
    locked_until: int | None = None
    """The end of a lockout for guessing, epoch milliseconds; it guards guessable secrets only (decision 53)."""

    def preventing(self, now: int, application_id: UUID | None) -> tuple[PreventingAction, ...]:
        """The actions that prevent this login now."""
        return tuple(action for action in self.actions if action.holds(now, application_id))

    def locked(self, now: int) -> bool:
        """Whether too many wrong guesses keep the user's passwords and codes from being accepted."""
        return self.locked_until is not None and self.locked_until > now


NO_STANDING = Standing()
"""A user who is not stored yet."""
