"""Keys for tests, generated once per process since making an RSA key takes a while; and forged tokens."""

from __future__ import annotations

import base64
import hmac
import json
from functools import cache
from typing import Any
from uuid import UUID

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.keymaterial.making import generate

NOW = 1_700_000_000_000
ISSUER = "https://login.example.com"
ASYMMETRIC = [algorithm for algorithm in KeyAlgorithm if algorithm.type is not KeyType.HMAC]


def counted_bytes(size: int) -> bytes:
    return bytes(range(size))


@cache
def sample(algorithm: KeyAlgorithm, number: int = 1) -> SigningKey:
    return generate(
        algorithm,
        id=UUID(int=number << 64 | list(KeyAlgorithm).index(algorithm)),
        name=f"{algorithm.value} {number}",
        length=2048 if algorithm.type is KeyType.RSA else None,
        issuer=ISSUER,
        now=NOW,
        random_bytes=counted_bytes,
    )


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header: Any, claims: Any, secret: bytes) -> str:
    """A token whose signature is an HMAC with this secret, whatever its header says."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}"
