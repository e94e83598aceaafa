"""Import refresh tokens of another system, so that its sessions go on: all or nothing (supporting contract 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.errors import invalid_field, invalid_fields
from identity.flows.services import Services
from identity.store import refresh_tokens, registrations
from identity.store.db import Connection, InUse, UniqueConflict
from identity.store.refresh_tokens import RefreshToken

AUTHENTICATION_TYPE = "REFRESH_TOKEN"
"""How these people once proved who they are is not in an import."""

DUPLICATES = {
    "refresh_tokens_pkey": "refreshToken.id",
    "refresh_tokens_tenant_id_id_key": "refreshToken.id",
    "refresh_tokens_token_hash_key": "refreshToken.token",
}


@dataclass(frozen=True, slots=True)
class ImportedToken:
    """A refresh token as another system knew it. `tenant_id` counts where the request's tenant is open."""

    token: str = field(repr=False)
    user_id: UUID
    application_id: UUID
    id: UUID | None = None
    tenant_id: UUID | None = None
    start_instant: int | None = None
    insert_instant: int | None = None
    meta_data: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


def import_refresh_tokens(services: Services, tenant_id: UUID | None, asked: Sequence[ImportedToken], now: int) -> None:
    """User and registration of each must be there. Raises Invalid; then nothing was stored."""

    def work(conn: Connection) -> None:
        known = registrations.tenants_of(conn, [(each.user_id, each.application_id) for each in asked])
        owners = [known.get((each.user_id, each.application_id)) for each in asked]
        problems = [
            (f"refreshTokens[{index}].userId", "invalid")
            for index, (each, owner) in enumerate(zip(asked, owners, strict=True))
            if owner is None or owner != (tenant_id or each.tenant_id or owner)
        ]
        if problems:
            raise invalid_fields(problems)
        for each, owner in zip(asked, owners, strict=True):
            assert owner is not None  # else it was a problem
            refresh_tokens.add(conn, _record(services, each, owner, now), each.token)

    try:
        services.db.transact(work)
    except UniqueConflict as conflict:
        raise invalid_field(DUPLICATES.get(conflict.constraint, "refreshTokens"), "duplicate") from conflict
    except InUse as gone:  # a user or application was removed after the check
        raise invalid_field("refreshTokens", "invalid") from gone


def _record(services: Services, asked: ImportedToken, tenant_id: UUID, now: int) -> RefreshToken:
    inserted = now if asked.insert_instant is None else asked.insert_instant
    started = inserted if asked.start_instant is None else asked.start_instant
    return RefreshToken(
        tenant_id=tenant_id,
        id=asked.id or services.runtime.new_id(),
        user_id=asked.user_id,
        application_id=asked.application_id,
        authentication_type=AUTHENTICATION_TYPE,
        auth_instant=started,
        start_instant=started,
        rotated_instant=None,
        meta_data=asked.meta_data,
        last_accessed_instant=inserted,
        last_accessed_address=None,
        data=asked.data,
        insert_instant=inserted,
    )
