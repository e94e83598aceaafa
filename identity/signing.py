"""Signing and verifying JSON Web Tokens: one function each, and nothing else.

The algorithm comes from the stored key, never from the token; keys come from our own table, never from a header
(`jku`, `jwk`, `x5u` are not read). Time is an argument, in milliseconds; the seconds of the claims are turned into
milliseconds before they are compared. There is no leeway: issuer and verifier share a clock (security T12).

Reading a PEM costs tens of milliseconds, so parsed keys are kept for the life of the process (decision 26). They are
kept by their content: a key that is replaced under the same id can never be mistaken for its predecessor.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt import PyJWS, PyJWTError
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey

MAXIMUM_TOKEN = 16_384
MAXIMUM_KID = 255
COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
PARSED_KEYS = 256
TOKEN_USE = "token_use"  # noqa: S105 (the name of a claim)
ID_TOKEN = "id"  # noqa: S105
"""An ID token goes through browsers and must never pass for an access token (RFC 8725, 3.11): this claim tells them
apart. It is no header, since some libraries refuse a header that they do not know."""

LATEST_SECONDS = 2**53 // 1000
"""A time beyond it is nonsense, and in milliseconds more than others can store."""

FindKey = Callable[[str], SigningKey | None]
"""Looks a `kid` up in the key table."""


class InvalidToken(Exception):
    """The token is not one of ours, or not any more. The message is for logs, never for the caller."""


class CannotSign(Exception):
    """The key holds no private part."""


class _Rsa(RSAAlgorithm):
    """The import decides which lengths may verify (1024 bits only verifies), so no warning at each use."""

    def check_key_length(self, key: Any) -> str | None:
        return None


class _Hmac(HMACAlgorithm):
    """The import decides: at least 256 bits, also for the longer hashes."""

    def check_key_length(self, key: Any) -> str | None:
        return None


def _jws() -> PyJWS:
    """An engine that knows the algorithms of the key table and no other: there is no `none` in it."""
    jws = PyJWS([algorithm.jose for algorithm in KeyAlgorithm])
    for hash_name in ("SHA256", "SHA384", "SHA512"):
        for prefix, kind in (("RS", _Rsa), ("HS", _Hmac)):
            jws.unregister_algorithm(prefix + hash_name[3:])
            jws.register_algorithm(prefix + hash_name[3:], kind(getattr(kind, hash_name)))
    return jws


_JWS = _jws()
_parsing = Lock()


def sign(claims: Mapping[str, Any], key: SigningKey, *, grants: Collection[str] = ()) -> str:
    """The compact JWT of these claims; its header is `alg`, `kid` and `typ`, and `gty` for a token of OAuth grants.

    Raises CannotSign.
    """
    header: dict[str, Any] = {"kid": key.kid}
    if grants:
        header["gty"] = list(grants)
    return _JWS.encode(orjson.dumps(dict(claims)), _signing_material(key), key.algorithm.jose, header)


def verify(
    token: str,
    find_key: FindKey,
    *,
    now: int,
    issuers: frozenset[str],
    audience: str | None = None,
    require: Collection[str] = (),
    id_token: bool = False,
    expired: bool = False,
) -> dict[str, Any]:
    """The claims of a token that we signed and that holds at `now` (epoch milliseconds).

    With `expired` one counts whose time is over too: as a hint at whom it was about, and never as a proof.

    `exp`, `iat` and one of `issuers` are always required; with `audience` also an `aud` that names it; `require`
    names further claims that must be there. An access token is wanted unless `id_token` is set: then an ID token, and
    nothing else. Raises InvalidToken, whatever is wrong.
    """
    key = find_key(_kid(token))
    if key is None:
        raise InvalidToken("no such key")
    try:
        decoded = _JWS.decode_complete(token, _verifying_material(key), [key.algorithm.jose])
        claims = orjson.loads(decoded["payload"])
    except (PyJWTError, ValueError) as error:
        raise InvalidToken(f"not verified: {type(error).__name__}") from error
    if not isinstance(claims, dict):
        raise InvalidToken("the claims are no object")
    if (claims.get(TOKEN_USE) == ID_TOKEN) is not id_token:
        raise InvalidToken("an ID token in the place of an access token, or the other way round")
    _check_times(claims, now, expired=expired)
    if not isinstance(claims.get("iss"), str) or claims["iss"] not in issuers:
        raise InvalidToken("another issuer")
    _check_named(claims, audience, require)
    return claims


def _kid(token: str) -> str:
    """The key id that the header names, once the header is known to hold nothing we must not accept."""
    if len(token) > MAXIMUM_TOKEN or not COMPACT_FORM.fullmatch(token):
        raise InvalidToken("not a compact JWT")
    segment = token.partition(".")[0]
    try:
        header = orjson.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except ValueError as error:
        raise InvalidToken("the header is not readable") from error
    if not isinstance(header, dict) or "crit" in header or "b64" in header:
        raise InvalidToken("the header asks for what we do not do")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise InvalidToken("another kind of token")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAXIMUM_KID or not kid.isprintable():
        raise InvalidToken("no usable kid")
    return kid


def _check_times(claims: Mapping[str, Any], now: int, *, expired: bool) -> None:
    """Whole seconds only: what we sign holds nothing else."""
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if type(expires) is not int or type(issued) is not int or type(begins) is not int:
        raise InvalidToken("a time is missing or no number")
    if max(expires, issued, begins) > LATEST_SECONDS:
        raise InvalidToken("a time is out of range")
    if expires * 1000 <= now and not expired:
        raise InvalidToken("expired")
    if issued * 1000 > now or begins * 1000 > now:
        raise InvalidToken("not valid yet")


def _check_named(claims: Mapping[str, Any], audience: str | None, require: Collection[str]) -> None:
    if audience is not None:
        named = claims.get("aud")
        if audience not in (named if isinstance(named, list) else [named]):
            raise InvalidToken("another audience")
    for name in require:
        if not claims.get(name):
            raise InvalidToken(f"{name} is missing")
    if not isinstance(claims.get("sub", ""), str):
        raise InvalidToken("sub is no string")


def _signing_material(key: SigningKey) -> Any:
    if key.algorithm.type is KeyType.HMAC and key.secret is not None:
        return key.secret.encode()
    if key.private_pem is None:
        raise CannotSign(str(key.id))
    with _parsing:
        return _parse_private(key.private_pem)


def _verifying_material(key: SigningKey) -> Any:
    if key.algorithm.type is KeyType.HMAC and key.secret is not None:
        return key.secret.encode()
    if key.public_pem is None:
        raise InvalidToken("the key cannot verify")
    with _parsing:
        return _parse_public(key.public_pem)


@lru_cache(maxsize=PARSED_KEYS)
def _parse_private(pem: str) -> Any:
    return load_pem_private_key(pem.encode(), password=None)


@lru_cache(maxsize=PARSED_KEYS)
def _parse_public(pem: str) -> Any:
    return load_pem_public_key(pem.encode())
