"""The picture of a user who has none: the initials of a name on a colour that is always the same for that name.

The name comes from an address that anybody can make up, so the picture shows at most two letters or digits of it, and
is the same whether somebody has that name or not.
"""

from __future__ import annotations

import hashlib
from html import escape
from urllib.parse import urlsplit

from identity.domain.bounds import LONGEST_URL

LETTERS = 2
NOBODY = "?"
COLOURS = ("#8b2f3c", "#7a4a12", "#5c5a14", "#2f6b2f", "#1f6b5e", "#1f5f8b", "#4a4a9c", "#6b3a8b", "#8b2f6e", "#4f5b66")
"""Dark enough for white letters: a contrast of more than 4.5 to 1 (WCAG 2.2, 1.4.3)."""


def initials(name: str) -> str:
    """At most two letters or digits, from the beginnings of the name's parts."""
    parts = "".join(letter if letter.isalnum() else " " for letter in name).split()
    if len(parts) == 1:
        return parts[0][:LETTERS].upper()[:LETTERS]
    return "".join(part[0] for part in parts[:LETTERS]).upper()[:LETTERS] or NOBODY


def svg(name: str) -> str:
    """A square picture with the initials, without anything that runs or loads."""
    colour = COLOURS[hashlib.sha256(name.encode("utf-8", "replace")).digest()[0] % len(COLOURS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200" role="img">'
        f'<rect width="200" height="200" fill="{colour}"/>'
        '<text x="100" y="100" dy="0.36em" text-anchor="middle" font-family="Helvetica, Arial, sans-serif" '
        f'font-size="90" fill="#ffffff">{escape(initials(name))}</text></svg>'
    )


def redirect_target(image_url: str | None) -> str | None:
    """The address of the user's own picture, if a browser may be sent there: http or https with a host, nothing odd."""
    if not image_url or len(image_url) > LONGEST_URL or not (image_url.isascii() and image_url.isprintable()):
        return None
    try:
        parts = urlsplit(image_url)
        host = parts.hostname
    except ValueError:
        return None
    return image_url if parts.scheme in {"http", "https"} and host and "\\" not in image_url else None
