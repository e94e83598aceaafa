"""Password hashing: argon2id, and every scheme that FusionAuth knows under its own name (decision 27, record 0007).

A stored password says how it was made, so a change of the tenant's scheme never locks anybody out. Hashing is slow by
design; a semaphore keeps a burst of it from taking all memory and processors of the process.

argon2id is given the hex SHA-256 of the password and not the password itself, so that a client that sends only that
digest (Rocket.Chat's do) can be checked without a second stored hash. Hashes of the bare password, which earlier
releases made and imports bring, stay valid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import bcrypt
from argon2 import low_level
from argon2.exceptions import VerificationError, VerifyMismatchError

ARGON2ID = "argon2id"
BCRYPT = "bcrypt"
HMAC = "salted-hmac-sha256"
SALT_BYTES = 16
BCRYPT_MAXIMUM_BYTES = 72
BCRYPT_SALT_CHARACTERS = 22
ARGON2_MEMORY_KIB = 19 * 1024
"""OWASP's smaller set: 19 MiB, two rounds, one lane; 27 ms on the reference machine."""

ARGON2_LANES = 16
"""Most lanes of a hash that another program made: each is a thread while it is compared."""
ARGON2_WORK = 32 * ARGON2_MEMORY_KIB
"""Most memory times rounds of such a hash: it is compared in half a second."""

_ARGON2 = re.compile(
    r"\$argon2id(?:\$v=(?:16|19))?\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,3}),p=([1-9][0-9]{0,2})"
    r"(\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+)"
)
_PBKDF2 = {
    "salted-pbkdf2-hmac-sha256": ("sha256", 32),
    "salted-pbkdf2-hmac-sha256-512": ("sha256", 64),
    "salted-pbkdf2-hmac-sha512-512": ("sha512", 64),
}
_DIGESTS = {"salted-md5": "md5", "salted-sha256": "sha256"}
_PHPASS = {"phpass-md5": ("md5", 24), "phpass-sha512": ("sha512", 43)}
"""The digest, and how many characters of its base64 are stored."""

_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_BCRYPT = bytes.maketrans(_STANDARD, _BCRYPT)
_PHPASS_DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OVER_DIGEST = "sha256"
"""What stands before the encoded string of an argon2id hash that was made over the digest of a password."""
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
    **dict.fromkeys(_DIGESTS, Factor(20_000, 1, 1_000_000)),
    HMAC: Factor(1, 0, 1_000_000),  # it has no cost; whatever a caller names is kept
    "phpass-md5": Factor(1 << 13, 1, 1 << 20),
    "phpass-sha512": Factor(1 << 15, 1, 1 << 20),
}
"""Every scheme a password can be stored with."""


