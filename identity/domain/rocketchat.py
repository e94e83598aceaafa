"""Values of the Rocket.Chat door that follow from others: short ids, offsets of time zones, roles, names.

Source: Rocket.Chat contract 5.1 and 11.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from identity.domain.model import Application, Registration, User
from identity.domain.rocketchat_permissions import ADMIN

ID_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
"""All letters and digits that nobody takes for another one: without 0, 1, I, O, U, V and l."""
ID_LENGTH = 17
ID_BITS = 98
"""What 17 of 55 letters can tell apart, rounded down."""
ID_PREFIX = b"identity rocket.chat user "

TOKEN_DAYS = 90
MOST_LOGIN_TOKENS = 50
LAST_PART = 6
"""How many of its last characters a token is known by."""

USER = "user"


def chat_id(user_id: UUID, attempt: int = 0) -> str:
    """The user's id at this door. `attempt` counts the earlier ones that other users turned out to have."""
    again = f" {attempt}".encode() if attempt else b""
    digest = hashlib.sha256(ID_PREFIX + str(user_id).encode() + again).digest()
    number = int.from_bytes(digest, "big") >> (8 * len(digest) - ID_BITS)
    letters = []
    for _ in range(ID_LENGTH):
        number, index = divmod(number, len(ID_ALPHABET))
        letters.append(ID_ALPHABET[index])
    return "".join(reversed(letters))


def token_hash(token: str) -> str:
    """What is stored instead of a token."""
    return base64.b64encode(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()).decode()


def utc_offset(timezone: str | None, now: int) -> int | float:
    """Hours by which clocks there are ahead of UTC at `now` (epoch milliseconds); 0 where no zone is known."""
    if timezone is None:
        return 0
    try:
        offset = datetime.fromtimestamp(now / 1000, ZoneInfo(timezone)).utcoffset()
    except (LookupError, ValueError, OSError):  # the time zone data know it no more
        return 0
    assert offset is not None  # a moment with a zone has one
    hours = offset.total_seconds() / 3600
    return int(hours) if hours.is_integer() else hours


def user_name(user: User) -> str | None:
    """The user name, else what stands before the @ of the e-mail address."""
    if user.username is not None:
        return user.username
    return None if user.email is None else user.email.partition("@")[0]


def display_name(user: User) -> str | None:
    """The full name, else first and last name as far as there are any."""
    return user.full_name or " ".join(filter(None, (user.first_name, user.last_name))) or None


def chat_roles(application: Application, user: User, registrations: Sequence[Registration]) -> list[str]:
    """The roles in the application that the door is bound to, `admin` for whoever has its super role; never none."""
    registration = next((each for each in registrations if each.application_id == application.id), None)
    if registration is None:
        return [USER]
    held = user.group_roles(application.id).union(registration.roles)
    if any(role.is_super_role and role.name in held for role in application.roles):
        held |= {ADMIN}
    return sorted(held) or [USER]
