"""How secrets and addresses appear in logs and traces: recognisable for the owner, useless to a reader.

Source: decision 25; security-and-reliability 12.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

SECRET_MEMBERS = frozenset(
    {
        "access_token",
        "accesstoken",
        "accesstokensecret",
        "appsecret",
        "authenticationtoken",
        "authtoken",
        "changepasswordid",
        "client_secret",
        "clientsecret",
        "code",
        "consumersecret",
        "currentpassword",
        "key",
        "oauth_token",
        "oauth_token_secret",
        "oauth_verifier",
        "password",
        "pendingidplinkid",
        "privatekey",
        "refreshtoken",
        "resume",
        "salt",
        "secret",
        "token",
        "twofactorid",
    }
)
"""Names, in lower case, of members whose values no message shows."""
SHORTEST_SECRET = 4
"""Anything shorter is no secret, and masking it would blot out ordinary words."""


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


def mask_phone(number: str) -> str:
    """A telephone number as its last two digits."""
    return f"***{number[-2:]}"


def secret_values(document: Any) -> set[str]:
    """The texts under secret names anywhere in a JSON document."""
    if isinstance(document, list):
        return {value for inner in document for value in secret_values(inner)}
    if not isinstance(document, dict):
        return set()
    texts = {text for name, text in document.items() if name.lower() in SECRET_MEMBERS and isinstance(text, str)}
    own = {text for text in texts if len(text) >= SHORTEST_SECRET}
    return own.union(*(secret_values(inner) for inner in document.values()))


def without(text: str, secrets: Collection[str]) -> str:
    """The text with each of the secrets masked, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, mask(secret))
    return text
