"""The challenge that belongs to a code verifier: S256, as authlib makes it (RFC 7636, 4.2)."""

from __future__ import annotations

from authlib.oauth2.rfc7636 import create_s256_code_challenge


def challenge_of(verifier: str) -> str:
    """`verifier` is ASCII."""
    challenge: str = create_s256_code_challenge(verifier)
    return challenge
