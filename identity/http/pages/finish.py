"""The end of a sign-in: the pending link is redeemed, and the browser goes back to the client with its answer."""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.outcome import LoginOutcome
from identity.domain.sign_in import SignIn, Stage
from identity.flows.hosted.redeem_link import redeem_link
from identity.http.oauth import authorization
from identity.http.oauth.authorization import Granted
from identity.http.pages.catalogue import msgid
from identity.http.pages.errors import error_page
from identity.http.pages.hosted import PageCall, show, to_page


def finish(call: PageCall, outcome: LoginOutcome, sign_in: SignIn) -> Response:
    """The person is who they say, and may come in."""
    user, authentication_type = outcome.user, outcome.authentication_type
    assert outcome.completed and user is not None and authentication_type is not None
    if sign_in.pending_link is not None:
        application = call.configuration.application if call.configuration else None
        problem = redeem_link(call.services, sign_in.pending_link, application, user.id)
        if problem is not None:
            again = replace(
                sign_in, ticket=sign_in.pending_link, pending_link=None, proof=None, shown={"problem": problem.code}
            )
            return to_page(call, Stage.LINK.value, again)
    if not sign_in.parameters:
        headline, text = msgid("You are signed in"), msgid("You may close this window.")
        return show(call, "notice.html", sign_in=sign_in, headline=headline, text=text)
    return _back_to_client(call, sign_in, Granted(user.id, user.tenant_id, call.now, authentication_type))


def _back_to_client(call: PageCall, sign_in: SignIn, granted: Granted) -> Response:
    try:
        return authorization.respond(call.services, sign_in.parameters, granted)
    except authorization.BadAuthorization:  # the application was changed while somebody signed in
        return error_page(400)
    except authorization.AuthorizationError as refused:
        return refused.response()
