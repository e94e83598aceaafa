"""response_mode form_post: a page that sends itself to the client, or by its button where no script runs.

It is the only page of this service with a script. Source: OAuth 2.0 Form Post Response Mode; security section 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from identity.http.pages.document import page


def form_post(redirect_uri: str, members: Mapping[str, Any], *, secure: bool) -> Response:
    """`redirect_uri` is http or https."""
    response = page(
        "form_post.html",
        secure=secure,
        form_to=(redirect_uri,),
        scripted=True,
        locale=members.get("locale"),
        action=redirect_uri,
        members=members,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
