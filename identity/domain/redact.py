"""How secrets and addresses appear in logs and traces: recognisable for the owner, useless to a reader.

Source: decision 25; security-and-reliability 12.
"""

from __future__ import annotations

import hashlib


def mask(secret: str | None) -> str:
    """A secret as its length plus 8 hex digits of its SHA-256, e.g. `<43 characters, sha256 1f2e3d4c>`."""
    if secret is None:
        return "<absent>"
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"<{len(secret)} characters, sha256 {digest}>"


def mask_email(email: str | None) -> str:
    """An e-mail address as `a***@domain`."""
    if not email:
        return "<absent>"
    local, at, domain = email.partition("@")
    return f"{local[:1]}***@{domain}" if at else mask(email)
