"""Addresses as a page shows them to somebody who has not proved everything yet: enough to know one's own by."""

from __future__ import annotations

HIDDEN = "\u2022" * 3
SHOWN_DIGITS = 2


def masked_email(address: str) -> str:
    """The first character, and the domain."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}{HIDDEN}@{domain}"


def masked_phone(number: str) -> str:
    """The last two digits."""
    return f"{HIDDEN}{number[-SHOWN_DIGITS:]}" if len(number) > 2 * SHOWN_DIGITS else HIDDEN
