"""/oauth2/start-idp-link: somebody came by a provider whom no account here belongs to yet. Who are they here?

The way to an account of theirs is the sign-in itself: whoever completes it, by whatever door and second factor, has
proved the account, and only then the link is made (`finish`). The way carries the pending link sealed, so it is bound
to this browser beside what the link itself is bound to (security T6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Response

from identity.domain.sign_in import Stage
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.hosted.redeem_link import pending_of
from identity.flows.hosted.round_trip import name_of
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page
from identity.http.pages.steps import over
from identity.store.pending_links import PendingLink

PAGE = Stage.LINK.value
REGISTER = "/oauth2/register"
OVER = msgid("There is nothing left to link")
WHY_OVER = msgid(
    "It was done already, or it took too long. Please begin again: "
    "if it was done, the button of the provider is enough."
)
WORDS_OF_CODE: Mapping[str, str] = {
    "[LinkCountExceeded]": msgid(
        "That account has as many links as are allowed already. Choose another account, or continue without linking."
    ),
    "[duplicate]identityProviderLink.identityProviderUserId": msgid(
        "This belongs to another account already. Choose that account, or continue without linking."
    ),
}
FAILED = msgid("The accounts could not be linked. Please try again, or continue without linking.")

blueprint = hosted_blueprint("pending_link")


@page_route(blueprint, PAGE, needs_sign_in=True)
def ask_who_it_is(call: PageCall) -> Response:
    pending = _pending(call)
    if pending is None:
        return over(OVER, WHY_OVER)
    problem = call.sign_in.shown.get("problem")
    errors = {} if problem is None else {"": WORDS_OF_CODE.get(problem, FAILED)}
    return _question(call, pending, 400 if errors else 200, errors)


@page_route(blueprint, PAGE, methods=("POST",))
def choose(call: PageCall) -> Response:
    """To an account that there is, to a new one, or back without linking."""
    plain = replace(call.sign_in, ticket=None, proof=None, pending_link=None, shown={})
    choice = call.text("choice")
    if choice == "without":
        return to_page(call, Stage.SIGN_IN.value, plain)
    pending = _pending(call)
    if pending is None:
        return over(OVER, WHY_OVER)
    linking = replace(plain, pending_link=call.sign_in.ticket)
    if choice == "account":
        return to_page(call, Stage.SIGN_IN.value, linking)
    if choice == "register" and _may_register(call):
        return to_page(call, REGISTER, linking)
    return _question(call, pending, 400)


def _pending(call: PageCall) -> PendingLink | None:
    application = call.configuration.application if call.configuration else None
    return pending_of(call.services, call.sign_in.ticket, application)


def _may_register(call: PageCall) -> bool:
    application = call.configuration.application if call.configuration else None
    registration = (application.settings.get("registration_configuration") or {}) if application else {}
    return bool(registration.get("enabled"))


def _question(
    call: PageCall, pending: PendingLink, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    configuration = call.configuration
    assert isinstance(configuration, ApplicationConfiguration)  # the pending link is for one
    provider = call.services.configurations.provider(pending.identity_provider_id, configuration.application)
    return show(
        call,
        "pending_link.html",
        status,
        errors=errors,
        provider=name_of(provider.config) if provider else "",
        person=pending.display_name or pending.username or "",
        may_register=_may_register(call),
    )
