"""What every hosted page shares: browser, sign-in, form, and how this page or the next one is shown.

A form counts only with a sign-in that was sealed for this very browser: that alone makes forged forms impossible, so a
view never sees one (security T3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, current_app, g, request

from identity.domain.bounds import storable
from identity.domain.errors import invalid_field
from identity.domain.model import Device
from identity.domain.outcome import Door, LoginOutcome
from identity.domain.sign_in import SignIn
from identity.domain.theme_style import OWN_STYLE
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.hosted.carried import NotThisBrowser, open_sealed, seal
from identity.flows.login.login_attempt import Visit
from identity.flows.services import Services
from identity.http import body
from identity.http.client_address import client_address
from identity.http.pages.browser_cookie import browser_of, name_browser
from identity.http.pages.catalogue import known_language, words_for
from identity.http.pages.document import LOCALE, guarded, page
from identity.http.pages.errors import register_page_errors
from identity.http.tracing import traced
from identity.http.trust_cookie import TRUST_COOKIE
from identity.http.visit import user_agent

SEALED = "sign_in"
"""The field, or query parameter, that holds the sealed sign-in."""


@dataclass(frozen=True)
class PageCall:
    """One request for a page. `sign_in` is an empty one where a page may be opened without."""

    services: Services
    request: Request
    browser: str = field(repr=False)
    sign_in: SignIn
    form: Mapping[str, str] = field(repr=False)
    trace: Trace

    @cached_property
    def now(self) -> int:
        return self.services.runtime.now()

    @cached_property
    def configuration(self) -> TenantConfiguration | None:
        """The application of the sign-in, else its tenant; None when it has neither, or they are gone."""
        configurations = self.services.configurations
        configurations.forget_unless_current()
        if self.sign_in.application_id is not None:
            return configurations.application(self.sign_in.application_id)
        return configurations.tenant(self.sign_in.tenant_id) if self.sign_in.tenant_id else None

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return self.form.get(name, "").strip()

    def ticked(self, name: str) -> bool:
        return self.form.get(name) == "true"


def with_sign_in(call: PageCall, sign_in: SignIn) -> PageCall:
    """The call of another sign-in than the one it came with; error pages lead back to that one."""
    g.sign_in = sign_in
    return replace(call, sign_in=sign_in)


View = Callable[..., Response]


def hosted_blueprint(name: str) -> Blueprint:
    """A blueprint whose errors are pages as well."""
    blueprint = Blueprint(f"pages.{name}".replace(".", "_"), __name__, template_folder="templates")
    register_page_errors(blueprint)
    return blueprint


def page_route(
    blueprint: Blueprint,
    *rules: str,
    methods: tuple[str, ...] = ("GET",),
    door: Door | None = None,
    needs_sign_in: bool = False,
) -> Callable[[View], View]:
    """A view that takes a `PageCall` and the parts of the path. `door`: a form of it is the last step of a login there.

    Every POST needs a sign-in; a GET only with `needs_sign_in`.
    """

    def register(view: View) -> View:
        @wraps(view)
        def serve(**parts: str) -> Response:
            services: Services = current_app.extensions["identity"]
            posted = request.method == "POST"
            call = _read(services, needs_sign_in=needs_sign_in or posted)
            with traced(services.runtime, door) if door and posted else nullcontext(call.trace) as trace:
                response = view(replace(call, trace=trace), **parts)
            if browser_of(request, secure=services.settings.secure_cookies) is None:
                name_browser(response, services, call.browser)
            return response

        for rule in rules:
            blueprint.add_url_rule(rule, f"{view.__name__}_{rule}".replace(".", "_"), serve, methods=methods)
        return view

    return register


def _read(services: Services, *, needs_sign_in: bool) -> PageCall:
    """The call, with a trace that nobody keeps: what is refused here is no login.

    Raises Invalid, NotThisBrowser, RequestEntityTooLarge.
    """
    form: Mapping[str, str] = {}
    if request.method == "POST":
        body.require_type(request, (body.FORM,))
        form = body.read_form(request)
    for name, value in (*form.items(), *request.args.items()):
        if not storable(name) or not storable(value):
            raise invalid_field("form", "invalid")
    browser = browser_of(request, secure=services.settings.secure_cookies)
    sealed = (form if request.method == "POST" else request.args).get(SEALED)
    if (sealed or needs_sign_in) and browser is None:
        raise NotThisBrowser
    sign_in = open_sealed(services, sealed or "", browser) if browser and (sealed or needs_sign_in) else SignIn()
    if (chosen := known_language(request.args.get(LOCALE))) is not None:
        sign_in = replace(sign_in, locale=chosen)
    g.sign_in = sign_in  # for the way back that an error page offers
    trace = Trace(services.runtime.now)
    return PageCall(services, request, browser or services.runtime.new_secret(), sign_in, form, trace)


def note_verdict(outcome: LoginOutcome) -> None:
    """For the trace and the numbers of logins: a page is answered with another status than the login it stands for."""
    g.verdict = outcome.verdict.value


def say(call: PageCall) -> Callable[..., str]:
    """Says texts in the language that the page is going to be in."""
    return words_for(call.request, call.sign_in.locale).say


def visit_of_page(call: PageCall) -> Visit:
    """What the flows are told of the browser; no token is made, since a code will fetch them."""
    return Visit(
        tenant_id=call.sign_in.tenant_id,
        ip_address=client_address(call.request),
        user_agent=user_agent(call.request),
        device=_device(call.sign_in.parameters),
        no_jwt=True,
        resumable=True,
        trust=call.request.cookies.get(TRUST_COOKIE),
    )


def _device(parameters: Mapping[str, str]) -> Device:
    """In the words of the client that sent the browser here."""
    said = {name: parameters.get(f"metaData.device.{name}") or None for name in ("name", "description", "type")}
    return Device(**said)


def show(
    call: PageCall,
    template: str,
    status: int = 200,
    *,
    sign_in: SignIn | None = None,
    errors: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    form_to: tuple[str, ...] = (),
    **more: Any,
) -> Response:
    """The page, whose forms carry the sign-in on. `errors` by field, "" for the whole; `values`: what was typed.

    `form_to`: URLs elsewhere that a form of the page may end up at, beside those of the application.
    """
    carried = sign_in or call.sign_in
    configuration = call.configuration
    application = configuration.application if configuration else None
    return page(
        template,
        status,
        secure=call.services.settings.secure_cookies,
        form_to=(*_ends(call, carried), *form_to),
        locale=carried.locale,
        style=configuration.style if configuration else OWN_STYLE,
        application_name=application.name if application else "",
        sealed=seal(call.services, carried, call.browser),
        sign_in=carried,
        errors=errors or {},
        values=values or {},
        **more,
    )


def _ends(call: PageCall, sign_in: SignIn) -> tuple[str, ...]:
    """Where the application may send the browser on: a browser checks every step after a form against the page."""
    application = call.configuration.application if call.configuration else None
    oauth = (application.settings.get("oauth_configuration") or {}) if application else {}
    named = (*(oauth.get("authorized_redirect_urls") or ()), *(oauth.get("authorized_origin_urls") or ()))
    chosen = (sign_in.parameters.get("redirect_uri"), oauth.get("logout_url"))
    return tuple(dict.fromkeys(filter(None, (*chosen, *named))))


def to_page(call: PageCall, path: str, sign_in: SignIn) -> Response:
    """Send the browser on, so that neither reload nor back sends a form again."""
    query = urlencode({SEALED: seal(call.services, sign_in, call.browser)})
    return elsewhere(call, f"{path}?{query}")


def elsewhere(call: PageCall, url: str) -> Response:
    """A redirect that is not kept and names no page it came from."""
    return guarded(
        Response(headers={"Location": url}, status=303), secure=call.services.settings.secure_cookies, form_to=()
    )
