"""Templates of mails: create, retrieve, update, patch, delete, search, preview. Source: decision 43."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.mail import EmailTemplate
from identity.flows.mail import preview_template, save_email_template
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.respond import errors_json
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas import mail as schemas
from identity.http.patch import patched
from identity.store import email_templates

ENDPOINT = "/api/email/template"
ONE = "/api/email/template/<email_template_id>"
SEARCH = "/api/email/template/search"
PREVIEW = "/api/email/template/preview"

routes = Routes("E-mail templates", "What mails to users say, in which languages.")


@routes.post(
    ENDPOINT,
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.EmailTemplateRequest,
    gives=schemas.EmailTemplateResponse,
)
def create_email_template(call: Call, email_template_id: UUID | None = None) -> dict[str, Any]:
    """Create a template. Only ${name}, [#if name], [#else] and [/#if] of FreeMarker are understood."""
    values = call.load(schemas.EmailTemplateRequest())["email_template"]
    return _one(save_email_template.create(call.services, call.now, call.actor, values, email_template_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=schemas.EmailTemplateResponse)
def retrieve_email_templates(call: Call) -> dict[str, Any]:
    """All templates by name."""
    with call.services.db.read() as conn:
        return {"emailTemplates": [_shown(each) for each in email_templates.every(conn)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=schemas.EmailTemplateResponse)
def retrieve_email_template(call: Call, email_template_id: UUID) -> dict[str, Any]:
    """One template."""
    return _one(_existing(call, email_template_id))


@routes.put(
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.EmailTemplateRequest,
    gives=schemas.EmailTemplateResponse,
)
def update_email_template(call: Call, email_template_id: UUID) -> dict[str, Any]:
    """Replace a template: a member left out returns to its default."""
    return _save(call, email_template_id, lambda _: call.json())


@routes.patch(
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.EmailTemplateRequest,
    gives=schemas.EmailTemplateResponse,
)
def patch_email_template(call: Call, email_template_id: UUID) -> dict[str, Any]:
    """Change members of a template, in one of three dialects that the content type chooses."""
    return _save(call, email_template_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_email_template(call: Call, email_template_id: UUID) -> None:
    """Delete a template that no tenant and no application names."""
    save_email_template.delete(call.services, call.now, call.actor, email_template_id)


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=schemas.EmailTemplateSearchResponse, query=CRITERIA)
def search_email_templates_by_query(call: Call) -> dict[str, Any]:
    """The templates whose name matches."""
    return _search(call)


@routes.post(
    SEARCH,
    endpoint=SEARCH,
    scope=Scope.GLOBAL,
    takes=schemas.EmailTemplateSearchRequest,
    gives=schemas.EmailTemplateSearchResponse,
)
def search_email_templates(call: Call) -> dict[str, Any]:
    """The templates whose name matches the criteria under `search`."""
    return _search(call)


@routes.post(
    PREVIEW,
    endpoint=PREVIEW,
    scope=Scope.GLOBAL,
    takes=schemas.EmailPreviewRequest,
    gives=schemas.EmailPreviewResponse,
)
def preview_email_template(call: Call) -> dict[str, Any]:
    """What a template that need not be stored makes of an example; what is wrong with it is told under `errors`."""
    asked = call.load(schemas.EmailPreviewRequest())
    preview = preview_template.preview_mail(asked["email_template"], asked.get("locale"))
    mail = {**preview.members, "from_": preview.sender, "to": [preview_template.RECIPIENT]}
    shown: dict[str, Any] = schemas.EmailPreviewResponse().dump({"email": mail})
    return {**shown, "errors": errors_json(preview.errors)}


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, schemas.EmailTemplateSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = email_templates.search(conn, wanted.get("name"), page_of(wanted))
    return {"emailTemplates": [_shown(each) for each in found], "total": total}


def _save(call: Call, template_id: UUID, document: Callable[[EmailTemplate], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, template_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: EmailTemplate) -> dict[str, Any]:
        values: dict[str, Any] = schemas.EmailTemplateRequest().load(document(stored))["email_template"]
        return values

    return _one(save_email_template.update(call.services, call.now, call.actor, template_id, change))


def _existing(call: Call, template_id: UUID) -> EmailTemplate:
    with call.services.db.read() as conn:
        found = email_templates.find(conn, template_id)
    if found is None:
        raise NotFound
    return found


def _one(found: EmailTemplate) -> dict[str, Any]:
    return {"emailTemplate": _shown(found)}


def _shown(found: EmailTemplate) -> dict[str, Any]:
    shown: dict[str, Any] = schemas.EmailTemplateSchema().dump(found)
    return shown
