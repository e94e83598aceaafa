"""A page and its headers: nothing is loaded, run or framed; forms go where the page says (security section 11)."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from flask import Response, render_template

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"


def page(
    template: str, status: int = 200, *, secure: bool, form_to: tuple[str, ...] | None = None, **values: object
) -> Response:
    """The page; `form_to` are URLs elsewhere that its form may end up at. None: it has no form."""
    html = render_template(f"pages/{template}", style=_style(), **values)
    return guarded(Response(html, status, content_type="text/html; charset=UTF-8"), secure=secure, form_to=form_to)


def guarded(response: Response, *, secure: bool, form_to: tuple[str, ...] | None = None) -> Response:
    """The response with the headers of a page. `secure`: the public URL is https."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    if form_to is not None:
        response.headers["Referrer-Policy"] = "same-origin"  # else the form would come with the origin "null"
    response.headers["Content-Security-Policy"] = _policy(form_to)
    if secure:
        response.headers["Strict-Transport-Security"] = HSTS
    return response


def _policy(form_to: tuple[str, ...] | None) -> str:
    targets = "'none'" if form_to is None else " ".join(("'self'", *map(_source, form_to)))
    digest = base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")
    rules = ("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'", f"form-action {targets}")
    return "; ".join((*rules, "frame-ancestors 'none'"))


def _source(url: str) -> str:
    """A URL as a policy names it: its origin, or its scheme where it has none, as an app's own has."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


@cache
def _style() -> str:
    return (files(__name__.rpartition(".")[0]) / "templates" / "pages" / "page.css").read_text(encoding="utf-8")
