"""CORS for every route: a preflight is answered here, a call of another origin's page is let through or refused.

Source: login contract 1.5. A request without `Origin`, or of the server's own origin, never gets here.
"""

from __future__ import annotations

import logging
import re

from flask import Flask, Request, Response, current_app, g, request

from identity.domain.cors import CrossOriginCall, Refusal, judge_call, normal_origin
from identity.flows.services import Services
from identity.store import event_log
from identity.store.db import StoreUnavailable

PUBLIC = re.compile(r"(/[^/]+)?/\.well-known/[^/]+")
"""Open to every page, with headers of their own (security section 11)."""
LONGEST_QUOTE = 200
log = logging.getLogger("identity.http")


def guard_origins(app: Flask) -> None:
    app.before_request(_look_at_origin)
    app.after_request(_tell_browser)


def _look_at_origin() -> Response | None:
    origin = request.headers.get("Origin")
    if origin is None or PUBLIC.fullmatch(request.path):
        return None
    services: Services = current_app.extensions["identity"]
    if _is_own(services, request, origin):
        return None
    cors = services.system.current().cors
    call = CrossOriginCall(
        origin,
        request.method,
        request.path,
        request.headers.get("Access-Control-Request-Method"),
        request.headers.get("Access-Control-Request-Headers", ""),
    )
    judged = judge_call(cors, call)
    if isinstance(judged, Refusal):
        if cors.debug:
            _note(services, call, judged)
        return Response(b"", 403, content_type="text/plain")
    g.cors = judged
    if not call.is_preflight:
        return None
    response = Response(b"", 204)
    del response.headers["Content-Type"]
    return response


def _tell_browser(response: Response) -> Response:
    if "cors" in g:
        response.headers.update(g.cors)
    return response


def _is_own(services: Services, asked: Request, origin: str) -> bool:
    """The public URL's origin, or the one that this very request was sent to."""
    scheme = asked.headers.get("X-Forwarded-Proto", asked.scheme).partition(",")[0].strip()
    named = normal_origin(origin)
    return named is not None and named in (
        normal_origin(services.settings.base_url),
        normal_origin(f"{scheme}://{asked.host}"),
    )


def _note(services: Services, call: CrossOriginCall, refusal: Refusal) -> None:
    """For whoever sets CORS up. It must not fail the call, which is refused in any case."""
    asked = f"{call.requested_method or call.method} {call.path}"[:LONGEST_QUOTE]
    message = f"CORS refused {asked!r} from the origin {call.origin[:LONGEST_QUOTE]!r}: {refusal.reason}."
    try:
        with services.db.read() as conn:
            event_log.add(conn, services.runtime.now(), "Debug", message)
    except StoreUnavailable:
        log.warning("%s", message)
