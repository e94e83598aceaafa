"""The address a login is recorded with: body, else the first parsable X-Forwarded-For element, else the peer.

Source: decision 15. It is what the caller says, so it is recorded and decides nothing.
"""

from __future__ import annotations

from ipaddress import ip_address

from flask import Request

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


def _parsed(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
