"""The end of a sign-in: the pending link is redeemed, and a page says that the person is signed in."""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.outcome import LoginOutcome
from identity.domain.sign_in import SignIn, Stage
from identity.flows.hosted.redeem_link import redeem_link
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall, show, to_page


def finish(call: PageCall, outcome: LoginOutcome, sign_in: SignIn) -> Response:
    """The person is who they say, and may come in."""
    assert outcome.completed and outcome.user is not None
    if sign_in.pending_link is not None:
        application = call.configuration.application if call.configuration else None
        problem = redeem_link(call.services, sign_in.pending_link, application, outcome.user.id)
        if problem is not None:
            again = replace(
                sign_in, ticket=sign_in.pending_link, pending_link=None, proof=None, shown={"problem": problem.code}
            )
            return to_page(call, Stage.LINK.value, again)
    headline, text = msgid("You are signed in"), msgid("You may close this window.")
    return show(call, "notice.html", sign_in=sign_in, headline=headline, text=text)
