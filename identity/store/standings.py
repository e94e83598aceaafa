"""What few users have beside their row: preventing actions, second factors, memberships, a lockout.

One function of the database gathers it (migrations/0011_extras.sql), and only for users who ever had any of it, so that
everybody else's login does not pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from identity.domain.model import Membership
from identity.domain.standing import PreventingAction, Standing, TwoFactorMethod
from identity.domain.totp import Authenticator

SELECTED = "CASE WHEN users.has_extras THEN user_extras(users.tenant_id, users.id) END AS extras"
"""The column, for any statement that names `users`."""

Extras = Mapping[str, Any] | None
"""Its value: None for a user who never had any."""


def memberships(user_id: UUID, extras: Extras) -> tuple[Membership, ...]:
    """The groups of the user, with the roles that each gives."""
    return tuple(_membership(user_id, row) for row in (extras or {}).get("memberships") or ())


def methods(extras: Extras) -> tuple[TwoFactorMethod, ...]:
    """The second factors, without their secrets."""
    return tuple(method_of(row) for row in (extras or {}).get("methods") or ())


def standing(login_version: int, extras: Extras) -> Standing:
    """How the user stands. Instants are compared in Python, so that the statement needs no parameter for them."""
    if extras is None:
        return Standing(login_version)
    return Standing(
        login_version=login_version,
        actions=tuple(_action(row) for row in extras["actions"] or ()),
        methods=methods(extras),
        locked_until=extras["locked_until"],
    )


def method_of(row: Mapping[str, Any]) -> TwoFactorMethod:
    """A second factor from its columns by name."""
    shape = row["authenticator"]
    return TwoFactorMethod(**(dict(row) | {"authenticator": Authenticator(**shape) if shape else None}))


def _membership(user_id: UUID, row: Mapping[str, Any]) -> Membership:
    roles: dict[UUID, frozenset[str]] = {}
    for application_id, name in row["roles"] or ():
        key = UUID(application_id)
        roles[key] = roles.get(key, frozenset()) | {name}
    return Membership(UUID(row["id"]), UUID(row["group_id"]), user_id, row["insert_instant"], row["data"], roles)


def _action(row: Mapping[str, Any]) -> PreventingAction:
    actioner = row["actioner_user_id"]
    ids = {
        "id": UUID(row["id"]),
        "actioner_user_id": UUID(actioner) if actioner else None,
        "application_ids": tuple(UUID(each) for each in row["application_ids"]),
    }
    return PreventingAction(**(dict(row) | ids))
