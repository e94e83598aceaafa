"""What a tenant demands of a password (passwordValidationRules). Source: supporting contract 6.5.

Length is counted in characters, nothing is cut off, and no other composition is demanded than the tenant switched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.contact import canonical


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules of one tenant."""

    min_length: int = 8
    max_length: int = 256
    require_mixed_case: bool = False
    require_non_alpha: bool = False
    require_number: bool = False
    disallow_user_login_id: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PasswordRules:
        """From `password_validation_rules` of a tenant's settings."""
        return cls(**{name: settings[name] for name in cls.__slots__ if settings.get(name) is not None})


def problems(password: str, rules: PasswordRules, login_ids: tuple[str | None, ...] = ()) -> list[str]:
    """The reason words of every rule the password breaks; none when it will do."""
    broken = {
        "tooShort": len(password) < rules.min_length,
        "tooLong": len(password) > rules.max_length,
        "singleCase": rules.require_mixed_case and (password == password.lower() or password == password.upper()),
        "onlyAlpha": rules.require_non_alpha and password.isalpha(),
        "requireNumber": rules.require_number and not any(character.isdecimal() for character in password),
        "containsLoginId": rules.disallow_user_login_id and _contains(password, login_ids),
    }
    return [reason for reason, is_broken in broken.items() if is_broken]


def _contains(password: str, login_ids: tuple[str | None, ...]) -> bool:
    folded = canonical(password)
    return any(login_id and canonical(login_id) in folded for login_id in login_ids)
