"""The sign-in that waits in this browser for a mail, for the page that the mail's link leads to: it offers to go on.

What the cookie holds is sealed for the browser as every carried sign-in is, so nobody else can plant one.
"""

from __future__ import annotations

from flask import Response

from identity.domain.sign_in import SignIn
from identity.flows.hosted.carried import NotThisBrowser, open_sealed, seal
from identity.flows.login.proved_login import LIVES_MILLISECONDS
from identity.http.pages.hosted import PageCall

NAME = "identity.waiting"
LONGEST = 3_500
"""Characters: browsers keep no cookie beyond 4,096. A longer sign-in is gone on with on its own page."""


def keep_waiting(call: PageCall, response: Response, what: str) -> None:
    """For as long as the proof of the login lives, and for the pages of this step alone."""
    sealed = seal(call.services, call.sign_in, call.browser)
    if len(sealed) > LONGEST:
        return
    secure, seconds = call.services.settings.secure_cookies, LIVES_MILLISECONDS // 1000
    response.set_cookie(NAME, sealed, max_age=seconds, path=f"/{what}", secure=secure, httponly=True, samesite="Lax")


def waiting_sign_in(call: PageCall) -> SignIn | None:
    try:
        return open_sealed(call.services, call.request.cookies.get(NAME, ""), call.browser)
    except NotThisBrowser:
        return None
