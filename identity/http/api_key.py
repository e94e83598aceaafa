"""Authorization and X-FusionAuth-TenantId -> who calls, and for which tenant. Source: login contract 1.1 and 1.2."""

from __future__ import annotations

from uuid import UUID

from flask import Request

from identity.domain.access import Caller
from identity.domain.api_keys import LONGEST_KEY
from identity.domain.bounds import storable
from identity.domain.errors import Unauthorized, invalid_field, invalid_request
from identity.store import api_keys, tenants
from identity.store.db import Connection
from identity.wire import parse_uuid

TENANT_HEADER = "X-FusionAuth-TenantId"


def find_caller(conn: Connection, request: Request, now: int) -> Caller | None:
    """The caller, or None when there is no key, or none that counts. Any doubt means no caller (T34)."""
    return find_caller_by_text(conn, request.headers.get("Authorization", ""), now)


def find_caller_by_text(conn: Connection, key: str, now: int) -> Caller | None:
    """As `find_caller`, for a key that came another way."""
    if not key or len(key) > LONGEST_KEY or not storable(key):
        return None
    return api_keys.find_caller(conn, key, now)


def require_caller(conn: Connection, request: Request, endpoint: str, now: int) -> Caller:
    """The caller, allowed to use `endpoint` with the request's method. Raises Unauthorized."""
    caller = find_caller(conn, request, now)
    method = "GET" if request.method == "HEAD" else request.method
    if caller is None or not caller.may(endpoint, method):
        raise Unauthorized
    return caller


def named_tenant(request: Request) -> UUID | None:
    """The tenant that the header names; None when there is no header. Raises Invalid.

    An empty header is no UUID: servers make one of bytes they can not read, and it must not open every tenant (T34).
    """
    header = request.headers.get(TENANT_HEADER)
    if header is None:
        return None
    tenant_id = parse_uuid(header.strip())
    if tenant_id is None:
        raise invalid_field("tenantId", "couldNotConvert")
    return tenant_id


def scope(conn: Connection, request: Request, caller: Caller | None) -> UUID | None:
    """The tenant a request is scoped to by its key or header; None when neither names one.

    Raises Unauthorized (a locked key and another tenant's header), Invalid (no UUID, unknown tenant).
    """
    locked = caller.tenant_id if caller else None
    tenant_id = named_tenant(request)
    if tenant_id is None:
        return locked
    if locked is not None and tenant_id != locked:
        raise Unauthorized
    if not tenants.exists(conn, tenant_id):
        raise invalid_request("InvalidTenantId", f"The {TENANT_HEADER} header names no tenant.")
    return tenant_id


def only_tenant(conn: Connection) -> UUID:
    """The one tenant there is. Raises Invalid `[TenantIdRequired]` when there are several."""
    found = tenants.first_ids(conn, 2)
    if len(found) != 1:
        raise invalid_request(
            "TenantIdRequired",
            f"There are several tenants: name one in the {TENANT_HEADER} header or use a key of the tenant.",
        )
    return found[0]
