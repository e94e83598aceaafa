"""What makes a user acceptable: login ids, blocked domains, and whether the user starts as verified.

Whoever makes or changes a user asks here: the User API, and a login whose lambda set an e-mail or username.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.domain.bounds import LONGEST_USERNAME
from identity.domain.contact import canonical, is_email
from identity.domain.passwords import PasswordRules

DEFAULT_SCHEME = "argon2id"
"""Decision 27: what a tenant hashes with unless it names another scheme."""


@dataclass(frozen=True, slots=True)
class UserRules:
    """The part of a tenant's settings that decides about its users."""

    verify_email: bool = False
    blocked_domains: frozenset[str] = frozenset()
    encryption_scheme: str = DEFAULT_SCHEME
    encryption_scheme_factor: int | None = None
    upgrades_on_login: bool = True
    password: PasswordRules = field(default_factory=PasswordRules)
    revoke_tokens_on_password_change: bool = True

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> UserRules:
        """From a tenant's settings (snake_case); what they leave out has its default."""
        email = settings.get("email_configuration") or {}
        encryption = settings.get("password_encryption_configuration") or {}
        jwt = settings.get("jwt_configuration") or {}
        revocation = jwt.get("refresh_token_revocation_policy") or {}
        registration = settings.get("registration_configuration") or {}
        return cls(
            verify_email=bool(email.get("verify_email")),
            blocked_domains=frozenset(canonical(domain) for domain in registration.get("blocked_domains") or ()),
            encryption_scheme=encryption.get("encryption_scheme") or DEFAULT_SCHEME,
            encryption_scheme_factor=encryption.get("encryption_scheme_factor") or None,
            upgrades_on_login=encryption.get("modify_encryption_scheme_on_login", True),
            password=PasswordRules.of(settings.get("password_validation_rules") or {}),
            revoke_tokens_on_password_change=revocation.get("on_password_changed", True),
        )


def stored_email(text: str | None) -> str | None:
    """E-mail addresses are kept in lower case and without outer spaces; None when nothing is left."""
    return (text or "").strip().lower() or None


def login_id_problems(
    email: str | None, username: str | None, blocked_domains: frozenset[str] = frozenset()
) -> list[tuple[str, str]]:
    """(field, reason) for an unacceptable e-mail or username, or for having neither.

    A username in the form of an e-mail address is refused unless it is the user's own: nobody's username can address
    another user, neither today nor after that user registers (T20).
    """
    if not email and not username:
        return [("user.email", "blank"), ("user.username", "blank")]
    found: list[tuple[str, str]] = []
    if email and not is_email(email):
        found.append(("user.email", "notEmail"))
    elif email and canonical(email).rpartition("@")[2] in blocked_domains:
        found.append(("user.email", "blocked"))
    if username and (reason := _username_reason(username, email)):
        found.append(("user.username", reason))
    return found


def _username_reason(username: str, email: str | None) -> str | None:
    folded = canonical(username)
    if len(username) > LONGEST_USERNAME or len(folded) > LONGEST_USERNAME:
        return "tooLong"
    if not folded.strip() or not username.isprintable():
        return "invalid"
    if is_email(folded) and (email is None or canonical(email) != folded):
        return "invalid"
    return None


def starts_verified(rules: UserRules, *, skip_verification: bool) -> tuple[bool, str]:
    """Whether a user that the API creates counts as verified, and why (decision 3; identities[].verifiedReason)."""
    if skip_verification:
        return True, "Skipped"
    if rules.verify_email:
        return False, "Pending"
    return True, "Disabled"
