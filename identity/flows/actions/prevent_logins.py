"""What becomes of a user's sessions when an action keeps them from logging in (refreshTokenRevocationPolicy)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from identity.domain.action_logs import ActionLog
from identity.domain.events import Event, TransactionType
from identity.domain.model import Registration, User
from identity.domain.standing import PreventingAction
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.events.announce import Announce, transact
from identity.flows.services import Services
from identity.flows.tokens.revocation_event import revocation_event
from identity.store import refresh_tokens, rocketchat_tokens
from identity.store.db import Connection


def revocations(
    services: Services, log: ActionLog, actionee: User, registrations: Sequence[Registration]
) -> tuple[Event, ...]:
    """What a preventing action does to sessions by the tenant's policy; nothing, or the event of it.

    To be called before the transaction that takes the action: it reads the configuration.
    """
    if not log.prevents_login or not _ends_sessions(services, log.tenant_id):
        return ()
    return (revocation_event(services, actionee, registrations, log.application_ids),)


def revoke_barred(conn: Connection, tenant_id: UUID, user_id: UUID, application_ids: Sequence[UUID]) -> int:
    """Revoke the user's tokens for these applications, or all of them when none is named; returns how many."""
    barred: Sequence[UUID | None] = application_ids or [None]
    return sum(refresh_tokens.revoke_of_user(conn, tenant_id, user_id, each) for each in barred)


def end_barred_sessions(
    services: Services,
    configuration: TenantConfiguration,
    actionee: User,
    registrations: Sequence[Registration],
    actions: Sequence[PreventingAction],
) -> None:
    """The same when a login was prevented: sessions may have outlived the action's beginning by another policy."""
    if not configuration.jwt.refresh_token_revocation_policy.on_login_prevented:
        return
    tenant_id = actionee.tenant_id
    with services.db.read() as conn:
        if not refresh_tokens.of_user(conn, actionee.id, tenant_id) and not rocketchat_tokens.is_logged_in(
            conn, tenant_id, actionee.id
        ):
            return
    events = {
        action.id: replace(
            revocation_event(services, actionee, registrations, action.application_ids),
            transaction=TransactionType.NONE,  # the login is refused in any case
        )
        for action in actions
    }

    def work(conn: Connection, announce: Announce) -> None:
        for action in actions:
            if revoke_barred(conn, tenant_id, actionee.id, action.application_ids):
                announce(tenant_id, [events[action.id]])

    transact(services, work)


def _ends_sessions(services: Services, tenant_id: UUID) -> bool:
    services.configurations.forget_unless_current()
    configuration = services.configurations.tenant(tenant_id)
    return configuration is not None and configuration.jwt.refresh_token_revocation_policy.on_login_prevented
