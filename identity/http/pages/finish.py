"""The end of a sign-in: the link that waited for its user is made, and the browser goes back to the client."""

from __future__ import annotations

from itertools import chain

from flask import Response

from identity.domain.errors import Invalid
from identity.domain.outcome import LoginOutcome
from identity.domain.sign_in import SignIn
from identity.flows.login.link_user import complete_pending_link
from identity.http.oauth import authorization
from identity.http.oauth.authorization import Granted
from identity.http.pages.catalogue import msgid
from identity.http.pages.errors import error_page
from identity.http.pages.hosted import PageCall, show

NOT_LINKED = msgid("The accounts could not be linked")
TOO_OLD = msgid("It took too long, or it was done already. Please begin again.")
TOO_MANY = msgid("Your account has as many links as are allowed here. Please sign in without linking.")
TAKEN = msgid("The other account belongs to somebody else here already. Please sign in without linking.")
WORDS_OF_CODE = {
    "[LinkCountExceeded]": TOO_MANY,
    "[duplicate]identityProviderLink.identityProviderUserId": TAKEN,
}


def finish(call: PageCall, outcome: LoginOutcome, sign_in: SignIn) -> Response:
    """The person is who they say, and may come in. Raises StoreUnavailable, WebhooksRefused."""
    user, authentication_type = outcome.user, outcome.authentication_type
    assert outcome.completed and user is not None and authentication_type is not None
    if sign_in.pending_link is not None:
        try:
            complete_pending_link(call.services, sign_in.pending_link, user.id, user.tenant_id, call.now)
        except Invalid as invalid:
            return _not_linked(invalid)
    if not sign_in.parameters:
        headline, text = msgid("You are signed in"), msgid("You may close this window.")
        return show(call, "notice.html", sign_in=sign_in, headline=headline, text=text)
    granted = Granted(user.id, user.tenant_id, call.now, authentication_type)
    try:
        return authorization.respond(call.services, sign_in.parameters, granted)
    except authorization.BadAuthorization:  # the application changed while somebody signed in
        return error_page(400)
    except authorization.AuthorizationError as refused:
        return refused.response()


def _not_linked(invalid: Invalid) -> Response:
    """Nobody is signed in: whoever wanted a link should know that there is none."""
    problems = chain(*invalid.field_errors.values(), invalid.general_errors)
    words = [WORDS_OF_CODE[problem.code] for problem in problems if problem.code in WORDS_OF_CODE]
    return error_page(400, NOT_LINKED, *words[:1] or [TOO_OLD])
