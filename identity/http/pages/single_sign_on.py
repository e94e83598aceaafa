"""A client's request from a browser that is signed in: answered without a page, unless the client or a step wants one.

Source: docs/decisions/0020-sso-sessions.md; OpenID Connect Core 3.1.2.1 (prompt, max_age).
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.oauth import AuthorizationRequest
from identity.domain.oauth_errors import OAuthError
from identity.domain.oauth_outcome import reason_of
from identity.domain.outcome import Door, LoginOutcome
from identity.domain.sign_in import Stage
from identity.flows.hosted import sso_session
from identity.flows.hosted.sso_session import Continued
from identity.http.oauth import authorization
from identity.http.pages.finish import finish
from identity.http.pages.go_on import go_on, next_stage
from identity.http.pages.hosted import PageCall, note_verdict, visit_of_page
from identity.http.pages.sso_cookie import session_of
from identity.http.pages.to_client import to_client
from identity.http.tracing import traced

LOGIN, NONE = "login", "none"


def by_session(call: PageCall, wanted: AuthorizationRequest) -> Response | None:
    """The answer to the client; None: the person is to be shown the page. Raises StoreUnavailable, WebhooksRefused."""
    token = session_of(call.request, call.services)
    if token and LOGIN not in wanted.prompts and _is_live(call, wanted, token):
        with traced(call.services.runtime, Door.SESSION) as trace:
            continued = _log_in(replace(call, trace=trace), wanted, token)
            if continued is not None:
                again = replace(call, trace=trace, sign_in=replace(call.sign_in, remember=True))
                return _answer(again, wanted, continued)
    if NONE not in wanted.prompts:
        return None
    why = "The user is required to sign in."
    refusal = authorization.refuse(wanted, OAuthError.LOGIN_REQUIRED, "authentication_required", why)
    return to_client(call.services, refusal)


def _is_live(call: PageCall, wanted: AuthorizationRequest, token: str) -> bool:
    """Asked before a login begins: without a session there is none to trace or to count."""
    configuration = call.configuration
    return configuration is not None and sso_session.is_live(call.services, token, configuration, wanted.max_age)


def _log_in(call: PageCall, wanted: AuthorizationRequest, token: str) -> Continued | None:
    assert call.configuration is not None  # the session counts for it
    visit = visit_of_page(call)
    return sso_session.log_in_again(
        call.services, token, call.configuration, visit, call.trace, most_age=wanted.max_age
    )


def _answer(call: PageCall, wanted: AuthorizationRequest, continued: Continued) -> Response:
    outcome, stage = continued.outcome, next_stage(call, continued.outcome)
    if stage is Stage.FINISHED:
        note_verdict(outcome)
        return finish(call, outcome, call.sign_in, continued.session)
    if NONE in wanted.prompts:
        return _interaction(call, wanted, outcome)
    return go_on(call, outcome)


def _interaction(call: PageCall, wanted: AuthorizationRequest, outcome: LoginOutcome) -> Response:
    note_verdict(outcome)
    why = "The user is signed in, and a step is missing that needs a page."
    return to_client(
        call.services, authorization.refuse(wanted, OAuthError.INTERACTION_REQUIRED, reason_of(outcome), why)
    )
