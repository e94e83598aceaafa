"""/password/forgot and /password/sent: a mail that lets somebody choose a new password, for whoever asks.

The answer and the time it takes say nothing about anybody: the request is put off as the API's is. With the id go the
parameters of the client that the person came from, so that they can go on there, in whatever browser.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import orjson
from flask import Response

from identity.domain.bounds import LONGEST_USERNAME
from identity.domain.contact import LONGEST_EMAIL
from identity.domain.errors import MESSAGES, TooManyRequests, invalid_field
from identity.domain.sign_in import SignIn
from identity.flows.passwords.forgot_password import ForgotRequest
from identity.flows.put_off import put_off_forgotten
from identity.http import api_key
from identity.http.pages.form_errors import TOO_OFTEN
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page, with_sign_in
from identity.http.pages.sign_in import MOST_BYTES, begun_by_client
from identity.http.pages.steps import waiting
from identity.http.visit import event_info_of
from identity.wire import parse_uuid

FORGOT, SENT = "/password/forgot", "/password/sent"
LOGIN_ID, REDIRECT_URI = "loginId", "redirect_uri"
LOGIN_ID_TYPES = ("email", "username")
LONGEST = max(LONGEST_EMAIL, LONGEST_USERNAME)

blueprint = hosted_blueprint("forgot_password")


@page_route(blueprint, FORGOT, methods=("GET", "POST"))
def forgot(call: PageCall) -> Response:
    """From the sign-in page, or as a client asks for it, or on its own for a client or a tenant."""
    if call.sign_in.tenant_id is not None:
        return _page(call)
    begun = begun_by_client(call) if REDIRECT_URI in call.request.args else _scoped(call)
    return _page(begun) if isinstance(begun, PageCall) else begun


def _page(call: PageCall) -> Response:
    if call.request.method != "POST":
        return show(call, "forgot_password.html", values={LOGIN_ID: call.sign_in.parameters.get("login_hint", "")})
    login_id = call.text(LOGIN_ID)
    if not login_id or len(login_id) > LONGEST:
        return _again(call, 400, MESSAGES["tooLong" if login_id else "blank"], LOGIN_ID)
    try:
        put_off_forgotten(call.services, _request(call, login_id))
    except TooManyRequests as refused:
        response = _again(call, 429, TOO_OFTEN)
        return waiting(response, refused)
    return to_page(call, SENT, forget_ticket(call.sign_in))


@page_route(blueprint, SENT, needs_sign_in=True)
def sent(call: PageCall) -> Response:
    return show(call, "forgot_password_sent.html")


def _scoped(call: PageCall) -> PageCall:
    """The call with the tenant of the query, else the only one there is. Raises Invalid."""
    client_id, tenant_id = (_id_of_query(call, name) for name in ("client_id", "tenantId"))
    if client_id is not None:
        call.services.configurations.forget_unless_current()
        found = call.services.configurations.application(client_id)
        if found is None or tenant_id not in (None, found.tenant.id):
            raise invalid_field("client_id", "invalid")
        tenant_id = found.tenant.id
    if tenant_id is None:
        with call.services.db.read() as conn:
            tenant_id = api_key.only_tenant(conn)
    elif call.services.configurations.tenant(tenant_id) is None:
        raise invalid_field("tenantId", "invalid")
    return with_sign_in(call, replace(call.sign_in, tenant_id=tenant_id, application_id=client_id))


def _id_of_query(call: PageCall, name: str) -> UUID | None:
    """Raises Invalid."""
    text = call.request.args.get(name, "")
    parsed = parse_uuid(text) if text else None
    if text and parsed is None:
        raise invalid_field(name, "invalid")
    return parsed


def _request(call: PageCall, login_id: str) -> ForgotRequest:
    sign_in = call.sign_in
    assert sign_in.tenant_id is not None  # `_scoped` has found one
    return ForgotRequest(
        tenant_id=sign_in.tenant_id,
        login_id=login_id,
        login_id_types=LOGIN_ID_TYPES,
        application_id=sign_in.application_id,
        state=orjson.dumps(dict(sign_in.parameters)).decode() if sign_in.parameters else None,
        info=event_info_of(call.request, {}),
    )


def _again(call: PageCall, status: int, text: str, field: str = "") -> Response:
    return show(
        call, "forgot_password.html", status, values={LOGIN_ID: call.text(LOGIN_ID)[:LONGEST]}, errors={field: text}
    )


def restart_of(state: str | None, application_id: UUID | None) -> dict[str, str]:
    """The parameters by which the person can go on to the client; empty when none were kept.

    Anybody can have a mail sent with a state of their own: what is not for the application that the id is for, or is
    longer than any sign-in, is not taken; /oauth2/authorize checks the rest as if the client had sent it.
    """
    kept = orjson.loads(state) if state and len(state.encode()) <= MOST_BYTES else None
    if not isinstance(kept, dict) or not all(isinstance(value, str) for value in kept.values()):
        return {}
    return kept if application_id is not None and kept.get("client_id") == str(application_id) else {}


def forget_ticket(sign_in: SignIn) -> SignIn:
    """The sign-in once its step is done or over."""
    return replace(sign_in, ticket=None, proof=None, shown={})
