"""Routes of the Rocket.Chat door: what comes before a view. The door is open, the address has calls left, the caller is
signed in, and where a route asks for it, has proved a second factor.

Every module of this front end makes its blueprint with `door_blueprint` and its routes with `rocket_route`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from flask import Blueprint, Request, Response, current_app, g
from flask.globals import request_ctx

from identity.domain.outcome import Door
from identity.domain.trace import Trace
from identity.flows.login import rate_limits
from identity.flows.rocketchat.door import bound_application
from identity.flows.rocketchat.tokens import ChatSession, find_session
from identity.flows.services import Services
from identity.http.client_address import deciding_address
from identity.http.rocketchat.answers import not_signed_in, too_many
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.errors import register_errors
from identity.http.rocketchat.second_factor import missing_proof
from identity.http.tracing import traced
from identity.store.db import StoreUnavailable

TOKEN_HEADER, USER_HEADER = "X-Auth-Token", "X-User-Id"


View = Callable[..., Response]
"""Takes the call, and what the path names."""


def door_blueprint(name: str) -> Blueprint:
    """A blueprint whose failures have this front end's shape."""
    blueprint = Blueprint(f"rocketchat_{name}", __name__)
    register_errors(blueprint)
    blueprint.after_request(_tell_limit)
    return blueprint


def rocket_route(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    signed_in: bool = True,
    two_factor: bool = False,
    limited: bool = True,
    door: Door | None = None,
) -> Callable[[View], View]:
    """Serve `method` on `path`. `two_factor`: the caller must prove one; `door`: each call leaves a login trace."""

    def register(view: View) -> View:
        def serve(**arguments: str) -> Response:
            services: Services = current_app.extensions["identity"]
            # The request itself instead of Flask's proxy, which looks it up again at every access.
            request = request_ctx.request
            if not signed_in and door is None:
                services.configurations.forget_unless_current()  # no session and no login proves the copy here
            configuration = bound_application(services)
            if limited and (refused := _refused_by_limit(services, request, f"{method} {path}")) is not None:
                return refused
            with _traced(services, door) as trace:
                call = ChatCall(services, request, configuration, None, trace)
                if signed_in:
                    call.session = session_of(services, request)
                    if call.session is None:
                        return not_signed_in()
                if two_factor and (refused := missing_proof(call)) is not None:
                    return refused
                return view(call, **arguments)

        blueprint.add_url_rule(
            path,
            endpoint=f"{method.lower()}_{view.__name__}",
            view_func=serve,
            methods=[method],
            provide_automatic_options=False,
        )
        return view

    return register


def session_of(services: Services, request: Request) -> ChatSession | None:
    """Whoever the two headers name together. Raises NotFound: the door was closed meanwhile."""
    token, user = request.headers.get(TOKEN_HEADER), request.headers.get(USER_HEADER)
    return find_session(services, token, user) if token and user else None


def _traced(services: Services, door: Door | None) -> AbstractContextManager[Trace]:
    return nullcontext(Trace(services.runtime.now)) if door is None else traced(services.runtime, door)


def _refused_by_limit(services: Services, request: Request, route: str) -> Response | None:
    """429 when this address has called this route too often in this window; the window shows in the headers."""
    limit = rate_limits.call_limit(services, deciding_address(request, services.settings.proxies), route)
    if limit is None:
        return None
    try:
        window = rate_limits.take(services, limit)
    except StoreUnavailable:
        if request.method != "GET":
            raise
        return None  # what only reads is answered while the database takes no writes (decision 22)
    g.rocketchat_window = (limit.uses, window.left, window.ends)
    if window.taken:
        return None
    return too_many(max(-(-(window.ends - services.runtime.now()) // 1000), 1))


def _tell_limit(response: Response) -> Response:
    if "rocketchat_window" in g:
        for name, value in zip(("Limit", "Remaining", "Reset"), g.rocketchat_window, strict=True):
            response.headers[f"X-RateLimit-{name}"] = str(value)
    return response
