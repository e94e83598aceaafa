"""Secrets at rest: AES-256-GCM, bound to the row and column they sit in, with key ids so that keys can be rotated.

Stored form: `v1.<key id>.<base64url of nonce and cipher text>`. The additional data names table, row id and column,
so a cipher text that is moved to another row does not open (decision 25).

The key file holds one key per line, newest first: `<key id>:<base64 of 32 bytes>`. The newest key seals,
every key opens.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
GENERATED_KEY_ID = "dev"
"""The id of a key that a development installation made for itself; production refuses it."""

NONCE_BYTES = 12


class CannotOpen(Exception):
    """A sealed value cannot be opened: its key is missing, or it was moved or altered. The message names the key id."""


class BadKeyFile(Exception):
    """The key file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret lives: it opens nowhere else."""

    table: str
    row: UUID | str
    column: str

    def as_bytes(self) -> bytes:
        return f"{self.table}/{self.row}/{self.column}".encode()


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the newest key, opens with any."""

    newest: str
    keys: Mapping[str, bytes] = field(repr=False)
    random_bytes: Callable[[int], bytes] = field(repr=False)

    def seal(self, secret: str, place: Place) -> str:
        nonce = self.random_bytes(NONCE_BYTES)
        cipher_text = AESGCM(self.keys[self.newest]).encrypt(nonce, secret.encode("utf-8"), place.as_bytes())
        return f"v1.{self.newest}.{_to_text(nonce + cipher_text)}"

    def open(self, sealed: str, place: Place) -> str:
        """Raises CannotOpen."""
        version, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        if version != "v1" or key_id not in self.keys:
            raise CannotOpen(f"the encryption key {key_id!r} is not in the key file")
        raw = _from_text(body)
        try:
            opened = AESGCM(self.keys[key_id]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.as_bytes())
        except InvalidTag as error:
            raise CannotOpen(f"a value sealed with key {key_id!r} does not belong to its row") from error
        return opened.decode("utf-8")

    def derive(self, purpose: str, message: bytes) -> bytes:
        """A keyed digest (HMAC-SHA256) for one purpose, e.g. the successor of a one-time refresh token."""
        purpose_key = hmac.digest(self.keys[self.newest], b"identity/" + purpose.encode(), "sha256")
        return hmac.digest(purpose_key, message, "sha256")


def read_key_file(path: Path, random_bytes: Callable[[int], bytes]) -> Sealer:
    """Raises BadKeyFile."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadKeyFile(f"The key file {path} cannot be read: {error.strerror}.") from error
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, text = line.strip().partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if not key_id or "." in key_id or len(key) != KEY_BYTES:
            raise BadKeyFile(f"The key file {path}, line {number}: expected <key id>:<base64 of {KEY_BYTES} bytes>.")
        keys[key_id] = key
    if not keys:
        raise BadKeyFile(f"The key file {path} holds no key.")
    return Sealer(next(iter(keys)), keys, random_bytes)


def new_key_line(key_id: str, random_bytes: Callable[[int], bytes]) -> str:
    """A line for a key file, without its newline."""
    return f"{key_id}:{base64.b64encode(random_bytes(KEY_BYTES)).decode()}"


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise CannotOpen("a sealed value is not readable") from error
