"""Second factors as clients of Rocket.Chat know them: methods and their names, and the codes that are sent to them.

Source: Rocket.Chat contract 7; decision 27.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import UNIQUE, Enum, verify

from identity.domain.generators import ALPHABETS, characters
from identity.domain.second_factor import AUTHENTICATOR, EMAIL, KINDS, SENT_KINDS
from identity.domain.standing import TwoFactorMethod

TOTP = "totp"
PASSWORD = "password"  # noqa: S105 (a method's name)
NAMES = {AUTHENTICATOR: TOTP}
"""What the door calls a kind of method, where it is not our own word."""

CODE_LENGTH = 6
CODE_LIVES_MILLISECONDS = 600_000
"""Of a code that this door sends; elsewhere the tenant decides."""


@verify(UNIQUE)
class Missing(Enum):
    """What is wrong with the second factor; the value is the error that clients branch on."""

    REQUIRED = "totp-required"
    INVALID = "totp-invalid"
    MAX_ATTEMPTS = "totp-max-attempts"


MESSAGES = {
    Missing.REQUIRED: "TOTP Required",
    Missing.INVALID: "TOTP Invalid",
    Missing.MAX_ATTEMPTS: "TOTP Maximun Failed Attempts Reached",  # their spelling
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A second factor that did not come, or not the right one, and by which methods it can be given."""

    missing: Missing
    method: str
    available: tuple[str, ...] = ()
    code_generated: bool = False
    """Whether a code was sent just now."""

    code_expires: int | None = None
    email_or_username: str | None = None
    """What users.2fa.sendEmailCode takes to send another one."""

    @property
    def message(self) -> str:
        return MESSAGES[self.missing]


def name_of(method: TwoFactorMethod) -> str:
    return NAMES.get(method.method, method.method)


def in_order(methods: Iterable[TwoFactorMethod]) -> list[TwoFactorMethod]:
    """Authenticators first, then e-mail, then messages; those of a kind in the order in which they were set up."""
    return sorted(methods, key=lambda method: KINDS.index(method.method))


def available_names(methods: Iterable[TwoFactorMethod]) -> tuple[str, ...]:
    """Each once, in their order."""
    return tuple(dict.fromkeys(name_of(method) for method in in_order(methods)))


def chosen(methods: Sequence[TwoFactorMethod], wanted: str | None = None) -> TwoFactorMethod | None:
    """The method to ask for: the wanted one if the user has it, else the first. None when there is none."""
    ordered = in_order(methods)
    return next((method for method in ordered if name_of(method) == wanted), ordered[0] if ordered else None)


def is_sent(method: TwoFactorMethod) -> bool:
    """Whether its codes are ours to send."""
    return method.method in SENT_KINDS


def fresh_code(random_bytes: Callable[[int], bytes]) -> str:
    return characters(ALPHABETS["randomDigits"], CODE_LENGTH, random_bytes)


def as_sent(method: TwoFactorMethod, code: str) -> str:
    """How a code is written to its reader: in two groups in a mail, in one in a message, which phones fill in."""
    half = CODE_LENGTH // 2
    return f"{code[:half]}-{code[half:]}" if method.method == EMAIL else code
