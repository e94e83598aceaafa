"""The browsable page of the API at /docs: the OpenAPI document as one static page, made here, with nothing to fetch.

Everybody may read it, as everybody may read the document. docs/decisions/0005-api-page.md says why it is our own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, render_template
from flask_smorest import Api

from identity.http.docs.reading import read_operations, read_schemas


def docs_page(api: Api) -> Blueprint:
    """The page for the document of this API, made when it is asked for first: all routes are registered by then."""
    blueprint = Blueprint("docs", __name__, template_folder="templates")

    @cache
    def page() -> tuple[str, str]:
        document = api.spec.to_dict()
        style = (files(__name__) / "templates" / "api.css").read_text(encoding="utf-8")
        html = render_template(
            "api.html",
            style=style,
            info=document["info"],
            groups=read_operations(document),
            schemas=read_schemas(document),
        )
        return html, _policy(style)

    @blueprint.get("/docs")
    def show() -> Response:
        html, policy = page()
        response = Response(html, content_type="text/html; charset=UTF-8")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return blueprint


def _policy(style: str) -> str:
    """Nothing may be loaded, run, framed or sent: only this very style sheet counts."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    rules = ("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'", "form-action 'none'")
    return "; ".join((*rules, "frame-ancestors 'none'"))
