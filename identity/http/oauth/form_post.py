"""response_mode form_post: a document that sends itself to the client, or by its button where no script runs.

It is the only document of this service with a script. Source: OAuth 2.0 Form Post Response Mode; security section 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from markupsafe import Markup

from identity.domain.policy_source import source_of

DOCUMENT = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>One moment</title>
</head>
<body>
<main>
<h1>One moment</h1>
<form method="post" action="{action}">
{fields}
<button type="submit">Go on</button>
</form>
</main>
<script nonce="{nonce}">document.forms[0].submit()</script>
</body>
</html>
"""
)
FIELD = Markup('<input type="hidden" name="{name}" value="{value}">')
HEADERS = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def form_post(redirect_uri: str, members: Mapping[str, Any], nonce: str, *, secure: bool) -> Response:
    """`nonce` is a fresh random text; `redirect_uri` is http or https."""
    fields = Markup("\n").join(FIELD.format(name=name, value=str(value)) for name, value in members.items())
    html = DOCUMENT.format(action=redirect_uri, fields=fields, nonce=nonce)
    response = Response(html, content_type="text/html; charset=UTF-8")
    response.headers.update(HEADERS)
    target = source_of(redirect_uri) or "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action {target}; frame-ancestors 'none'"
    )
    if secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
