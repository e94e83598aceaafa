"""What becomes of a user's sessions when an action keeps them from logging in (refreshTokenRevocationPolicy)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.domain.model import User
from identity.domain.standing import PreventingAction
from identity.flows.configurations import TenantConfiguration
from identity.flows.services import Services
from identity.store import refresh_tokens
from identity.store.db import Connection


def end_sessions(services: Services, conn: Connection, log: ActionLog) -> int:
    """Revoke the refresh tokens that a preventing action bars, if the tenant's policy says so; returns how many."""
    if not ends_sessions(services, log.tenant_id):
        return 0
    return revoke_barred(conn, log.tenant_id, log.actionee_user_id, log.application_ids)


def end_barred_sessions(
    services: Services, configuration: TenantConfiguration, user: User, actions: Sequence[PreventingAction]
) -> None:
    """The same when a login was prevented: sessions may have outlived the action's beginning by another policy."""
    if not configuration.jwt.refresh_token_revocation_policy.on_login_prevented:
        return

    def work(conn: Connection) -> None:
        for action in actions:
            revoke_barred(conn, user.tenant_id, user.id, action.application_ids)

    services.db.transact(work)


def ends_sessions(services: Services, tenant_id: UUID) -> bool:
    """Whether the tenant's policy is onLoginPrevented."""
    services.configurations.forget_unless_current()
    configuration = services.configurations.tenant(tenant_id)
    return configuration is not None and configuration.jwt.refresh_token_revocation_policy.on_login_prevented


def revoke_barred(conn: Connection, tenant_id: UUID, user_id: UUID, application_ids: Sequence[UUID]) -> int:
    """Revoke the user's tokens for these applications, or all of them when none is named; returns how many."""
    barred: Sequence[UUID | None] = application_ids or [None]
    return sum(refresh_tokens.revoke_of_user(conn, tenant_id, user_id, each) for each in barred)
