"""Whether whoever calls has a permission, by their roles and the operator's settings (decisions 41 and 49)."""

from __future__ import annotations

from identity.domain.rocketchat_permissions import Permission, denied_of, may
from identity.http.rocketchat.call import ChatCall


def permits(call: ChatCall, permission: Permission) -> bool:
    """Whether the caller has it; somebody who is not signed in has none."""
    if call.session is None:
        return False
    return may(call.session.roles, permission, denied_of(call.services.settings.rocketchat.denied_permissions))