def milliseconds(scheme: str, factor: int | None) -> float:
    """About how long one hash takes on the reference machine. The scheme must be known."""
    cost = SCHEMES[scheme].default if factor is None else factor
    if scheme == BCRYPT:
        return 0.06 * (1 << cost)
    if scheme == HMAC:
        return 0.01
    return cost * (13.0 if scheme == ARGON2ID else 0.0003 if scheme in _PBKDF2 else 0.0009)


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as stored. `salt` and `hash` are base64 (bcrypt: its own alphabet).

    argon2id keeps its whole encoded string, salt and parameters included, in `hash`.
    """

    scheme: str
    factor: int
    salt: str = field(repr=False)
    hash: str = field(repr=False)

    @property
    def over_digest(self) -> bool:
        """Whether it was made over the digest of the password."""
        return self.scheme == ARGON2ID and self.hash.startswith(_OVER_DIGEST)

    def is_made_by(self, scheme: str, factor: int) -> bool:
        """Whether `hash_password` would make it in the same way today."""
        return (self.scheme, self.factor) == (scheme, factor) and (scheme != ARGON2ID or self.over_digest)


def problems(password: str, scheme: str, factor: int | None) -> list[tuple[str, str]]:
    """(field of the user, reason) for what can not be hashed so."""
    found = scheme_problems(scheme, factor)
    if scheme == BCRYPT and len(password.encode()) > BCRYPT_MAXIMUM_BYTES:
        found.append(("password", "tooLong"))  # bcrypt would silently ignore the rest
    return found


def scheme_problems(scheme: str, factor: int | None) -> list[tuple[str, str]]:
    """As `problems`, of scheme and factor alone."""
    if scheme not in SCHEMES:
        return [("encryptionScheme", "invalid")]
    if factor is not None and not SCHEMES[scheme].least <= factor <= SCHEMES[scheme].most:
        return [("factor", "invalid")]
    return []


def hash_password(password: str, scheme: str, factor: int | None, random_bytes: Callable[[int], bytes]) -> Hashed:
    """A fresh salt and hash. `problems` must have found none."""
    cost = SCHEMES[scheme].default if factor is None else factor
    raw = random_bytes(SALT_BYTES)
    with _AT_ONCE:
        if scheme == ARGON2ID:
            digest = digest_of(password).encode()
            encoded = low_level.hash_secret(
                digest, raw, cost, ARGON2_MEMORY_KIB, parallelism=1, hash_len=32, type=low_level.Type.ID
            )
            return Hashed(scheme, cost, "", _OVER_DIGEST + encoded.decode())
        salt = base64.b64encode(raw).decode()
        if scheme == BCRYPT:
            salt = salt[:BCRYPT_SALT_CHARACTERS].encode().translate(_TO_BCRYPT).decode()
        return Hashed(scheme, cost, salt, _forms(password, scheme, cost, salt)[0])


def matches(password: str, hashed: Hashed) -> bool:
    """Whether this is the password, compared in constant time."""
    with _AT_ONCE:
        if hashed.scheme == ARGON2ID:
            return _is_argon2(digest_of(password) if hashed.over_digest else password, hashed)
        if hashed.scheme == BCRYPT and len(password.encode()) > BCRYPT_MAXIMUM_BYTES:
            return False
        forms = _forms(password, hashed.scheme, hashed.factor, hashed.salt)
    return any([hmac.compare_digest(form, hashed.hash) for form in forms])  # noqa: C419 (all are compared: same time)


def digest_of(password: str) -> str:
    """The hex SHA-256 of a password, as clients of Rocket.Chat send it: where it counts, as good as the password."""
    return hashlib.sha256(password.encode()).hexdigest()


def matches_digest(digest: str, hashed: Hashed) -> bool:
    """Whether this is the digest of the password; False also where that can not be told, as for other schemes."""
    if not hashed.over_digest:
        matches(digest, hashed)  # for the time it takes (T19)
        return False
    with _AT_ONCE:
        return _is_argon2(digest, hashed)


def nobodys(scheme: str, factor: int | None) -> Hashed:
    """A hash that no password is known for; to compare with it costs what comparing with a real one costs (T19)."""
    cost = SCHEMES[scheme].default if factor is None else factor
    salt, made = base64.b64encode(bytes(SALT_BYTES)).decode(), base64.b64encode(bytes(32)).decode()
    if scheme == ARGON2ID:
        parameters = f"$argon2id$v=19$m={ARGON2_MEMORY_KIB},t={cost},p=1"
        return Hashed(scheme, cost, "", f"{_OVER_DIGEST}{parameters}${salt.rstrip('=')}${made.rstrip('=')}")
    if scheme == BCRYPT:
        salt = salt[:BCRYPT_SALT_CHARACTERS].encode().translate(_TO_BCRYPT).decode()
    return Hashed(scheme, cost, salt, made)


def imported(scheme: str, factor: int, salt: str, text: str) -> Hashed:
    """A hash that another system made, as stored here. Raises ValueError when it can be no hash of that scheme."""
    if scheme == BCRYPT and text.startswith("$2"):  # the whole string of 60 characters: $2b$10$salt and hash
        _, _, cost, rest = text.split("$", 3)
        factor, salt, text = int(cost), rest[:BCRYPT_SALT_CHARACTERS], rest[BCRYPT_SALT_CHARACTERS:]
    hashed = Hashed(scheme, factor, salt, text)
    if scheme_problems(scheme, factor) or not text.isascii() or not salt.isascii():
        raise ValueError(scheme)
    if scheme == ARGON2ID:
        return Hashed(scheme, _require_argon2(text), "", text)
    if scheme == BCRYPT:
        _require_bcrypt(hashed)
    elif scheme not in _PHPASS:
        base64.b64decode(salt, validate=True)
        base64.b64decode(text, validate=True)
    return hashed


def _require_argon2(text: str) -> int:
    """The rounds of an argon2id string. Raises ValueError for another string, and for one that asks too much work."""
    found = _ARGON2.fullmatch(text)
    if found is None:
        raise ValueError(ARGON2ID)
    memory, rounds, lanes = (int(number) for number in found.groups()[:3])
    affordable = memory <= 8 * ARGON2_MEMORY_KIB and memory * rounds <= ARGON2_WORK and lanes <= ARGON2_LANES
    if not affordable or memory < 8 * lanes or rounds > SCHEMES[ARGON2ID].most:
        raise ValueError(ARGON2ID)
    _require_comparable(f"$argon2id$v=19$m={8 * lanes},t=1,p={lanes}{found[4]}")
    return rounds


def _require_comparable(text: str) -> None:
    """Raises ValueError for salt and hash that the library does not take. `text` asks for the least work."""
    try:
        low_level.verify_secret(text.encode(), b"", low_level.Type.ID)
    except VerifyMismatchError:
        return
    except VerificationError as error:
        raise ValueError(ARGON2ID) from error


def _require_bcrypt(hashed: Hashed) -> None:
    """Raises ValueError for parts that the library does not take."""
    _bcrypt("", SCHEMES[BCRYPT].least, hashed.salt)
    if len(hashed.salt) != BCRYPT_SALT_CHARACTERS or len(hashed.hash) != 31:
        raise ValueError(BCRYPT)


def _is_argon2(secret: str, hashed: Hashed) -> bool:
    try:
        encoded = hashed.hash.removeprefix(_OVER_DIGEST).encode()
        return low_level.verify_secret(encoded, secret.encode(), low_level.Type.ID)
    except VerificationError:  # a mismatch, or a stored text that is no hash: nobody's password
        return False


def _forms(password: str, scheme: str, factor: int, salt: str) -> tuple[str, ...]:
    """The texts under which this password can be stored; the first is the one that we write."""
    secret = password.encode()
    if scheme == BCRYPT:
        return (_bcrypt(password, factor, salt),)
    if scheme in _PHPASS:
        return _phpass(secret, scheme, factor, salt)
    raw = base64.b64decode(salt)
    if scheme in _PBKDF2:
        digest, length = _PBKDF2[scheme]
        made = hashlib.pbkdf2_hmac(digest, secret, raw, factor, length)
    elif scheme == HMAC:
        made = hmac.digest(raw, secret, "sha256")
    else:
        made = secret + raw
        for _ in range(factor):
            made = hashlib.new(_DIGESTS[scheme], made, usedforsecurity=False).digest()
    return (base64.b64encode(made).decode(),)


def _bcrypt(password: str, factor: int, salt: str) -> str:
    made = bcrypt.hashpw(password.encode(), f"$2b${factor:02d}${salt}".encode())
    return made.decode()[-31:]


def _phpass(secret: bytes, scheme: str, factor: int, salt: str) -> tuple[str, ...]:
    """Standard base64 as FusionAuth documents it, and the form in which PHP programs keep it."""
    digest, length = _PHPASS[scheme]
    made = hashlib.new(digest, salt.encode() + secret, usedforsecurity=False).digest()
    for _ in range(factor):
        made = hashlib.new(digest, made + secret, usedforsecurity=False).digest()
    standard = base64.b64encode(made).decode()[:length]
    return standard, standard.rstrip("="), _phpass64(made)[:length]


def _phpass64(raw: bytes) -> str:
    """phpass's own base64: its own digits, least significant bits first, no padding."""
    text = ""
    for start in range(0, len(raw), 3):
        chunk = raw[start : start + 3]
        value = int.from_bytes(chunk, "little")
        text += "".join(_PHPASS_DIGITS[value >> 6 * place & 63] for place in range(len(chunk) + 1))
    return text
