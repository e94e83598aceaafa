"""/api/two-factor: begin, look at and answer challenges. Source: supporting contract 12; login contract 3.10."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from identity.domain.contact import canonical
from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import User
from identity.domain.outcome import Door
from identity.flows.second_factors.send_code import SendRequest, send_for_challenge, send_to_change
from identity.flows.second_factors.start_two_factor import StartRequest, start_two_factor
from identity.flows.second_factors.two_factor_login import TwoFactorRequest, two_factor_login
from identity.flows.second_factors.two_factor_status import two_factor_status
from identity.http.fusionauth.address_limit import LIMITED, limiting_failures
from identity.http.fusionauth.login import tenant_scope
from identity.http.fusionauth.login_response import TAIL_STATUSES, login_response
from identity.http.fusionauth.respond import json_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.login import LoginResponseSchema
from identity.http.fusionauth.schemas.two_factor import (
    TwoFactorLoginSchema,
    TwoFactorSendSchema,
    TwoFactorStartAnswer,
    TwoFactorStartSchema,
    TwoFactorStatusAnswer,
    TwoFactorStatusSchema,
    trusts_wire,
)
from identity.http.fusionauth.schemas.users import method_wire
from identity.http.fusionauth.user_two_factor import WRONG_CODE, owner_for
from identity.http.key_or_token import key_or_token
from identity.http.raw_member import state_of
from identity.http.visit import visit_of
from identity.store import users

SEND_ENDPOINT, START_ENDPOINT, STATUS_ENDPOINT = (
    "/api/two-factor/send",
    "/api/two-factor/start",
    "/api/two-factor/status",
)
TOO_OFTEN = {429: "The tenant's limit of codes per user is spent; Retry-After says when to try again."}
NEEDED = 242

routes = Routes("Two-factor login", "Begin, look at and answer two-factor challenges.")
LOGIN, SEND = TwoFactorLoginSchema(), TwoFactorSendSchema()
START, STATUS = TwoFactorStartSchema(), TwoFactorStatusSchema()


@routes.post(
    "/api/two-factor/login",
    endpoint=None,
    scope=Scope.OWN,
    takes=TwoFactorLoginSchema,
    gives=LoginResponseSchema,
    statuses=TAIL_STATUSES
    | WRONG_CODE
    | LIMITED
    | {404: "The twoFactorId is unknown, too old or spent: begin again at the login. Or the user is deactivated."},
    door=Door.TWO_FACTOR,
)
def complete_two_factor_login(call: Call) -> Response:
    """Complete the login that a 242 interrupted."""
    tenant_id = tenant_scope(call)
    given = call.load(LOGIN)
    request = TwoFactorRequest(
        two_factor_id=given["two_factor_id"],
        code=given["code"],
        visit=visit_of(call.request, given, tenant_id),
        application_id=given.get("application_id"),
        user_id=given.get("user_id"),
        trust_computer=given["trust_computer"],
    )
    return limiting_failures(call, lambda: login_response(call, two_factor_login(call.services, request, call.trace)))


@routes.post(
    START_ENDPOINT,
    endpoint=START_ENDPOINT,
    takes=TwoFactorStartSchema,
    gives=TwoFactorStartAnswer,
    statuses={404: "There is no such user."},
)
def start_two_factor_login(call: Call) -> dict[str, Any]:
    """Begin a second factor outside of a login. The code of the answer completes it, as the user's methods do."""
    given = call.load(START)
    user = _user(call, given["user_id"], given["login_id"], given["login_id_types"])
    request = StartRequest(
        tenant_id=user.tenant_id,
        user_id=user.id,
        application_id=given["application_id"],
        code=given["code"],
        state=state_of(call.request),
        trust_challenge=given["trust_challenge"],
    )
    started = start_two_factor(call.services, request)
    return {
        "code": started.code,
        "methods": [method_wire(method) for method in started.methods],
        "twoFactorId": started.two_factor_id,
    }


@routes.post(
    f"{SEND_ENDPOINT}/<two_factor>",
    endpoint=None,
    scope=Scope.OWN,
    takes=TwoFactorSendSchema,
    statuses={404: "The twoFactorId is unknown, too old or spent.", **TOO_OFTEN},
)
def send_code_for_login(call: Call, two_factor: str) -> None:
    """Send a code that answers this challenge, to one of the user's methods; earlier ones stop working."""
    tenant_id = tenant_scope(call)
    send_for_challenge(call.services, tenant_id, two_factor, call.load(SEND)["method_id"])


@routes.post(
    SEND_ENDPOINT,
    endpoint=SEND_ENDPOINT,
    scope=Scope.OWN,
    takes=TwoFactorSendSchema,
    statuses={404: "There is no such user.", **TOO_OFTEN},
)
def send_code_for_change(call: Call) -> None:
    """Send a code that sets a method up (method and address) or removes one (methodId)."""
    acting = key_or_token(call.services, call.request, SEND_ENDPOINT, call.now)
    given = call.load(SEND)
    owner = owner_for(call.services, acting, given["user_id"])
    send_to_change(
        call.services,
        owner,
        SendRequest(
            given["application_id"], given["method_id"], given.get("method"), given["email"], given["mobile_phone"]
        ),
    )


@routes.get(
    STATUS_ENDPOINT,
    f"{STATUS_ENDPOINT}/<trust>",
    endpoint=STATUS_ENDPOINT,
    gives=TwoFactorStatusAnswer,
    query={"userId": "The user; required.", "applicationId": "The application that the login would be to."},
    statuses={242: "A second factor is needed.", 404: "There is no such user."},
)
def retrieve_two_factor_status(call: Call, trust: str | None = None) -> Response:
    """Whether a login of this user would need a second factor."""
    return _status(call, call.uuid("userId"), call.uuid("applicationId"), trust)


@routes.post(
    STATUS_ENDPOINT,
    endpoint=STATUS_ENDPOINT,
    takes=TwoFactorStatusSchema,
    gives=TwoFactorStatusAnswer,
    statuses={242: "A second factor is needed.", 404: "There is no such user."},
)
def ask_two_factor_status(call: Call) -> Response:
    """The same with a body."""
    given = call.load(STATUS)
    return _status(call, given["user_id"], given["application_id"], given["two_factor_trust_id"])


def _status(call: Call, user_id: UUID | None, application_id: UUID | None, trust_id: str | None) -> Response:
    if user_id is None:
        raise invalid_field("userId", "missing")
    user = _user(call, user_id)
    status = two_factor_status(call.services, user.tenant_id, user.id, application_id, trust_id)
    answer: dict[str, Any] = {"trusts": trusts_wire(status.trusts)}
    if status.trusts:
        answer["twoFactorTrustId"] = trust_id
    return json_reply(answer, NEEDED if status.needed else 200)


def _user(
    call: Call, user_id: UUID | None, login_id: str | None = None, login_id_types: list[str] | None = None
) -> User:
    """The user by id, else by login id. Raises Invalid, NotFound."""
    if user_id is None and login_id is None:
        raise invalid_field("userId", "missing")
    with call.services.db.read() as conn:
        if user_id is not None:
            found = users.get(conn, call.tenant_id, user_id)
        else:
            folded, kinds = canonical((login_id or "").strip()), login_id_types or ["email", "username"]
            found = users.find_by_login_id(conn, call.tenant(), folded, kinds)
    if found is None:
        raise NotFound
    return found
