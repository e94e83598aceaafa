"""Templates of messages to phones: create, retrieve, update, patch, delete, preview. Only SMS is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import Invalid, NotFound
from identity.domain.mail import MessageTemplate
from identity.flows.mail import preview_template, save_message_template
from identity.http.fusionauth.respond import errors_json
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas import mail as schemas
from identity.http.patch import patched
from identity.store import message_templates

ENDPOINT = "/api/message/template"
ONE = "/api/message/template/<message_template_id>"
PREVIEW = "/api/message/template/preview"
SMS = {"type": "SMS"}

routes = Routes("Message templates", "What messages to phones say, in which languages.")


@routes.post(
    ENDPOINT,
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.MessageTemplateRequest,
    gives=schemas.MessageTemplateResponse,
)
def create_message_template(call: Call, message_template_id: UUID | None = None) -> dict[str, Any]:
    """Create a template. Only ${name}, [#if name], [#else] and [/#if] of FreeMarker are understood."""
    values = _members(call.json())
    return _one(save_message_template.create(call.services, call.now, call.actor, values, message_template_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=schemas.MessageTemplateResponse)
def retrieve_message_templates(call: Call) -> dict[str, Any]:
    """All templates by name."""
    with call.services.db.read() as conn:
        return {"messageTemplates": [_shown(each) for each in message_templates.every(conn)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=schemas.MessageTemplateResponse)
def retrieve_message_template(call: Call, message_template_id: UUID) -> dict[str, Any]:
    """One template."""
    return _one(_existing(call, message_template_id))


@routes.put(
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.MessageTemplateRequest,
    gives=schemas.MessageTemplateResponse,
)
def update_message_template(call: Call, message_template_id: UUID) -> dict[str, Any]:
    """Replace a template: a member left out returns to its default."""
    return _save(call, message_template_id, lambda _: call.json())


@routes.patch(
    ONE,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    takes=schemas.MessageTemplateRequest,
    gives=schemas.MessageTemplateResponse,
)
def patch_message_template(call: Call, message_template_id: UUID) -> dict[str, Any]:
    """Change members of a template, in one of three dialects that the content type chooses."""
    return _save(call, message_template_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_message_template(call: Call, message_template_id: UUID) -> None:
    """Delete a template that no tenant and no application names."""
    save_message_template.delete(call.services, call.now, call.actor, message_template_id)


@routes.post(
    PREVIEW,
    endpoint=PREVIEW,
    scope=Scope.GLOBAL,
    takes=schemas.MessagePreviewRequest,
    gives=schemas.MessagePreviewResponse,
)
def preview_message_template(call: Call) -> dict[str, Any]:
    """What a template that need not be stored makes of an example; what is wrong with it is told under `errors`."""
    asked = call.load(schemas.MessagePreviewRequest())
    try:
        text = preview_template.preview_message(asked["message_template"], asked.get("locale"))
    except Invalid as errors:
        return {"errors": errors_json(errors)}
    message = {
        "code": preview_template.CODE,
        "phone_number": preview_template.PHONE,
        "text_message": text,
        "user_id": preview_template.USER_ID,
    }
    shown: dict[str, Any] = schemas.MessagePreviewResponse().dump({"message": message, "preview_message": text})
    return {**shown, "errors": errors_json(Invalid())}


def _save(call: Call, template_id: UUID, document: Callable[[MessageTemplate], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, template_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row
    return _one(
        save_message_template.update(
            call.services, call.now, call.actor, template_id, lambda stored: _members(document(stored))
        )
    )


def _members(document: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = schemas.MessageTemplateRequest().load(document)["message_template"]
    return {name: value for name, value in loaded.items() if name != "type"}


def _existing(call: Call, template_id: UUID) -> MessageTemplate:
    with call.services.db.read() as conn:
        found = message_templates.find(conn, template_id)
    if found is None:
        raise NotFound
    return found


def _one(found: MessageTemplate) -> dict[str, Any]:
    return {"messageTemplate": _shown(found)}


def _shown(found: MessageTemplate) -> dict[str, Any]:
    shown: dict[str, Any] = schemas.MessageTemplateSchema().dump(found)
    return {**shown, **SMS}
