"""Registrations: the routes under /api/user/registration. Source: supporting contract 4.

Before FusionAuth 1.25, and in the generated clients to this day, PUT and PATCH name the application in the body.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import Registration, User
from identity.flows.users import register_user
from identity.flows.users.register_user import Enrolment, RegistrationChange
from identity.http import body
from identity.http.client_address import client_address
from identity.http.fusionauth.login_response import tokens_wire
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.users import (
    RegistrationAnswerSchema,
    RegistrationRequestSchema,
    email_verification_wire,
    registration_change,
    registration_wire,
    user_change,
    user_wire,
)
from identity.http.fusionauth.users import require_user, tenant_for
from identity.http.patch import patched
from identity.store import registrations, users
from identity.wire import WireSchema, parse_uuid

ENDPOINT = "/api/user/registration"
APPLICATION = "registration.applicationId"
ONE = "/api/user/registration/<user_id>/<application_id>"
OF_USER = "/api/user/registration/<user_id>"

REQUEST: WireSchema = RegistrationRequestSchema()

routes = Routes("Registrations", "Who may use which application, in which roles.", announces=True)


@routes.post(
    "/api/user/registration",
    OF_USER,
    endpoint=ENDPOINT,
    takes=RegistrationRequestSchema,
    gives=RegistrationAnswerSchema,
    statuses={404: "There is no such user."},
)
def register(call: Call, user_id: UUID | None = None) -> dict[str, Any]:
    """Register a user; with `user` in the body create that user too, in one transaction, and log them in."""
    request = call.load(REQUEST)
    change = registration_change(request)
    if change.application_id is None:
        raise invalid_field(APPLICATION, "missing")
    if request["user"] is not None:
        tenant_id = tenant_for(call, change.application_id, APPLICATION)
        made = register_user.create_and_register(
            call.services, tenant_id, user_id, user_change(request), change, call.now, client_address(call.request)
        )
        return _enrolled(call, made)
    if user_id is None:
        raise invalid_field("userId", "missing")
    return _enrolled(call, register_user.register_user(call.services, call.tenant_id, user_id, change, call.now))


@routes.get(ONE, endpoint=ENDPOINT, gives=RegistrationAnswerSchema)
def retrieve_registration(call: Call, user_id: UUID, application_id: UUID) -> dict[str, Any]:
    """One registration."""
    return {"registration": registration_wire(_stored(call, user_id, application_id))}


@routes.put(ONE, OF_USER, endpoint=ENDPOINT, takes=RegistrationRequestSchema, gives=RegistrationAnswerSchema)
def update_registration(call: Call, user_id: UUID, application_id: UUID | None = None) -> dict[str, Any]:
    """Replace a registration; the authentication token stays unless another one is given."""
    _require(call, user_id, application_id)
    request = call.load(REQUEST)
    named = application_id or request["registration"]["application_id"]
    if named is None:
        raise invalid_field(APPLICATION, "missing")
    change = _change(request, named)
    made = register_user.update_registration(call.services, call.tenant_id, user_id, named, lambda _: change, call.now)
    return _answer(call, *made)


@routes.patch(ONE, OF_USER, endpoint=ENDPOINT, takes=RegistrationRequestSchema, gives=RegistrationAnswerSchema)
def patch_registration(call: Call, user_id: UUID, application_id: UUID | None = None) -> dict[str, Any]:
    """Change a part of a registration, in one of three dialects chosen by the content type."""
    _require(call, user_id, application_id)
    named = application_id or _named_in_patch(body.read_json(call.request))

    def change_of(registration: Registration) -> RegistrationChange:
        document = patched(call.request, {"registration": registration_wire(registration)})
        return _change(REQUEST.load(document), named)

    made = register_user.update_registration(call.services, call.tenant_id, user_id, named, change_of, call.now)
    return _answer(call, *made)


@routes.delete(ONE, endpoint=ENDPOINT)
def delete_registration(call: Call, user_id: UUID, application_id: UUID) -> None:
    """Remove a registration and end the sessions it carried."""
    register_user.delete_registration(call.services, call.tenant_id, user_id, application_id)


def _require(call: Call, user_id: UUID, application_id: UUID | None) -> None:
    """What the path names must exist before the body is read. Raises NotFound."""
    if application_id is None:
        require_user(call, user_id)
    else:
        _stored(call, user_id, application_id)


def _stored(call: Call, user_id: UUID, application_id: UUID) -> Registration:
    with call.services.db.read() as conn:
        user = users.get(conn, call.tenant_id, user_id)
        if user is not None:
            found = registrations.get(conn, call.services.sealer, user.tenant_id, user.id, application_id)
            if found is not None:
                return found
    raise NotFound


def _change(request: dict[str, Any], application_id: UUID) -> RegistrationChange:
    """The application of the path wins over the one in the body."""
    registration = {**request["registration"], "application_id": application_id}
    return registration_change({**request, "registration": registration})


def _named_in_patch(patch: Any) -> UUID:
    """The application a patch names when the path does not. Raises Invalid."""
    registration = patch.get("registration") if isinstance(patch, dict) else None
    named = registration.get("applicationId") if isinstance(registration, dict) else None
    if named is None:
        raise invalid_field(APPLICATION, "missing")
    application_id = parse_uuid(named) if isinstance(named, str) else None
    if application_id is None:
        raise invalid_field(APPLICATION, "invalidJSON")
    return application_id


def _enrolled(call: Call, made: Enrolment) -> dict[str, Any]:
    secret = made.registration_verification_id
    ids = email_verification_wire(made.user, made.email_verification_id)
    tokens = tokens_wire(made.tokens) if made.tokens else {}
    given = {"registrationVerificationId": secret} if secret else {}
    return _answer(call, made.user, made.registration) | ids | given | tokens


def _answer(call: Call, user: User, registration: Registration) -> dict[str, Any]:
    with call.services.db.read() as conn:
        registered = registrations.of_user(conn, call.services.sealer, user.tenant_id, user.id)
    return {"registration": registration_wire(registration), "user": user_wire(user, registered)}
