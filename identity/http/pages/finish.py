"""The end of a sign-in: the pending link is redeemed, the browser stays signed in if its person wants that, and it goes
back to the client with its answer.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.outcome import LoginOutcome
from identity.domain.sign_in import SignIn, Stage
from identity.flows.hosted import sso_session
from identity.flows.hosted.redeem_link import redeem_link
from identity.flows.hosted.sso_session import SsoSession
from identity.http.oauth import authorization
from identity.http.oauth.authorization import Granted
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall, show, to_page, visit_of_page
from identity.http.pages.sso_cookie import forget_session, keep_session, session_of
from identity.http.pages.to_client import answered


def finish(call: PageCall, outcome: LoginOutcome, sign_in: SignIn, session: SsoSession | None = None) -> Response:
    """The person is who they say, and may come in. `session`: the browser's own, which they came by."""
    user = outcome.user
    assert outcome.completed and user is not None
    if sign_in.pending_link is not None:
        application = call.configuration.application if call.configuration else None
        problem = redeem_link(call.services, sign_in.pending_link, application, user.id)
        if problem is not None:
            again = replace(
                sign_in, ticket=sign_in.pending_link, pending_link=None, proof=None, shown={"problem": problem.code}
            )
            return to_page(call, Stage.LINK.value, again)
    session = session or _begin_session(call, outcome, sign_in)
    if sign_in.parameters:
        granted = _granted(outcome, session)
        response = answered(call.services, lambda: authorization.respond(call.services, sign_in.parameters, granted))
    else:
        headline, text = msgid("You are signed in"), msgid("You may close this window.")
        response = show(call, "notice.html", sign_in=sign_in, headline=headline, text=text)
    if session is not None:
        keep_session(response, call.services, session)
    elif session_of(call.request, call.services) is not None:
        forget_session(response, call.services)
    return response


def _begin_session(call: PageCall, outcome: LoginOutcome, sign_in: SignIn) -> SsoSession | None:
    """A new one at every login; what the browser had is over (fixation)."""
    former = session_of(call.request, call.services)
    if call.configuration is None:  # the application was removed while somebody signed in
        sso_session.end(call.services, former)
        return None
    visit = visit_of_page(replace(call, sign_in=sign_in))
    return sso_session.begin(call.services, call.configuration, outcome, visit, former, remember=sign_in.remember)


def _granted(outcome: LoginOutcome, session: SsoSession | None) -> Granted:
    user, auth_instant, authentication_type = outcome.user, outcome.auth_instant, outcome.authentication_type
    assert user is not None and auth_instant is not None and authentication_type is not None  # of every completed login
    session_id = session.id if session else None
    version = outcome.standing.login_version
    return Granted(user.id, user.tenant_id, auth_instant, authentication_type, version, session_id)
