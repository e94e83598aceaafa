"""When a password must be changed, when it may be, and which of several reasons counts (login contract 3.5 row 27).

Source: supporting contract 6.5 and 14; decision 7: a user without a password is never asked for a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.model import User
from identity.domain.outcome import ChangeReason

MILLISECONDS = 1000
DAY = 86_400 * MILLISECONDS


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """The part of a tenant's settings that decides about changes of passwords. Ages in milliseconds."""

    maximum_age: int | None = None
    minimum_age: int | None = None
    validates_on_login: bool = False
    remembered: int = 0
    """How many previous passwords may not come back, beside the present one."""

    verifies_email: bool = True
    """Whether a change by a mailed id proves the address (implicitEmailVerificationAllowed)."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> ChangeRules:
        """From a tenant's settings; what they leave out is off."""
        rules = settings.get("password_validation_rules") or {}
        previous = rules.get("remember_previous_passwords") or {}
        email = settings.get("email_configuration") or {}
        return cls(
            maximum_age=_age(settings.get("maximum_password_age"), "days", DAY),
            minimum_age=_age(settings.get("minimum_password_age"), "seconds", MILLISECONDS),
            validates_on_login=bool(rules.get("validate_on_login")),
            remembered=previous["count"] if previous.get("enabled") else 0,
            verifies_email=email.get("implicit_email_verification_allowed", True),
        )


def change_reason(user: User, rules: ChangeRules, now: int, *, breaks_rules: bool) -> ChangeReason | None:
    """Why this user must change the password; the order of the ifs decides. None: it may stay, or is not kept here.

    `breaks_rules`: the password was seen, and it is not one that the tenant would take today.
    """
    if user.password_last_update_instant is None or user.is_of_directory:
        return None
    if user.password_change_required:
        return stored_reason(user)
    if rules.maximum_age is not None and user.password_last_update_instant + rules.maximum_age <= now:
        return ChangeReason.EXPIRED
    if rules.validates_on_login and breaks_rules:
        return ChangeReason.VALIDATION
    return None


def stored_reason(user: User) -> ChangeReason:
    """Why a change was demanded of this user: an administrator did, unless it is known better."""
    return ChangeReason(user.password_change_reason or ChangeReason.ADMINISTRATIVE)


def reason_after_update(before: User | None, required: bool) -> str | None:
    """What passwordChangeReason says once an administrator has set passwordChangeRequired."""
    if not required:
        return None
    kept = before.password_change_reason if before is not None and before.password_change_required else None
    return kept or ChangeReason.ADMINISTRATIVE.value


def is_too_young(user: User, rules: ChangeRules, now: int) -> bool:
    """Whether the present password has not been used long enough to be replaced by its owner."""
    if rules.minimum_age is None or user.password_last_update_instant is None:
        return False
    return now < user.password_last_update_instant + rules.minimum_age


def _age(setting: Mapping[str, Any] | None, member: str, unit: int) -> int | None:
    return setting[member] * unit if setting and setting.get("enabled") else None
