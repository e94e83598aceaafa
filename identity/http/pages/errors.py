"""What a hosted page shows when something goes wrong: what happened, and what to do; never a cause."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from identity.flows.hosted.carried import NotThisBrowser
from identity.http.pages.document import page


def register_page_errors(blueprint: Blueprint) -> None:
    """Pages instead of JSON for the exceptions of this blueprint's views."""
    blueprint.register_error_handler(NotThisBrowser, _not_this_browser)


def _not_this_browser(_: NotThisBrowser) -> Response:
    return page(
        "notice.html",
        403,
        secure=current_app.extensions["identity"].settings.secure_cookies,
        headline="This page is no longer valid",
        text="It was opened in another browser, or is too old. Go back to the application and begin again.",
    )
