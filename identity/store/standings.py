"""How users stand: the columns that a login's statement reads beside the user, and the value made of them.

Each is one sub-select on an index that holds nothing for most users, so that a plain login hardly pays for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from identity.domain.standing import PreventingAction, Standing, TwoFactorMethod

SELECTED = """users.login_version,
    (SELECT jsonb_agg(jsonb_build_object('id', a.id, 'actioner_user_id', a.actioner_user_id,
            'application_ids', a.application_ids, 'expiry', a.expiry, 'name', a.name,
            'localized_name', a.localized_name, 'option', a.option, 'localized_option', a.localized_option,
            'reason', a.reason, 'localized_reason', a.localized_reason, 'reason_code', a.reason_code)
        ORDER BY a.insert_instant, a.id)
     FROM user_action_logs a
     WHERE a.tenant_id = users.tenant_id AND a.actionee_user_id = users.id AND a.prevents_login AND NOT a.ended),
    (SELECT f.locked_until FROM login_failures f WHERE f.tenant_id = users.tenant_id AND f.user_id = users.id)"""
"""The columns, for any statement that names `users`. Instants are compared in Python: the text needs no parameter."""

METHODS = """
    (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'method', m.method, 'email', m.email,
            'mobile_phone', m.mobile_phone, 'last_used', m.last_used) ORDER BY m.insert_instant, m.id)
     FROM two_factor_methods m WHERE m.tenant_id = users.tenant_id AND m.user_id = users.id)"""
"""The second factors, which are members of the user object: `store/users.py` reads them with it."""

WIDTH = 3


def standing(columns: Sequence[Any], methods: tuple[TwoFactorMethod, ...]) -> Standing:
    """The value of one row's `SELECTED` columns; the second factors are read with the user."""
    login_version, actions, locked_until = columns
    return Standing(
        login_version=login_version,
        actions=tuple(_action(row) for row in actions or ()),
        methods=methods,
        locked_until=locked_until,
    )


def method_of(row: Mapping[str, Any]) -> TwoFactorMethod:
    """One of the array that `METHODS` gives."""
    return TwoFactorMethod(**row)


def _action(row: Mapping[str, Any]) -> PreventingAction:
    actioner = row["actioner_user_id"]
    ids = {
        "id": UUID(row["id"]),
        "actioner_user_id": UUID(actioner) if actioner else None,
        "application_ids": tuple(UUID(each) for each in row["application_ids"]),
    }
    return PreventingAction(**(dict(row) | ids))
