"""Sends a browser back to the client with what the protocol answers it: by redirect, or by a form that sends itself.

The page of that form is the only one of this service with a script; without script it has a button. Source: OAuth 2.0
Form Post Response Mode; security section 11.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Response

from identity.domain.oauth import FORM_POST, FRAGMENT
from identity.flows.services import Services
from identity.http.oauth.authorization import Answer, AuthorizationError, BadAuthorization
from identity.http.pages.document import page
from identity.http.pages.errors import no_way_to_the_client


def answered(services: Services, ask: Callable[[], Answer]) -> Response:
    """Send what is asked for; an error page when the client has changed meanwhile and can be told nothing."""
    try:
        return to_client(services, ask())
    except BadAuthorization as bad:
        return no_way_to_the_client(str(bad))
    except AuthorizationError as refused:
        return to_client(services, refused.answer)


def to_client(services: Services, answer: Answer) -> Response:
    secure = services.settings.secure_cookies
    response = _form(answer, secure=secure) if answer.mode == FORM_POST else _redirect(answer)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _redirect(answer: Answer) -> Response:
    """The URI stays byte for byte what was registered; it has no fragment."""
    joint = "#" if answer.mode == FRAGMENT else "&" if "?" in answer.redirect_uri else "?"
    location = f"{answer.redirect_uri}{joint}{urlencode(answer.members)}"
    response = Response(headers={"Location": location}, status=303)
    response.autocorrect_location_header = False
    return response


def _form(answer: Answer, *, secure: bool) -> Response:
    """The redirect URI of such an answer is http or https."""
    return page(
        "form_post.html",
        secure=secure,
        form_to=(answer.redirect_uri,),
        scripted=True,
        locale=answer.members.get("locale"),
        action=answer.redirect_uri,
        members=answer.members,
    )
