"""The second factor of a login: which policy applies, whether it asks for one, and which methods can answer.

Source: supporting contract 5.2, 6.5 and 12.1; login contract D9 and D10; decision 27.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identity.domain.generators import characters
from identity.domain.standing import TwoFactorMethod

AUTHENTICATOR, EMAIL, SMS = "authenticator", "email", "sms"
KINDS = (AUTHENTICATOR, EMAIL, SMS)
SENT_KINDS = (EMAIL, SMS)
"""Kinds whose code we send; an authenticator makes its own."""

DISABLED, REQUIRED = "Disabled", "Required"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"
"""Of method ids and recovery codes (decisions 13 and 27)."""

METHOD_ID_LENGTH = 4
RECOVERY_CODES, RECOVERY_CODE_LENGTH = 10, 8
MOST_METHODS = 10
"""Per user."""

WRONG_PER_CHALLENGE = 5
COUNTED_ONCE_MILLISECONDS = 1_000
"""Limits of guessing at one challenge. Source: security section 9, decision 27."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A computer that is trusted for the logins to one application, or for those without one."""

    application_id: UUID | None
    start_instant: int
    expiry: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What the tenant, and the application where it differs, say of second factors."""

    login_policy: str
    trust_policy: str
    kinds: tuple[str, ...]
    """The kinds of method that the tenant offers."""

    @classmethod
    def of(cls, tenant: Mapping[str, Any], application: Mapping[str, Any] | None) -> Policy:
        """From the settings of both. The policies that ask about risk challenge everybody: nothing here measures it."""
        general = tenant.get("multi_factor_configuration") or {}
        own = (application or {}).get("multi_factor_configuration") or {}
        offered = {kind: (general.get(kind) or {}).get("enabled", kind == AUTHENTICATOR) for kind in KINDS}
        return cls(
            login_policy=own.get("login_policy") or general.get("login_policy") or "Enabled",
            trust_policy=own.get("trust_policy") or "Any",
            kinds=tuple(kind for kind in KINDS if offered[kind]),
        )

    def usable(self, methods: Iterable[TwoFactorMethod]) -> tuple[TwoFactorMethod, ...]:
        """The methods of a kind that is offered."""
        return tuple(method for method in methods if method.method in self.kinds)

    def asks(self, methods: Iterable[TwoFactorMethod]) -> bool:
        """Whether a login of somebody with these methods needs a second factor, from a computer nobody trusts."""
        if self.login_policy == DISABLED:
            return False
        return self.login_policy == REQUIRED or bool(self.usable(methods))

    def configurable(self, methods: Iterable[TwoFactorMethod]) -> tuple[str, ...]:
        """What somebody who needs a second factor and has none may set up on the way (D10)."""
        return () if self.usable(methods) else self.kinds

    @property
    def may_trust(self) -> bool:
        """Whether there is any use in trusting a computer."""
        return self.trust_policy != "None"

    def trusts(self, trusts: Iterable[Trust], application_id: UUID | None, now: int) -> bool:
        """Whether one of these waives the second factor."""
        return self.may_trust and any(
            trust.expiry > now and (self.trust_policy != "This" or trust.application_id == application_id)
            for trust in trusts
        )


def authenticator_settings(tenant: Mapping[str, Any]) -> dict[str, Any]:
    """How new authenticators count, by the names of `totp.Authenticator`."""
    general = tenant.get("multi_factor_configuration") or {}
    chosen = general.get(AUTHENTICATOR) or {}
    return {name: chosen[name] for name in ("algorithm", "code_length", "time_step") if name in chosen}


def new_method_id(taken: Sequence[str], random_bytes: Callable[[int], bytes]) -> str:
    """An id that none of the user's methods has."""
    while (fresh := characters(ALPHABET, METHOD_ID_LENGTH, random_bytes)) in taken:
        pass
    return fresh


def new_recovery_codes(random_bytes: Callable[[int], bytes]) -> list[str]:
    """Ten codes that differ."""
    found: dict[str, None] = {}
    while len(found) < RECOVERY_CODES:
        found[characters(ALPHABET, RECOVERY_CODE_LENGTH, random_bytes)] = None
    return list(found)


def typed(code: str) -> str:
    """A code as a person typed it, without the spaces and dashes they put between its groups."""
    return code.replace(" ", "").replace("-", "")
