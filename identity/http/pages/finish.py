"""The end of a sign-in that no client began: a page that says so."""

from __future__ import annotations

from flask import Response

from identity.domain.outcome import LoginOutcome
from identity.domain.sign_in import SignIn
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall, show


def finish(call: PageCall, outcome: LoginOutcome, sign_in: SignIn) -> Response:
    """The person is who they say, and may come in."""
    assert outcome.completed and outcome.user is not None
    headline, text = msgid("You are signed in"), msgid("You may close this window.")
    return show(call, "notice.html", sign_in=sign_in, headline=headline, text=text)
