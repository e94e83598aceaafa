"""/oauth2/register: people make accounts of their own, where the application lets them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from identity.domain.errors import Invalid, TooManyRequests
from identity.domain.outcome import Door
from identity.domain.registration_form import EMAIL, RegistrationForm
from identity.domain.sign_in import Stage
from identity.domain.user_rules import UserRules
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.hosted.redeem_link import pending_of
from identity.flows.hosted.register_oneself import SelfRegistration, register_oneself
from identity.http.client_address import deciding_address
from identity.http.pages.catalogue import msgid
from identity.http.pages.form_errors import TOO_OFTEN, form_errors
from identity.http.pages.go_on import go_on
from identity.http.pages.hosted import SEALED, PageCall, hosted_blueprint, page_route, show, to_page, visit_of_page
from identity.http.pages.person_form import person_of, typed
from identity.http.pages.sign_in import begun_by_client
from identity.http.pages.steps import waiting

PATH = "/oauth2/register"
PASSWORD, CONFIRM = "password", "password_confirm"

blueprint = hosted_blueprint("register")


@page_route(blueprint, PATH, methods=("GET", "POST"), door=Door.REGISTRATION)
def register(call: PageCall) -> Response:
    """By the link of the sign-in page, or as the client asks for it, who is checked as for a sign-in."""
    if call.request.method == "POST" or SEALED in call.request.args:
        return _page(call)
    begun = begun_by_client(call)
    return _page(begun) if isinstance(begun, PageCall) else begun


def _page(call: PageCall) -> Response:
    configuration = call.configuration
    if not isinstance(configuration, ApplicationConfiguration):
        return to_page(call, Stage.SIGN_IN.value, call.sign_in)
    form = RegistrationForm.of(configuration.application.settings)
    if not form.enabled:
        return to_page(call, Stage.SIGN_IN.value, call.sign_in)
    if call.request.method == "POST":
        return _submitted(call, configuration, form)
    return _form(call, configuration, form, values=_known(call, form))


def _submitted(call: PageCall, configuration: ApplicationConfiguration, form: RegistrationForm) -> Response:
    values, password = typed(call, form.fields), call.form.get(PASSWORD, "")
    if form.confirms_password and password != call.form.get(CONFIRM, ""):
        errors = {CONFIRM: msgid("The two passwords are not the same.")}
        return _form(call, configuration, form, status=400, values=values, errors=errors)
    address = deciding_address(call.request, call.services.settings.proxies)
    try:
        user, registration = person_of(values, configuration.application_id, password)
        wanted = SelfRegistration(configuration.application_id, user, registration, visit_of_page(call), address)
        outcome = register_oneself(call.services, wanted, call.trace)
    except Invalid as refused:
        errors = form_errors(refused, (*(each.name for each in form.fields), PASSWORD))
        return _form(call, configuration, form, status=400, values=values, errors=errors)
    except TooManyRequests as refused:
        response = _form(call, configuration, form, status=429, values=values, errors={"": TOO_OFTEN})
        return waiting(response, refused)
    return go_on(call, outcome)


def _form(
    call: PageCall,
    configuration: ApplicationConfiguration,
    form: RegistrationForm,
    *,
    values: Mapping[str, str],
    status: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Response:
    rules = UserRules.of(configuration.tenant.settings).password
    return show(call, "register.html", status, values=values, errors=errors, form=form, rules=rules)


def _known(call: PageCall, form: RegistrationForm) -> dict[str, str]:
    """What to begin with: the person's e-mail address or user name at the provider, or what the client says."""
    said = call.sign_in.parameters.get("login_hint", "")
    application = call.configuration.application if call.configuration else None
    pending = pending_of(call.services, call.sign_in.pending_link, application)
    at_provider = pending and (pending.email if form.login_id == EMAIL else pending.username)
    return {form.login_id: at_provider or said}
