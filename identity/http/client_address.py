"""The address of a client, twice: the one that is recorded, and the one that decides (decision 15).

Recorded is what the caller says, and it decides nothing: body, else the first parsable X-Forwarded-For element, else
the peer. What decides about limits can not be made up by a caller: the peer, or what our own proxies say of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from flask import Request

from identity.settings import Network

MOST_HOPS = 50


def client_address(request: Request, *given: str | None) -> str | None:
    """The first of `given` that there is, then the header's first parsable element, then the peer."""
    for address in given:
        if address:
            return address
    header = request.headers.get("X-Forwarded-For", "")
    for element in header.split(",", MOST_HOPS)[:MOST_HOPS]:
        parsed = _parsed(element.strip())
        if parsed:
            return parsed
    return request.remote_addr


def deciding_address(request: Request, proxies: Sequence[Network]) -> str | None:
    """The peer; when that is one of `proxies`, the right-most hop of X-Forwarded-For that is none of them."""
    address = _parsed(request.remote_addr or "")
    hops = request.headers.get("X-Forwarded-For", "").rsplit(",", MOST_HOPS)[-MOST_HOPS:]
    while address is not None and hops and any(ip_address(address) in network for network in proxies):
        before = _parsed(hops.pop().strip())
        if before is None:
            break
        address = before
    return address


def certain_address(request: Request, proxies: Sequence[Network]) -> str | None:
    """As `deciding_address`; None behind a proxy that we do not know, where everybody has the proxy's address."""
    peer = _parsed(request.remote_addr or "")
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and (peer is None or not any(ip_address(peer) in network for network in proxies)):
        return None
    return deciding_address(request, proxies)


def _parsed(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
