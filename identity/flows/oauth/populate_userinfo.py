"""The application's lambda for userinfo: it may add and change what is told of a user, but not of whom.

Source: supporting contract 10 (UserInfoPopulate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from identity.domain.bounds import data_problem
from identity.domain.lambdas import Lambda
from identity.domain.oauth_errors import OAuthError, OAuthRefused
from identity.domain.trace import Trace
from identity.flows.login.lambda_view import shown, shown_user
from identity.flows.login.login_attempt import Person
from identity.flows.login.login_log import LoginLog
from identity.flows.oauth.clients import Client
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.store import lambdas

FUNCTION = "populate"
OURS = ("sub", "tid")
"""Whom the answer is about."""


def populated(
    services: Services, client: Client, told: dict[str, Any], person: Person, claims: Mapping[str, Any]
) -> dict[str, Any]:
    """What the lambda leaves; `told` itself where the application names none. Raises OAuthRefused (server_error)."""
    settings = client.configuration.application.settings
    chosen = (settings.get("lambda_configuration") or {}).get("userinfo_populate_id")
    if not chosen:
        return told
    with services.db.read() as conn:
        source = lambdas.find(conn, UUID(str(chosen)))
    return told if source is None else _called(services, client, source, told, person, claims)


def _called(
    services: Services, client: Client, source: Lambda, told: dict[str, Any], person: Person, claims: Mapping[str, Any]
) -> dict[str, Any]:
    registration = person.registration_for(client.id)
    arguments = [
        told,
        shown_user(person.user, person.registrations),
        shown(asdict(registration)) if registration else {},
        dict(claims),
    ]
    log = LoginLog(Trace(services.runtime.now))
    try:
        result = services.lambdas.call(source.body, FUNCTION, arguments, mutable=1)
        left = result.arguments[0]
        if not isinstance(left, dict) or data_problem(left) is not None:
            raise LambdaFailed("output", "The lambda left something that is no object to be told.", result.logs)
        log.lambda_said(source, [(line.level, line.text) for line in result.logs])
    except LambdaFailed as failure:
        log.lambda_said(source, [(line.level, line.text) for line in failure.logs])
        log.lambda_failed(source, failure.kind, failure.message)
        raise OAuthRefused(
            OAuthError.SERVER_ERROR, "lambda_failed", "A lambda failed; the event log says why."
        ) from failure
    finally:
        log.write(services)
    return left | {name: told[name] for name in OURS}
