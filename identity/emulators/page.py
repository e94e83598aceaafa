"""The pages of an emulator of a provider: their look, their headers, and what an overview shows of every one."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Response, make_response, render_template

from identity.emulators.state import current

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
"""No form-action: browsers apply it to the redirect after a form as well, and that goes to the application."""

LISTED = 100
"""How many of each kind a page shows."""


def page(template: str, status: int = 200, /, **values: object) -> Response:
    """A page of this emulator's templates, or of those that all share."""
    response = make_response(render_template(template, style=STYLE, **values), status)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def overview_page(**values: object) -> Response:
    """Everything at a glance: people, faults and calls, and what this emulator has besides."""
    state = current()
    return page(
        "overview.html",
        people=state.people.first(LISTED),
        people_count=len(state.people),
        settings=state.settings,
        faults=state.faults.all()[:LISTED],
        calls=state.calls.newest(LISTED),
        moment=_moment,
        **values,
    )


def with_query(url: str, members: dict[str, str]) -> str:
    """The URL with more in its query."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(members))))
    return urlunsplit(parts._replace(query=query))


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
