"""Tenants: create, retrieve, update, delete, search. Source: supporting contract section 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from identity.domain.errors import NotFound, Unauthorized, invalid_field
from identity.domain.model import Tenant
from identity.flows.configuration import save_tenant
from identity.flows.services import Services
from identity.http import body
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.respond import accepted_reply, empty_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas import tenants as schemas
from identity.http.patch import patched
from identity.store import tenants

ENDPOINT = "/api/tenant"
SEARCH = "/api/tenant/search"
RULES = "/api/tenant/password-validation-rules"
ONE = "/api/tenant/<tenant_id>"

routes = Routes("Tenants", "Tenants: the walls between customers.")
_request = schemas.TenantRequest()
_response = schemas.TenantResponse()


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=schemas.TenantSearchResponse, query=CRITERIA)
def search_tenants(call: Call) -> dict[str, Any]:
    """The tenants whose name matches; secrets are left out."""
    return _search(call)


@routes.post(
    SEARCH,
    endpoint=SEARCH,
    scope=Scope.GLOBAL,
    takes=schemas.TenantSearchRequest,
    gives=schemas.TenantSearchResponse,
)
def search_tenants_with_body(call: Call) -> dict[str, Any]:
    """The tenants whose name matches; secrets are left out."""
    return _search(call)


@routes.get(f"{RULES}/<tenant_id>", endpoint=None, scope=Scope.OWN, gives=schemas.PasswordValidationRulesResponse)
def retrieve_password_validation_rules_of_tenant(call: Call, tenant_id: UUID) -> dict[str, Any]:
    """The rules for passwords of one tenant; open, so that a page can show them before anybody has logged in."""
    with call.services.db.read() as conn:
        return _rules(tenants.get(conn, tenant_id))


@routes.get(RULES, endpoint=None, gives=schemas.PasswordValidationRulesResponse)
def retrieve_password_validation_rules(call: Call) -> dict[str, Any]:
    """The rules for passwords of the tenant that the header names, or of the only one there is."""
    tenant_id = call.tenant()
    with call.services.db.read() as conn:
        return _rules(tenants.get(conn, tenant_id))


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, takes=schemas.TenantRequest, gives=schemas.TenantResponse)
def create_tenant(call: Call, tenant_id: UUID | None = None) -> dict[str, Any]:
    """A new tenant, or with sourceTenantId a copy of another; a key that is locked to a tenant creates none."""
    if call.caller is not None and call.caller.tenant_id is not None:
        raise Unauthorized
    loaded = call.load(_request)
    created = save_tenant.create(
        call.services,
        call.now,
        call.actor,
        _values(call, loaded),
        tenant_id=tenant_id,
        source_id=loaded.get("source_tenant_id"),
    )
    return _one(call.services, created)


@routes.get(ENDPOINT, endpoint=ENDPOINT, gives=schemas.TenantResponse)
def retrieve_tenants(call: Call) -> dict[str, Any]:
    """All tenants, or the one that the key or the header names."""
    with call.services.db.read() as conn:
        found = [tenant for tenant in tenants.every(conn) if call.tenant_id in (None, tenant.id)]
    return _dumped(_response, {"tenants": [_whole(call.services, tenant) for tenant in found]})


@routes.get(ONE, endpoint=ENDPOINT, gives=schemas.TenantResponse)
def retrieve_tenant(call: Call, tenant_id: UUID) -> dict[str, Any]:
    """One tenant, its secrets included."""
    _stay_inside(call, tenant_id)
    with call.services.db.read() as conn:
        found = tenants.get(conn, tenant_id)
    if found is None:
        raise NotFound
    return _one(call.services, found)


@routes.put(ONE, endpoint=ENDPOINT, takes=schemas.TenantRequest, gives=schemas.TenantResponse)
def update_tenant(call: Call, tenant_id: UUID) -> dict[str, Any]:
    """Replace the tenant: a member left out returns to its default."""
    return _save(call, tenant_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, takes=schemas.TenantRequest, gives=schemas.TenantResponse)
def patch_tenant(call: Call, tenant_id: UUID) -> dict[str, Any]:
    """Change members of the tenant, in one of three dialects that the content type chooses."""
    return _save(call, tenant_id, lambda stored: patched(call.request, _one(call.services, stored)))


@routes.delete(
    ONE,
    endpoint=ENDPOINT,
    takes=schemas.TenantDeleteRequest,
    statuses={202: "The tenant is being deleted."},
    query={"async": "true: answer 202 and delete in the background"},
)
def delete_tenant(call: Call, tenant_id: UUID) -> Response:
    """Delete the tenant with its users and applications; the default tenant stays."""
    _stay_inside(call, tenant_id)
    asked = call.load(schemas.TenantDeleteRequest()) if body.has_body(call.request) else {"in_background": False}
    in_background = call.flag("async") or asked["in_background"]
    save_tenant.delete(call.services, call.now, call.actor, tenant_id)
    return accepted_reply() if in_background else empty_reply()


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, schemas.TenantSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = tenants.search(conn, wanted.get("name"), page_of(wanted))
    shown = {"tenants": [_shown(call.services, tenant) for tenant in found], "total": total}
    return _dumped(schemas.TenantSearchResponse(), shown)


def _save(call: Call, tenant_id: UUID, document: Callable[[Tenant], dict[str, Any]]) -> dict[str, Any]:
    _stay_inside(call, tenant_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row
    updated = save_tenant.update(
        call.services, call.now, call.actor, tenant_id, lambda stored: _values(call, _request.load(document(stored)))
    )
    return _one(call.services, updated)


def _values(call: Call, loaded: dict[str, Any]) -> dict[str, Any]:
    """The members of the tenant, and the webhooks that are to hear of it: for a locked key there are none."""
    locked = call.caller is not None and call.caller.tenant_id is not None
    if locked and loaded["webhook_ids"]:
        raise invalid_field("webhookIds", "invalid")
    return {**loaded["tenant"], "webhook_ids": loaded["webhook_ids"]}


def _stay_inside(call: Call, tenant_id: UUID) -> None:
    """For a caller in one tenant the others do not exist."""
    if call.tenant_id not in (None, tenant_id):
        raise NotFound


def _rules(tenant: Tenant | None) -> dict[str, Any]:
    if tenant is None:
        raise NotFound
    rules = {"password_validation_rules": tenant.settings["password_validation_rules"]}
    return _dumped(schemas.PasswordValidationRulesResponse(), rules)


def _one(services: Services, tenant: Tenant) -> dict[str, Any]:
    return _dumped(_response, {"tenant": _whole(services, tenant)})


def _whole(services: Services, tenant: Tenant) -> dict[str, Any]:
    return _members(services, tenant, save_tenant.settings_with_secrets(services, tenant))


def _shown(services: Services, tenant: Tenant) -> dict[str, Any]:
    return _members(services, tenant, tenant.settings)


def _members(services: Services, tenant: Tenant, settings: Any) -> dict[str, Any]:
    """All members in snake_case, as the schema dumps them."""
    keys = {"access_token_key_id": tenant.access_token_key_id, "id_token_key_id": tenant.id_token_key_id}
    return {
        **settings,
        "configured": True,
        "data": tenant.data,
        "id": tenant.id,
        "insert_instant": tenant.insert_instant,
        "issuer": tenant.issuer or services.settings.base_url,
        "jwt_configuration": {**settings["jwt_configuration"], **keys},
        "last_update_instant": tenant.last_update_instant,
        "name": tenant.name,
        "state": "Active",
    }


def _dumped(schema: Any, value: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = schema.dump(value)
    return dumped
