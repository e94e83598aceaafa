"""POST /api/v1/login: by password, by the token of an earlier login, or by a provider's (rocket sections 2 to 6)."""

from __future__ import annotations

from flask import Response, g

from identity.domain.outcome import Door, LoginOutcome, Verdict
from identity.domain.rocketchat_forms import LoginForm, PasswordForm, ResumeForm, ServiceForm, read_form
from identity.flows.login.login_attempt import Visit
from identity.flows.rocketchat.guarded_login import (
    guarded_password_login,
    guarded_resume,
    guarded_service_login,
)
from identity.flows.rocketchat.log_in import visit_at_door
from identity.flows.rocketchat.people import person_of_login
from identity.http.address_limit import limiting_failed_logins
from identity.http.client_address import client_address, deciding_address
from identity.http.rocketchat.answers import reply
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.me import me_wire
from identity.http.rocketchat.outcomes import answer_to
from identity.http.rocketchat.routes import door_blueprint, rocket_route
from identity.http.rocketchat.second_factor import CODE_HEADER
from identity.http.rocketchat.services import service_outcome
from identity.http.visit import user_agent

blueprint = door_blueprint("login")
NO_FORM = "rocket 2.2"


@rocket_route(blueprint, "POST", "/api/v1/login", signed_in=False, door=Door.PASSWORD)
def log_in(call: ChatCall) -> Response:
    call.trace.tenant_id = call.configuration.tenant.id
    call.trace.application_id = call.configuration.application_id
    form = read_form(call.body, call.request.headers.get(CODE_HEADER))
    outcome = limiting_failed_logins(call.services, call.request, lambda: _outcome(call, form))
    g.verdict = outcome.verdict.value
    return login_answer(call, outcome)


def _outcome(call: ChatCall, form: LoginForm | None) -> LoginOutcome:
    services, address = call.services, deciding_address(call.request, call.services.settings.proxies)
    match form:
        case ResumeForm():
            call.trace.door = Door.SESSION.value
            return guarded_resume(services, form, call.configuration.tenant.id, address, call.trace)
        case PasswordForm():
            return guarded_password_login(services, call.configuration, form, visit_of(call), address, call.trace)
        case ServiceForm():
            call.trace.door = Door.COMPLETE_LOGIN.value
            return _by_service(call, form, address)
        case None:
            call.trace.add("The body has no form of a login.", NO_FORM)
            return LoginOutcome(Verdict.REFUSED)


def _by_service(call: ChatCall, form: ServiceForm, address: str | None) -> LoginOutcome:
    visit = visit_of(call)
    return guarded_service_login(
        call.services,
        call.configuration.tenant.id,
        visit,
        address,
        form.code,
        call.trace,
        lambda: service_outcome(call, form, visit),
    )


def visit_of(call: ChatCall) -> Visit:
    """What a login at this door says of whoever knocks. Nothing but headers: the body has no place for it."""
    visit = Visit(ip_address=client_address(call.request), user_agent=user_agent(call.request))
    return visit_at_door(call.services, call.configuration, visit)


def login_answer(call: ChatCall, outcome: LoginOutcome) -> Response:
    """200 with the token and the user, or why there is none."""
    if outcome.chat_token is None or outcome.user is None:
        return answer_to(outcome)
    person = person_of_login(
        call.services, call.configuration, outcome.user, outcome.registrations, outcome.change_reason
    )
    me = me_wire(call.services, person, call.now)
    data = {"userId": me["_id"], "authToken": outcome.chat_token, "me": me}
    return reply({"status": "success", "data": data, "success": True})
