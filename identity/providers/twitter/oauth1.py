"""OAuth 1.0a request signing (RFC 5849, HMAC-SHA1) as one pure function: nonce and timestamp are arguments."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlsplit

FormFields = Sequence[tuple[str, str]]
"""Decoded names and values of a form body, in any order."""


def authorization_header(
    method: str,
    url: str,
    *,
    consumer_key: str,
    consumer_secret: str,
    token: str | None = None,
    token_secret: str | None = None,
    nonce: str,
    timestamp: int,
    params: FormFields = (),
    callback: str | None = None,
) -> str:
    """The value of the Authorization header for one request.

    `params` are the fields of its form body; the query is taken from `url`. `callback` is sent in the header, as a
    request for a request token wants it.
    """
    protocol = {
        "oauth_consumer_key": consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_version": "1.0",
    }
    if token is not None:
        protocol["oauth_token"] = token
    if callback is not None:
        protocol["oauth_callback"] = callback
    encoded = [(name, encode(value)) for name, value in protocol.items()]
    signed = base_string(method, url, [*encoded, *((encode(name), encode(value)) for name, value in params)])
    key = f"{encode(consumer_secret)}&{encode(token_secret or '')}"
    signature = base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()
    encoded.append(("oauth_signature", encode(signature)))
    return "OAuth " + ", ".join([f'{name}="{value}"' for name, value in encoded])


def base_string(method: str, url: str, encoded: FormFields) -> str:
    """What is signed (RFC 5849 section 3.4.1); `encoded` are the parameters that are not in the query, encoded."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    default_port = {"https": ":443", "http": ":80"}[parts.scheme]
    base_url = f"{parts.scheme}://{host.removesuffix(default_port)}{parts.path or '/'}"
    query = [(encode(name), encode(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    joined = "&".join([f"{name}={value}" for name, value in sorted([*encoded, *query])])
    # Encoded a second time: of what needs it, encoded text holds these three only.
    twice = joined.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{method.upper()}&{encode(base_url)}&{twice}"


def form_body(params: FormFields) -> bytes:
    """`params` as a form body in the encoding that is signed."""
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in params]).encode()


def encode(text: str) -> str:
    """Percent-encoding of RFC 5849 section 3.6. Text that is no text (a lone surrogate) is signed as it stands."""
    return quote(text, safe="", errors="surrogatepass")
