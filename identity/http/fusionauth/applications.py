"""Applications: create, retrieve, update, delete, search, OAuth configuration. Supporting contract section 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.model import Application, Role
from identity.flows.configuration import save_application
from identity.flows.services import Services
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas import applications as schemas
from identity.http.patch import patched
from identity.store import applications, tenants

ENDPOINT = "/api/application"
SEARCH = "/api/application/search"
OAUTH = "/api/application/oauth-configuration"
ONE = "/api/application/<application_id>"
SEARCH_QUERY = {**CRITERIA, "state": "Active or Inactive", "tenantId": "Those of this tenant only"}

routes = Routes("Applications", "Applications and their roles.")
_request = schemas.ApplicationRequest()
_response = schemas.ApplicationResponse()


@routes.get(SEARCH, endpoint=SEARCH, gives=schemas.ApplicationSearchResponse, query=SEARCH_QUERY)
def search_applications(call: Call) -> dict[str, Any]:
    """The applications that match; secrets are left out."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, takes=schemas.ApplicationSearchRequest, gives=schemas.ApplicationSearchResponse)
def search_applications_with_body(call: Call) -> dict[str, Any]:
    """The applications that match; secrets are left out."""
    return _search(call)


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, takes=schemas.ApplicationRequest, gives=schemas.ApplicationResponse)
def create_application(call: Call, application_id: UUID | None = None) -> dict[str, Any]:
    """A new application with its roles, or with sourceApplicationId a copy of another one of the tenant."""
    tenant_id = call.tenant()
    loaded = call.load(_request)
    created = save_application.create(
        call.services,
        call.now,
        call.actor,
        tenant_id,
        loaded["application"],
        application_id=application_id,
        source_id=loaded.get("source_application_id"),
    )
    return _one(call.services, created)


@routes.get(
    ENDPOINT,
    endpoint=ENDPOINT,
    gives=schemas.ApplicationResponse,
    query={"inactive": "true: the deactivated ones instead of the active ones"},
)
def retrieve_applications(call: Call) -> dict[str, Any]:
    """All active applications, of one tenant when the key or the header names it."""
    inactive = call.flag("inactive")
    with call.services.db.read() as conn:
        found = applications.every(conn, call.tenant_id, active=not inactive)
    return _dumped(_response, {"applications": [_whole(call.services, one) for one in found]})


@routes.get(ONE, endpoint=ENDPOINT, gives=schemas.ApplicationResponse)
def retrieve_application(call: Call, application_id: UUID) -> dict[str, Any]:
    """One application, active or not, its secrets included."""
    with call.services.db.read() as conn:
        found = applications.get(conn, application_id, call.tenant_id)
    if found is None:
        raise NotFound
    return _one(call.services, found)


@routes.get(f"{ONE}/oauth-configuration", endpoint=OAUTH, gives=schemas.OAuthConfigurationResponse)
def retrieve_oauth_configuration(call: Call, application_id: UUID) -> dict[str, Any]:
    """What an OAuth client of this application needs to know, the client secret included."""
    with call.services.db.read() as conn:
        found = applications.get(conn, application_id, call.tenant_id)
        tenant = None if found is None else tenants.get(conn, found.tenant_id)
    if found is None or tenant is None:
        raise NotFound
    configuration = _whole(call.services, found)["oauth_configuration"]
    answer = {
        "http_session_max_inactive_interval": tenant.settings["http_session_max_inactive_interval"],
        "logout_url": configuration.get("logout_url") or tenant.settings.get("logout_url"),
        "oauth_configuration": configuration,
    }
    return _dumped(schemas.OAuthConfigurationResponse(), answer)


@routes.put(
    ONE,
    endpoint=ENDPOINT,
    takes=schemas.ApplicationRequest,
    gives=schemas.ApplicationResponse,
    query={"reactivate": "true: only undo a soft delete; there is no body"},
)
def update_application(call: Call, application_id: UUID) -> dict[str, Any]:
    """Replace the application: a member left out returns to its default; roles and client secret stay."""
    if call.flag("reactivate"):
        active = save_application.set_active(
            call.services, call.now, call.actor, application_id, call.tenant_id, active=True
        )
        return _one(call.services, active)
    return _save(call, application_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, takes=schemas.ApplicationRequest, gives=schemas.ApplicationResponse)
def patch_application(call: Call, application_id: UUID) -> dict[str, Any]:
    """Change members of the application, in one of three dialects that the content type chooses."""
    return _save(call, application_id, lambda stored: patched(call.request, _one(call.services, stored)))


@routes.delete(ONE, endpoint=ENDPOINT, query={"hardDelete": "true: delete for good, with every registration"})
def delete_application(call: Call, application_id: UUID) -> None:
    """Deactivate the application, or delete it for good; the admin application stays."""
    if call.flag("hardDelete"):
        save_application.delete(call.services, call.now, call.actor, application_id, call.tenant_id)
    else:
        save_application.set_active(call.services, call.now, call.actor, application_id, call.tenant_id, active=False)


def _save(call: Call, application_id: UUID, document: Callable[[Application], dict[str, Any]]) -> dict[str, Any]:
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Application) -> dict[str, Any]:
        values: dict[str, Any] = _request.load(document(stored))["application"]
        return values

    updated = save_application.update(call.services, call.now, call.actor, application_id, call.tenant_id, change)
    return _one(call.services, updated)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, schemas.ApplicationSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = applications.search(
            conn,
            wanted.get("name"),
            page_of(wanted),
            tenant_id=call.tenant_id or wanted.get("tenant_id"),
            state=wanted.get("state"),
        )
    shown = {"applications": [_members(one, one.settings) for one in found], "total": total}
    return _dumped(schemas.ApplicationSearchResponse(), shown)


def _one(services: Services, application: Application) -> dict[str, Any]:
    return _dumped(_response, {"application": _whole(services, application)})


def _whole(services: Services, application: Application) -> dict[str, Any]:
    return _members(application, save_application.settings_with_secrets(services, application))


def _members(application: Application, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All members in snake_case, as the schema dumps them."""
    keys = {"access_token_key_id": application.access_token_key_id, "id_token_key_id": application.id_token_key_id}
    return {
        **settings,
        "active": application.active,
        "data": application.data,
        "id": application.id,
        "insert_instant": application.insert_instant,
        "jwt_configuration": {**settings["jwt_configuration"], **keys},
        "last_update_instant": application.last_update_instant,
        "name": application.name,
        "oauth_configuration": {**settings["oauth_configuration"], "client_id": application.id},
        "roles": [role_members(role) for role in application.roles],
        "scopes": [{**asdict(scope), "application_id": application.id} for scope in application.scopes],
        "state": "Active" if application.active else "Inactive",
        "tenant_id": application.tenant_id,
    }


def role_members(role: Role) -> dict[str, Any]:
    return {
        "description": role.description,
        "id": role.id,
        "insert_instant": role.insert_instant,
        "is_default": role.is_default,
        "is_super_role": role.is_super_role,
        "last_update_instant": role.last_update_instant,
        "name": role.name,
    }


def _dumped(schema: Any, value: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = schema.dump(value)
    return dumped
