"""The demo's session cookie: sealed, since it carries a refresh token, with a key that outlives the process."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature


class SealedCookies(SecureCookieSessionInterface):
    """Flask's sessions in a cookie, encrypted instead of only signed."""

    def __init__(self, secret: str) -> None:
        digest = hashlib.sha256(f"session of the demo application:{secret}".encode()).digest()
        self._seal = _Seal(Fernet(base64.urlsafe_b64encode(digest)))

    def get_signing_serializer(self, app: Flask) -> Any:
        """What Flask turns a session into a cookie with."""
        return self._seal


class _Seal:
    def __init__(self, fernet: Fernet) -> None:
        self._fernet = fernet

    def dumps(self, session: dict[str, Any]) -> str:
        return self._fernet.encrypt(zlib.compress(json.dumps(session).encode())).decode("ascii")

    def loads(self, cookie: str, max_age: int) -> Any:
        """Raises BadSignature."""
        try:
            return json.loads(zlib.decompress(self._fernet.decrypt(cookie, ttl=max_age)))
        except (InvalidToken, ValueError):  # ValueError: not even ASCII
            raise BadSignature("not sealed with this key, or too old") from None
