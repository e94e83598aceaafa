"""OAuth 1.0a parameters, signature base string and HMAC-SHA1, from RFC 5849 with the standard library only."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

Parameters = tuple[tuple[str, str], ...]

_UNRESERVED = "-._~"
_HEADER_PARAMETER = re.compile(r'\s*([^\s=,"]{1,128})\s*=\s*"([^"]{0,4096})"\s*(?:,|$)')
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Malformed(ValueError):
    """The header or a parameter string does not follow the RFC; the text says how."""


def percent_encode(text: str) -> str:
    """RFC 3986 encoding with upper-case hex, everything but unreserved characters escaped (RFC 5849, 3.6)."""
    return quote(text, safe=_UNRESERVED)


def authorization_parameters(header: str) -> Parameters:
    """The decoded parameters of an `Authorization: OAuth` header, in order, without the realm (RFC 5849, 3.5.1)."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        raise Malformed("the Authorization header is not of the OAuth scheme")
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(rest):
        match = _HEADER_PARAMETER.match(rest, position)
        if match is None:
            raise Malformed('the Authorization header is not a list of name="value" pairs')
        if match[1].lower() != "realm":
            found.append((_unquote(match[1]), _unquote(match[2])))
        position = match.end()
    return tuple(found)


def encoded_parameters(text: str) -> Parameters:
    """The parameters of a query string or form body; blank values count (RFC 5849, 3.4.1.3.1)."""
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=200))
    except ValueError as error:
        raise Malformed("the query or form cannot be decoded") from error


def base_url(scheme: str, host: str, path: str) -> str:
    """Scheme and host in lower case, default port dropped, no query (RFC 5849, 3.4.1.2)."""
    host = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), ""))
    return f"{scheme.lower()}://{host}{path}"


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What is signed (RFC 5849, 3.4.1): method, URL without its query, and all parameters sorted and encoded.

    `parameters` are those of header and form; the query of `url` is added here.
    """
    parts = urlsplit(url)
    everything = (*parameters, *encoded_parameters(parts.query))
    pairs = sorted(
        (percent_encode(name), percent_encode(value)) for name, value in everything if name != "oauth_signature"
    )
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    address = base_url(parts.scheme, parts.netloc, parts.path or "/")
    return "&".join((method.upper(), percent_encode(address), percent_encode(normalised)))


def hmac_sha1(text: str, consumer_secret: str, token_secret: str) -> str:
    """The base64 signature of a base string (RFC 5849, 3.4.2)."""
    key = f"{percent_encode(consumer_secret)}&{percent_encode(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode("ascii")


def same(one: str, other: str) -> bool:
    """Constant-time comparison; text beyond ASCII is allowed and simply differs."""
    return hmac.compare_digest(one.encode(), other.encode())


def _unquote(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed("a header parameter is not UTF-8") from error
