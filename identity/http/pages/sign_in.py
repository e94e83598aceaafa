"""/oauth2/authorize: where clients send people to sign in, by password or through a provider, and /oauth2/start.

Nothing is kept for a page that is only looked at: what the client asked for travels sealed in the page's own forms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from flask import Response, request

from identity.domain.errors import Invalid
from identity.domain.oauth import AuthorizationRequest
from identity.domain.oauth_errors import OAuthError
from identity.domain.outcome import Door, LoginOutcome
from identity.domain.sign_in import SignIn, Stage
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.hosted import round_trip
from identity.flows.hosted.round_trip import Offer
from identity.flows.login.password_login import PasswordRequest, log_in
from identity.flows.login.start_login import StartRefused
from identity.http import body
from identity.http.address_limit import limiting_failed_logins, spend_start
from identity.http.oauth import authorization
from identity.http.pages.catalogue import msgid
from identity.http.pages.client_form import by_address
from identity.http.pages.errors import error_page, no_way_to_the_client
from identity.http.pages.go_on import go_on, next_stage, shown_of
from identity.http.pages.hosted import (
    SEALED,
    PageCall,
    elsewhere,
    hosted_blueprint,
    note_verdict,
    page_route,
    say,
    show,
    visit_of_page,
    with_sign_in,
)
from identity.http.pages.refusals import why_not
from identity.http.pages.single_sign_on import by_session
from identity.http.pages.to_client import to_client
from identity.wire import parse_uuid

blueprint = hosted_blueprint("sign_in")

MOST_BYTES = 3_000
"""Of all parameters of a request together, as they are sealed: then they must fit into a request line."""
MISSING = msgid("Please fill in this field.")
CLOSED = (
    msgid("This application is closed"),
    msgid("Nobody can sign in to it at the moment. Please ask those who run it."),
)
NOT_OFFERED = msgid("This way to sign in is not available at the moment. Please choose another one.")


@blueprint.before_request
def asked_by_form() -> Response | None:
    """A client may send its request as a form (OpenID Connect Core, 3.1.2.1); the forms of our pages are others."""
    if request.method != "POST" or request.path != Stage.SIGN_IN.value:
        return None
    form = body.read_form(request)
    if SEALED in form or "client_id" not in form or "response_type" not in form:
        return None
    return by_address(Stage.SIGN_IN.value, authorization.PARAMETERS)


@page_route(blueprint, Stage.SIGN_IN.value, methods=("GET", "POST"), door=Door.PASSWORD)
def authorize(call: PageCall) -> Response:
    if call.request.method == "POST":
        return _with_password(call)
    if SEALED in call.request.args:
        return sign_in_page(call)
    wanted = _wanted(call)
    return wanted if isinstance(wanted, Response) else _asked_by_client(call, wanted)


def _asked_by_client(call: PageCall, wanted: AuthorizationRequest) -> Response:
    """The page, unless the browser is signed in already or the client names a provider."""
    begun = with_sign_in(call, _begun(call, wanted))
    if (answer := by_session(begun, wanted)) is not None:
        return answer
    offer = _offered(begun, wanted.idp_hint)
    return sign_in_page(begun) if offer is None else _to_provider(begun, offer)


@page_route(blueprint, "/oauth2/start", methods=("POST",))
def start(call: PageCall) -> Response:
    """Begin at a provider: the button of one was pressed."""
    chosen = with_sign_in(call, _begun_anew(call))
    offer = _offered(chosen, call.text("identityProviderId"))
    if offer is None:
        return sign_in_page(chosen, 400, {"": NOT_OFFERED})
    return _to_provider(chosen, offer)


def begun_by_client(call: PageCall) -> PageCall | Response:
    """The call with the sign-in that the query asks for, or what a query is answered that is not as it must be."""
    wanted = _wanted(call)
    return wanted if isinstance(wanted, Response) else with_sign_in(call, _begun(call, wanted))


def _wanted(call: PageCall) -> AuthorizationRequest | Response:
    try:
        wanted = authorization.check(call.services, call.request.args)
    except authorization.BadAuthorization as bad:
        return no_way_to_the_client(str(bad))
    except authorization.AuthorizationError as refused:
        return to_client(call.services, refused.answer)
    if len(orjson.dumps(dict(wanted.parameters))) > MOST_BYTES:
        why = "The parameters are too long together."
        refusal = authorization.refuse(wanted, OAuthError.INVALID_REQUEST, "parameters_too_long", why)
        return to_client(call.services, refusal)
    return wanted


def _begun(call: PageCall, wanted: AuthorizationRequest) -> SignIn:
    return SignIn(
        parameters=wanted.parameters,
        tenant_id=wanted.tenant_id,
        application_id=wanted.client_id,
        locale=call.sign_in.locale,
    )


def _begun_anew(call: PageCall) -> SignIn:
    """What was shown or proved on the way to this form counts no more; a link that waits for its user does."""
    return replace(call.sign_in, ticket=None, proof=None, shown={}, remember=call.ticked("rememberDevice"))


def sign_in_page(call: PageCall, status: int = 200, errors: dict[str, str] | None = None, **more: Any) -> Response:
    """The page to sign in; what the sign-in carries to be shown is said there."""
    configuration, sign_in = call.configuration, call.sign_in
    if configuration is None:
        return error_page(400)
    offers = _offers(call)
    shown = {**sign_in.shown, **more}
    why = why_not(shown, say(call))
    application = configuration.application
    registration = (application.settings.get("registration_configuration") or {}) if application else {}
    typed = {"loginId": call.text("loginId") or sign_in.parameters.get("login_hint", "")}
    return show(
        call,
        "sign_in.html",
        status,
        sign_in=replace(sign_in, ticket=None, proof=None, shown={}),
        errors=errors or ({"": why} if why else {}),
        values=typed | ({"rememberDevice": "true"} if sign_in.remember else {}),
        form_to=tuple(url for offer in offers for url in offer.destinations),
        offers=offers,
        denied=shown.get("denied"),
        locked_until=shown.get("locked_until"),
        trace_id=shown.get("trace"),
        may_register=bool(registration.get("enabled")),
    )


def _offers(call: PageCall) -> list[Offer]:
    configuration = call.configuration
    if not isinstance(configuration, ApplicationConfiguration):
        return []
    return round_trip.offers(call.services, configuration)


def _offered(call: PageCall, provider_id: str | None) -> Offer | None:
    """The provider of this id, if the page offers it."""
    wanted = parse_uuid(provider_id) if provider_id else None
    return next((each for each in _offers(call) if each.provider.config.id == wanted), None)


def _with_password(call: PageCall) -> Response:
    tried = with_sign_in(call, _begun_anew(call))
    typed = {"loginId": call.text("loginId"), "password": call.form.get("password", "")}
    if missing := {name: MISSING for name, value in typed.items() if not value}:
        return sign_in_page(tried, 400, missing)
    request = PasswordRequest(
        visit=visit_of_page(tried),
        keyed=True,  # a page of our own needs no API key
        application_id=tried.sign_in.application_id,
        login_id=typed["loginId"],
        password=typed["password"],
    )
    try:
        outcome = limiting_failed_logins(
            call.services, call.request, lambda: log_in(call.services, request, call.trace)
        )
    except Invalid:  # the application was removed or switched off since the page was made
        return error_page(400, *CLOSED)
    if next_stage(tried, outcome) is Stage.SIGN_IN:
        return _refused(tried, outcome)
    return go_on(tried, outcome)


def _refused(call: PageCall, outcome: LoginOutcome) -> Response:
    """The same form again. Who is unknown and who gave a wrong password read the same."""
    note_verdict(outcome)
    return sign_in_page(call, 400, **shown_of(outcome, call.trace), by_password=True)


def _to_provider(call: PageCall, offer: Offer) -> Response:
    """Raises Invalid, StoreUnavailable, TooManyRequests."""
    spend_start(call.services, call.request)
    configuration = call.configuration
    assert configuration is not None and configuration.application_id is not None  # there was something to offer
    try:
        url = round_trip.begin(
            call.services, call.sign_in, configuration.application_id, offer.provider.config.id, call.browser
        )
    except StartRefused as refused:
        why = refused.problem
        return sign_in_page(call, 400, problem=why.code, reason=why.data.get("reason"), provider=offer.name)
    return elsewhere(call, url)
