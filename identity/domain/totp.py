"""Time-based one-time passwords (RFC 6238): what an authenticator application shows, and which of it is accepted.

Our own lines on purpose (docs/decisions/0012-second-factors.md). A code is accepted for the step of the clock and the
one on either side; a step that was accepted, or one before it, is never accepted again, so that one code works once.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from identity.domain.errors import invalid_field

DIGESTS = {"HmacSHA1": "sha1", "HmacSHA256": "sha256", "HmacSHA512": "sha512"}
DRIFT = 1
"""Steps that a phone's clock may be off, either way."""

SECRET_BYTES = 20
"""Of a secret that we make: as long as the digest (RFC 4226, section 4)."""

LEAST_SECRET_BYTES, MOST_SECRET_BYTES = 10, 128
"""Of one that comes from elsewhere: the usual 16 letters are 80 bits."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """How an authenticator counts. Source: supporting contract 6.5."""

    algorithm: str = "HmacSHA1"
    code_length: int = 6
    time_step: int = 30

    def step_at(self, now: int) -> int:
        """The time step of an instant in epoch milliseconds."""
        return now // (self.time_step * 1000)


def code_at(secret: bytes, step: int, authenticator: Authenticator) -> str:
    """The code of one time step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), DIGESTS[authenticator.algorithm])
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**authenticator.code_length).zfill(authenticator.code_length)


def accepted_step(
    secret: bytes, code: str, authenticator: Authenticator, now: int, last_step: int | None = None
) -> int | None:
    """The time step that this code belongs to, if it is to be accepted now."""
    current = authenticator.step_at(now)
    accepted = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        same = hmac.compare_digest(code_at(secret, step, authenticator).encode(), code.encode())
        if same and accepted is None and (last_step is None or step > last_step):
            accepted = step
    return accepted


def base32(secret: bytes) -> str:
    """The form that people type and that QR codes carry: no padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, authenticator: Authenticator, issuer: str, account: str) -> str:
    """What a QR code tells an authenticator application: the secret, the name to show for it, and how to count.

    What every application takes for granted is left out: the picture is coarser, and sooner read.
    """
    usual = Authenticator()
    parameters = {"secret": base32(secret), "issuer": issuer}
    if authenticator.algorithm != usual.algorithm:
        parameters["algorithm"] = authenticator.algorithm.removeprefix("Hmac")
    if authenticator.code_length != usual.code_length:
        parameters["digits"] = str(authenticator.code_length)
    if authenticator.time_step != usual.time_step:
        parameters["period"] = str(authenticator.time_step)
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"


def secret_from(text: str | None, base32_text: str | None) -> bytes:
    """The secret of a request: base64, or base32 in any spelling that people use. Raises Invalid."""
    if text is not None:
        return _bounded(_from_base64(text), "secret")
    if base32_text is not None:
        return _bounded(_from_base32(base32_text), "secretBase32Encoded")
    raise invalid_field("secret", "blank")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _from_base32(text: str) -> bytes:
    letters = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        return b""


def _bounded(secret: bytes, field: str) -> bytes:
    if not LEAST_SECRET_BYTES <= len(secret) <= MOST_SECRET_BYTES:
        raise invalid_field(field, "invalid")
    return secret
