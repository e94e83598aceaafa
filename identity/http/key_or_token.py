"""Routes that a key opens for everybody's things and an access token for its owner's (login contract 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Request

from identity.domain.errors import Unauthorized
from identity.flows.services import Services
from identity.http import api_key
from identity.http.bearer import id_of, presented_token, require_claims


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: a key, within its tenant if it is scoped, or the owner of an access token."""

    tenant_id: UUID | None
    owner_id: UUID | None = None
    key_id: UUID | None = None


def key_or_token(services: Services, request: Request, endpoint: str, now: int) -> Acting:
    """A key wins over a token. Raises Unauthorized."""
    with services.db.read() as conn:
        caller = api_key.find_caller(conn, request, now)
        if caller is not None:
            if not caller.may(endpoint, request.method):
                raise Unauthorized
            return Acting(api_key.scope(conn, request, caller), key_id=caller.key_id)
    if presented_token(request) is None:
        raise Unauthorized
    claims = require_claims(services, request, now)
    return Acting(id_of(claims, "tid"), owner_id=id_of(claims, "sub"))
