"""GET /api/prometheus/metrics: for scrapers, with a key or Basic authentication. Source: supporting contract 20."""

from __future__ import annotations

import base64
import binascii

from flask import Request, Response, current_app

from identity.domain.errors import Unauthorized
from identity.http import api_key
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.store import outbox

PATH = "/api/prometheus/metrics"
TYPE = "text/plain; version=0.0.4; charset=utf-8"
USER = "apikey"
routes = Routes("Metrics", "Numbers for Prometheus.")


@routes.get(PATH, endpoint=PATH, scope=Scope.OWN, gives="text/plain")
def retrieve_metrics(call: Call) -> Response:
    """Numbers of all workers in Prometheus' text format. The key may be the password of the user `apikey` too."""
    with call.services.db.read() as conn:
        caller = api_key.find_caller_by_text(conn, _key(call.request), call.now)
        if caller is None or not caller.may(PATH, "GET") or caller.tenant_id is not None:
            raise Unauthorized
        depths = outbox.depths(conn)
    return Response(current_app.extensions["identity.metrics"].text(depths), content_type=TYPE)


def _key(request: Request) -> str:
    """The text of the key: as it is, or as Basic authentication wraps it."""
    given = request.headers.get("Authorization", "")
    scheme, _, rest = given.partition(" ")
    if scheme.lower() != "basic":
        return given
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if user == USER else ""
