"""/password/change: a new password, because a login demands it or by a mailed link; then the login goes on.

A link from a mail is left at once for an address without its id, so that neither history nor referrer keeps it. It
works in any browser, and ends there: whoever came from a client begins again with the client's own parameters.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.errors import Invalid, NotFound, invalid_fields
from identity.domain.model import User
from identity.domain.outcome import Door
from identity.domain.sign_in import SignIn, Stage
from identity.domain.user_rules import UserRules
from identity.flows.login.password_login import PasswordRequest, log_in
from identity.flows.passwords.new_password import Changed, PasswordChange, change_password
from identity.flows.passwords.password_right import (
    PasswordRight,
    configuration_of,
    read_facts,
    right_by_id,
    will_need_trust,
)
from identity.http.pages.catalogue import msgid
from identity.http.pages.complete_registration import begin_again
from identity.http.pages.errors import error_page
from identity.http.pages.forgot_password import forget_ticket, restart_of
from identity.http.pages.form_errors import form_errors
from identity.http.pages.go_on import go_on
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page, visit_of_page
from identity.http.pages.sign_in import CLOSED
from identity.http.pages.step_up import begin_step_up
from identity.http.tracing import traced
from identity.http.visit import event_info_of
from identity.store.external_identifiers import Kind
from identity.wire import parse_uuid

CHANGE, COMPLETE = Stage.CHANGE_PASSWORD.value, "/password/complete"
LONGEST_ID = 1_000
"""Characters of an id that are carried on: the ids of today's mails have 43."""

PASSWORD, CONFIRM = "password", "password_confirm"

blueprint = hosted_blueprint("change_password")


@page_route(blueprint, f"{CHANGE}/<secret>")
def come_from_mail(call: PageCall, secret: str) -> Response:
    """Whoever opens the link has a fresh sign-in, whatever else the browser was doing."""
    tenant_id = parse_uuid(call.request.args.get("tenantId", ""))
    sign_in = SignIn(tenant_id=tenant_id, ticket=secret[:LONGEST_ID], locale=call.sign_in.locale)
    try:
        right = right_by_id(call.services, sign_in.tenant_id, secret, call.now)
    except NotFound:
        return to_page(call, CHANGE, sign_in)
    return to_page(call, CHANGE, replace(sign_in, tenant_id=right.tenant_id, application_id=right.application_id))


@page_route(blueprint, CHANGE, methods=("GET", "POST"), needs_sign_in=True)
def change(call: PageCall) -> Response:
    try:
        right = right_by_id(call.services, call.sign_in.tenant_id, call.sign_in.ticket or "", call.now)
        if call.sign_in.proof is None and will_need_trust(call.services, right):
            return begin_step_up(call, right)
        return _submitted(call, right) if call.request.method == "POST" else _form(call, right)
    except NotFound:
        return begin_again(call) if call.sign_in.parameters else show(call, "change_password_over.html", 404)


@page_route(blueprint, COMPLETE, needs_sign_in=True)
def complete(call: PageCall) -> Response:
    return show(call, "change_password_complete.html", restart=call.sign_in.shown.get("restart"))


def _submitted(call: PageCall, right: PasswordRight) -> Response:
    """Raises NotFound."""
    password = call.form.get(PASSWORD, "")
    if password != call.form.get(CONFIRM, ""):
        return _form(call, right, status=400, errors={CONFIRM: msgid("The two passwords are not the same.")})
    info = event_info_of(call.request, {})
    try:
        if not password.strip():
            raise invalid_fields([("user.password", "blank")])
        changed = change_password(
            call.services, right, PasswordChange(password, trust_token=call.sign_in.proof, info=info), call.now
        )
    except Invalid as refused:
        if will_need_trust(call.services, right) and PASSWORD not in form_errors(refused, (PASSWORD,)):
            return begin_step_up(call, right)  # the second factor was given too long ago
        return _form(call, right, status=400, errors=form_errors(refused, (PASSWORD,)))
    return _changed(call, right, changed)


def _changed(call: PageCall, right: PasswordRight, changed: Changed) -> Response:
    """A login goes on with the one-time password in the place of the new one; a mailed link ends here."""
    sign_in = forget_ticket(call.sign_in)
    if not sign_in.parameters:
        restart = restart_of(changed.state, right.application_id)
        return to_page(call, COMPLETE, replace(sign_in, shown={"restart": restart}))
    request = PasswordRequest(
        replace(visit_of_page(call), tenant_id=right.tenant_id),
        keyed=True,  # as all of these pages do, it proves that the call comes from here
        application_id=sign_in.application_id,
        one_time_password=changed.one_time_password,
        goes_on=True,
    )
    with traced(call.services.runtime, Door.PASSWORD) as trace:
        try:
            outcome = log_in(call.services, request, trace)
        except Invalid:  # the application was removed or switched off since the page was made
            return error_page(400, *CLOSED)
    return go_on(call, outcome, sign_in)


def _form(call: PageCall, right: PasswordRight, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    """Raises NotFound."""
    configuration, facts = configuration_of(call.services, right), read_facts(call.services, right)
    assert facts.known is not None  # `read_facts` found one
    return show(
        call,
        "change_password.html",
        status,
        errors=errors,
        values={"username": _login_id(facts.known.user)},
        reason=call.sign_in.shown.get("change_reason"),
        first=right.identifier is not None and right.identifier.kind is Kind.SETUP_PASSWORD,
        rules=UserRules.of(configuration.tenant.settings).password,
    )


def _login_id(user: User) -> str:
    return user.email or user.username or ""
