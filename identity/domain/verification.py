"""How e-mail addresses and registrations are verified: what tenant and application demand, and who may try a code.

Source: supporting contract 6.4, 5.2 and 13; decisions 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from identity.domain.contact import canonical
from identity.domain.mail import mail_address
from identity.domain.model import User

FORM_FIELD = "FormField"
GATED = "Gated"
MOST_GUESSES = 5
"""Wrong codes that the ids of one code survive, less one (security section 9)."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a tenant says about e-mail addresses, or an application about registrations."""

    wanted: bool = False
    takes_code: bool = False
    """Strategy FormField: the login hands out the id, a mail brings the code, and both are needed."""

    gated: bool = False
    """Whether the unverified get neither tokens nor a login record."""

    @classmethod
    def of(cls, settings: Mapping[str, Any], switch: str) -> Verification:
        """From the members of a tenant's emailConfiguration or of an application; `switch` names the one that is on."""
        return cls(
            wanted=bool(settings.get(switch)),
            takes_code=settings.get("verification_strategy") == FORM_FIELD,
            gated=(settings.get("unverified") or {}).get("behavior") == GATED,
        )


def email_verification(tenant_settings: Mapping[str, Any]) -> Verification:
    return Verification.of(tenant_settings.get("email_configuration") or {}, "verify_email")


def must_verify_again(tenant_settings: Mapping[str, Any], before: User, after: User) -> bool:
    """Whether another e-mail address is to be verified anew (verifyEmailWhenChanged)."""
    settings = tenant_settings.get("email_configuration") or {}
    if not (settings.get("verify_email") and settings.get("verify_email_when_changed")) or after.email is None:
        return False
    return before.email is None or canonical(before.email) != canonical(after.email)


def registration_verification(application_settings: Mapping[str, Any]) -> Verification:
    return Verification.of(application_settings, "verify_registration")


def proved_address(user: User) -> str:
    """The address that a mailed id is bound to: after a change of address the id proves nothing."""
    return canonical(mail_address(user) or "")


def verified_user(user: User, reason: str, now: int) -> User:
    """The user with a verified e-mail address; verifiedInstant is set once and stays (decision 3)."""
    first = now if user.verified_instant is None else user.verified_instant
    return replace(user, verified=True, verified_reason=reason, verified_instant=first, last_update_instant=now)
