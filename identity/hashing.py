"""Password hashing: argon2id, and FusionAuth's PBKDF2 schemes and bcrypt under their own names (decision 27).

A stored password says how it was made, so a change of the tenant's scheme never locks anybody out. Hashing is slow by
design; a semaphore keeps a burst of it from taking all memory and processors of the process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import bcrypt
from argon2 import low_level
from argon2.exceptions import VerifyMismatchError

ARGON2ID = "argon2id"
BCRYPT = "bcrypt"
SALT_BYTES = 16
BCRYPT_MAXIMUM_BYTES = 72
ARGON2_MEMORY_KIB = 19 * 1024
"""OWASP's smaller set: 19 MiB, two rounds, one lane; 27 ms on the reference machine."""

_PBKDF2 = {
    "salted-pbkdf2-hmac-sha256": ("sha256", 32),
    "salted-pbkdf2-hmac-sha256-512": ("sha256", 64),
    "salted-pbkdf2-hmac-sha512-512": ("sha512", 64),
}
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_BCRYPT = bytes.maketrans(_STANDARD, _BCRYPT)
_AT_ONCE = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Factor:
    """The cost parameter of a scheme."""

    default: int
    least: int
    most: int


SCHEMES: Mapping[str, Factor] = {
    ARGON2ID: Factor(2, 1, 16),
    BCRYPT: Factor(10, 4, 16),
    **dict.fromkeys(_PBKDF2, Factor(24_000, 1, 1_000_000)),
}
"""Every scheme a password can be stored with."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as stored. `salt` and `hash` are base64 (bcrypt: its own alphabet).

    argon2id keeps its whole encoded string, salt and parameters included, in `hash`.
    """

    scheme: str
    factor: int
    salt: str = field(repr=False)
    hash: str = field(repr=False)


def problems(password: str, scheme: str, factor: int | None) -> list[tuple[str, str]]:
    """(field of the user, reason) for what can not be hashed so."""
    if scheme not in SCHEMES:
        return [("encryptionScheme", "invalid")]
    found: list[tuple[str, str]] = []
    if factor is not None and not SCHEMES[scheme].least <= factor <= SCHEMES[scheme].most:
        found.append(("factor", "invalid"))
    if scheme == BCRYPT and len(password.encode()) > BCRYPT_MAXIMUM_BYTES:
        found.append(("password", "tooLong"))  # bcrypt would silently ignore the rest
    return found


def hash_password(password: str, scheme: str, factor: int | None, random_bytes: Callable[[int], bytes]) -> Hashed:
    """A fresh salt and hash. `problems` must have found none."""
    cost = SCHEMES[scheme].default if factor is None else factor
    raw = random_bytes(SALT_BYTES)
    with _AT_ONCE:
        if scheme == ARGON2ID:
            encoded = low_level.hash_secret(
                password.encode(), raw, cost, ARGON2_MEMORY_KIB, parallelism=1, hash_len=32, type=low_level.Type.ID
            )
            return Hashed(scheme, cost, "", encoded.decode())
        if scheme == BCRYPT:
            salt = base64.b64encode(raw)[:22].translate(_TO_BCRYPT).decode()
            return Hashed(scheme, cost, salt, _bcrypt(password, cost, salt))
        salt = base64.b64encode(raw).decode()
        return Hashed(scheme, cost, salt, _pbkdf2(password, scheme, cost, salt))


def matches(password: str, hashed: Hashed) -> bool:
    """Whether this is the password, compared in constant time."""
    with _AT_ONCE:
        if hashed.scheme == ARGON2ID:
            try:
                return low_level.verify_secret(hashed.hash.encode(), password.encode(), low_level.Type.ID)
            except VerifyMismatchError:
                return False
        if hashed.scheme == BCRYPT:
            if len(password.encode()) > BCRYPT_MAXIMUM_BYTES:
                return False
            made = _bcrypt(password, hashed.factor, hashed.salt)
        else:
            made = _pbkdf2(password, hashed.scheme, hashed.factor, hashed.salt)
    return hmac.compare_digest(made, hashed.hash)


def _pbkdf2(password: str, scheme: str, factor: int, salt: str) -> str:
    digest, length = _PBKDF2[scheme]
    made = hashlib.pbkdf2_hmac(digest, password.encode(), base64.b64decode(salt), factor, length)
    return base64.b64encode(made).decode()


def _bcrypt(password: str, factor: int, salt: str) -> str:
    made = bcrypt.hashpw(password.encode(), f"$2b${factor:02d}${salt}".encode())
    return made.decode()[-31:]
