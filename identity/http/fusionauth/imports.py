"""Bulk import of users and of refresh tokens. Source: supporting contract 3.6."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import invalid_field
from identity.flows.users.import_refresh_tokens import import_refresh_tokens
from identity.flows.users.import_users import ImportRequest, import_users
from identity.http import body
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.imports import (
    RefreshTokenImportSchema,
    UserImportSchema,
    imported_token,
    imported_user,
)
from identity.wire import WireSchema

USERS = "/api/user/import"
REFRESH_TOKENS = "/api/user/refresh-token/import"

USER_IMPORT: WireSchema = UserImportSchema()
TOKEN_IMPORT: WireSchema = RefreshTokenImportSchema()

routes = Routes("Import", "People and sessions of another system.", announces=True)


@routes.post(USERS, endpoint=USERS, takes=UserImportSchema)
def import_people(call: Call) -> None:
    """Store all of these users or none; with an encryptionScheme the password is a hash."""
    loaded: dict[str, Any] = USER_IMPORT.load(body.read_import(call.request))
    asked = [imported_user(each) for each in loaded["users"]]
    if not asked:
        raise invalid_field("users", "blank")
    request = ImportRequest(
        users=asked,
        tenant_id=_tenant(call, [each.tenant_id for each in asked]),
        may_name_tenants=call.tenant_id is None,
        encryption_scheme=loaded["encryption_scheme"],
        factor=loaded["factor"],
        validate_db_constraints=loaded["validate_db_constraints"],
    )
    import_users(call.services, request, call.now)


@routes.post(REFRESH_TOKENS, endpoint=REFRESH_TOKENS, takes=RefreshTokenImportSchema)
def import_sessions(call: Call) -> None:
    """Store all of these refresh tokens or none; users and registrations must be there."""
    loaded: dict[str, Any] = TOKEN_IMPORT.load(body.read_import(call.request))
    asked = [imported_token(each) for each in loaded["refresh_tokens"]]
    if not asked:
        raise invalid_field("refreshTokens", "blank")
    import_refresh_tokens(call.services, call.tenant_id, asked, call.now)


def _tenant(call: Call, named: list[UUID | None]) -> UUID:
    """The tenant of those who name none; any of the named ones when there are none such."""
    if call.tenant_id is None and named[0] is not None and None not in named:
        return named[0]
    return call.tenant()
