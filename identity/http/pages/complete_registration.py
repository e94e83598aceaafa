"""/oauth2/complete-registration: somebody with an account, and without a registration for the application, gets one.

Nobody is asked when nothing is missing: the login goes on at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response

from identity.domain.errors import Invalid, NotFound
from identity.domain.outcome import Door
from identity.domain.registration_form import FormField
from identity.domain.sign_in import Stage
from identity.flows.hosted.complete_registration import complete_registration, missing_fields
from identity.http.pages.form_errors import form_errors
from identity.http.pages.go_on import go_on
from identity.http.pages.hosted import PageCall, elsewhere, hosted_blueprint, page_route, show, visit_of_page
from identity.http.pages.person_form import person_of, typed
from identity.http.tracing import traced

blueprint = hosted_blueprint("complete_registration")


@page_route(blueprint, Stage.COMPLETE_REGISTRATION.value, methods=("GET", "POST"), needs_sign_in=True)
def complete(call: PageCall) -> Response:
    try:
        missing = missing_fields(call.services, call.sign_in.proof)
        if missing and call.request.method != "POST":
            return _form(call, missing)
        return _submitted(call, missing)
    except (Invalid, NotFound):  # nobody registers by themselves any more, or the proof is over
        return begin_again(call)


def begin_again(call: PageCall) -> Response:
    """The step is over or done: whoever has logged in meanwhile goes on. Raises NotFound: no client sent them."""
    if not call.sign_in.parameters:
        raise NotFound
    return elsewhere(call, f"{Stage.SIGN_IN.value}?{urlencode(call.sign_in.parameters)}")


def _submitted(call: PageCall, missing: tuple[FormField, ...]) -> Response:
    """Raises NotFound."""
    application_id = call.sign_in.application_id
    if application_id is None:
        raise NotFound
    values = typed(call, missing)
    try:
        user, registration = person_of(values, application_id)
        with traced(call.services.runtime, Door.REGISTRATION) as trace:
            outcome = complete_registration(
                call.services, call.sign_in.proof, user.profile, registration, visit_of_page(call), trace
            )
    except Invalid as refused:
        errors = form_errors(refused, tuple(each.name for each in missing))
        return _form(call, missing, status=400, values=values, errors=errors)
    return go_on(call, outcome)


def _form(
    call: PageCall,
    missing: tuple[FormField, ...],
    *,
    status: int = 200,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    return show(call, "complete_registration.html", status, values=values, errors=errors, fields=missing)
