"""The generators of externalIdentifierConfiguration: how an id or a code is made. Source: supporting contract 6.3."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

ALPHABETS = {
    "randomDigits": "0123456789",
    "randomAlpha": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "randomAlphaNumeric": "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
}
"""Letters and digits that people confuse are left out where both occur."""

RANDOM_BYTES = "randomBytes"
BYTE_VALUES = 256


def generate(generator: Mapping[str, Any], random_bytes: Callable[[int], bytes]) -> str:
    """A fresh id of this `{length, type}`: `length` characters, or as many bytes in URL-safe text."""
    length, kind = int(generator["length"]), str(generator["type"])
    if kind == RANDOM_BYTES:
        return _url_safe(random_bytes(length))
    return characters(ALPHABETS[kind], length, random_bytes)


def characters(alphabet: str, length: int, random_bytes: Callable[[int], bytes]) -> str:
    """Characters that are all as likely: a byte beyond the last whole multiple of the alphabet is drawn again."""
    fair = BYTE_VALUES - BYTE_VALUES % len(alphabet)
    found: list[str] = []
    while len(found) < length:
        found += [alphabet[byte % len(alphabet)] for byte in random_bytes(length) if byte < fair]
    return "".join(found[:length])


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
