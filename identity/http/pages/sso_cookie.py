"""The cookie of a browser that stays signed in. Its value is only ever one of our own making."""

from __future__ import annotations

from flask import Request, Response

from identity.flows.hosted.sso_session import SsoSession
from identity.flows.services import Services
from identity.http.pages.browser_cookie import cookie_name

NAME = "fusionauth.sso"


def session_of(request: Request, services: Services) -> str | None:
    """What the browser brings; whether it is worth anything is for the flow to say."""
    return request.cookies.get(cookie_name(NAME, secure=services.settings.secure_cookies)) or None


def keep_session(response: Response, services: Services, session: SsoSession) -> None:
    """For as long as the session lives, if nobody uses it."""
    secure = services.settings.secure_cookies
    response.set_cookie(
        cookie_name(NAME, secure=secure),
        session.token,
        max_age=session.seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def forget_session(response: Response, services: Services) -> None:
    secure = services.settings.secure_cookies
    response.delete_cookie(cookie_name(NAME, secure=secure), path="/", secure=secure, httponly=True, samesite="Lax")
