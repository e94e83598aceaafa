"""What a caller of the Rocket.Chat door may do: by role (decision 41), less what the operator takes away (decision 49).

Source: Rocket.Chat contract 5.5.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import UNIQUE, Enum, verify

ADMIN = "admin"
"""The role that has every permission, whatever is taken from the others."""


@verify(UNIQUE)
class Permission(Enum):
    """The permissions that a route of this door asks for, by their names in Rocket.Chat."""

    CREATE_PERSONAL_ACCESS_TOKENS = "create-personal-access-tokens"
    LOGOUT_OTHER_USER = "logout-other-user"
    USER_GENERATE_ACCESS_TOKEN = "user-generate-access-token"  # noqa: S105 (a permission's name)
    VIEW_D_ROOM = "view-d-room"
    VIEW_FULL_OTHER_USER_INFO = "view-full-other-user-info"
    VIEW_STATISTICS = "view-statistics"


PLAIN = frozenset({Permission.CREATE_PERSONAL_ACCESS_TOKENS, Permission.VIEW_D_ROOM})
"""What everybody may do who is no administrator."""


def denied_of(text: str) -> frozenset[str]:
    """The names in a comma list, as the setting has them; names that nothing asks for do no harm."""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def may(roles: Collection[str], permission: Permission, denied: Collection[str] = ()) -> bool:
    """Whether a holder of these roles has the permission."""
    if ADMIN in roles:
        return True
    return permission in PLAIN and permission.value not in denied
