"""Row 6 of Complete-Login: a login that this service began is taken up with its code (login contract 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity.domain.errors import invalid_fields
from identity.flows.login.login_attempt import Attempt, Context, LoginRequest
from identity.flows.services import Services
from identity.providers import PROVIDERS, STARTERS, started_code
from identity.store import started_logins
from identity.store.started_logins import StartedLogin
from identity.upstream import StartsLogins

EXPIRED = "ExternalAuthenticationExpired"
MISMATCH = "OAuthv1TokenMismatch"


class CannotResume(Exception):
    """401: `code` is the general error code without brackets."""

    def __init__(self, code: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = dict(data or {})


def is_still_out(services: Services, attempt: Attempt, context: Context) -> bool:
    """Whether the browser has not come back yet. If it has, the code is used up and the request has the whole `data`.

    A login that did not begin here is none of its business. Raises CannotResume, Invalid.
    """
    request = attempt.request
    implementation = PROVIDERS[context.provider.config.type]
    code = started_code(implementation, request.data)
    if code is None:
        return False
    now = services.runtime.now()
    with services.db.read() as conn:
        login = started_logins.find(conn, services.sealer, code, now)
        if login is None and implementation.has_codes:  # then it is the provider's own, and not all of it is there
            raise invalid_fields([(f"data.{name}", "blank") for name in implementation.missing(request.data)])
        if login is None or not _belongs(login, context):
            raise _expired()
        brought = _brought_by(STARTERS[implementation.wire_type], request, login)
        if brought is None:
            answer = started_logins.answer_of(conn, services.sealer, login, now)
            if answer is None:
                raise _expired()
            if not answer.is_there:
                return True
            brought = answer.brought
        if not started_logins.take(conn, code, login, now):
            raise _expired()
    if brought is None:
        raise CannotResume(EXPIRED, "The person refused at the provider.", {"reason": "denied"})
    visit = replace(request.visit, state=login.state)
    attempt.request = replace(request, data={**login.kept, **brought}, visit=visit)
    attempt.trace.add("The login that began here goes on with what the browser brought back.")
    return False


def _belongs(login: StartedLogin, context: Context) -> bool:
    began_for = (login.tenant_id, login.application_id, login.provider_id)
    return began_for == (context.tenant_id, context.application_id, context.provider_id)


def _brought_by(starter: StartsLogins, request: LoginRequest, login: StartedLogin) -> Mapping[str, str] | None:
    """What the caller itself hands over of what the browser brings; it must belong to this login."""
    brought = {name: request.data[name] for name in starter.brings if request.data.get(name, "").strip()}
    if not brought or len(brought) < len(starter.brings):
        return None
    if any(login.kept.get(name, value) != value for name, value in brought.items()):
        raise CannotResume(MISMATCH, "What the browser brought belongs to another login.")
    return brought


def _expired() -> CannotResume:
    return CannotResume(EXPIRED, "The login has expired, is unknown, or was taken up already.")
