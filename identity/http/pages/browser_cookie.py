"""The cookie that names a browser: what a sign-in is bound to. It grants nothing by itself."""

from __future__ import annotations

from flask import Request, Response

from identity.flows.services import Services

NAME = "identity.browser"
LEAST, MOST = 32, 64
"""Characters of a secret that this service may have made."""


def cookie_name(name: str, *, secure: bool) -> str:
    """Under https a browser takes such a name from this very host only (security section 11)."""
    return f"__Host-{name}" if secure else name


def browser_of(request: Request, *, secure: bool) -> str | None:
    """The secret of the browser; None when it has none yet, or one that is none of ours."""
    given = request.cookies.get(cookie_name(NAME, secure=secure), "")
    return given if LEAST <= len(given) <= MOST and given.isascii() else None


def name_browser(response: Response, services: Services, browser: str) -> None:
    """Until the browser is closed."""
    secure = services.settings.secure_cookies
    name = cookie_name(NAME, secure=secure)
    response.set_cookie(name, browser, path="/", secure=secure, httponly=True, samesite="Lax")
