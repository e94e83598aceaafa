"""Logins by a token that the client has got from a provider itself: what such a body says, by service.

The tables are here since providers know nothing of Rocket.Chat: each names the members of a body that say which app of
the provider the token is for, and those that are the token. Source: Rocket.Chat contract 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from identity.domain.errors import Problem
from identity.domain.link_notes import LinkNotes
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_forms import ServiceForm
from identity.flows.login.login_attempt import Visit
from identity.flows.rocketchat.service_login import (
    NotConfigured,
    NotOffered,
    ServiceLogin,
    find_service,
    log_in_by_service,
)
from identity.http.rocketchat.call import ChatCall

MILLISECONDS = 1000
LONGEST_LIFE = 2**31 - 1
"""Seconds; an integer is one of 32 bits to the clients' own server."""

LONGEST_NAME = 100
RULE = "rocket 6"
UNAUTHORIZED, NOT_VOUCHED_FOR = "Unauthorized", "error-oauth-identity"
KINDS = {bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Service:
    """One value of `serviceName`."""

    wire_type: str | None
    """The type of the provider; None where this service has none."""

    title: str
    """What errors call it."""

    app: Mapping[str, str] = field(default_factory=dict)
    """The members that name the provider's app, and the provider's settings that they must be equal to."""

    token: Mapping[str, str] = field(default_factory=dict)
    """The members that are the token, and those of a Complete-Login's `data`."""

    profile: tuple[str, ...] = ()
    """What the link keeps of the provider's answer."""


SERVICES: Mapping[str, Service] = {
    "twitter": Service(
        "Twitter",
        "Twitter",
        app={"appId": "consumer_key", "appSecret": "consumer_secret"},
        token={"accessToken": "oauth_token", "accessTokenSecret": "oauth_token_secret"},
        profile=("name", "description", "profile_image_url", "profile_image_url_https", "lang", "email"),
    ),
    "facebook": Service(
        "Facebook",
        "Facebook",
        app={"secret": "client_secret"},
        token={"accessToken": "token"},
        profile=("email", "name", "first_name", "last_name"),
    ),
    "google": Service(None, "Google"),
}


class BadServiceLogin(Exception):
    """The body is refused as it is; the message is the answer's, and never quotes a secret."""


def service_outcome(call: ChatCall, form: ServiceForm, visit: Visit) -> LoginOutcome:
    """How the login ends. The problem of a refusal that has words of its own at this door holds them."""
    try:
        service = named_service(form.members)
        provider_id = find_service(call.services, service.wire_type, call.configuration)
        login = read(service, form.members, call.now)
    except BadServiceLogin as why:
        return _refused(call, str(why))
    except NotConfigured:
        return _refused(call, "Service not configured")
    except NotOffered:
        return _refused(call, f"No registered oauth service found for: {form.members['serviceName']}")
    outcome = log_in_by_service(call.services, call.configuration, provider_id, login, visit, call.trace)
    if not outcome.provider_refused:
        return outcome
    problem = Problem(NOT_VOUCHED_FOR, f"Failed to fetch identity from {service.title}.")
    return replace(outcome, problem=problem)


def _refused(call: ChatCall, message: str) -> LoginOutcome:
    call.trace.add(f"Refused: {message}", RULE)
    return LoginOutcome(Verdict.REFUSED, problem=Problem(UNAUTHORIZED, message))


def named_service(body: Mapping[str, Any]) -> Service:
    """Raises BadServiceLogin."""
    name = _text(body, "serviceName")
    service = SERVICES.get(name)
    if service is None:
        raise BadServiceLogin(f"Unexpected AccessToken service {name[:LONGEST_NAME]}")
    return service


def read(service: Service, body: Mapping[str, Any], now: int) -> ServiceLogin:
    """Raises BadServiceLogin."""
    app = {setting: _filled(body, member) for member, setting in service.app.items()}
    data = {name: _filled(body, member) for member, name in service.token.items()}
    expires = now + MILLISECONDS * _seconds(body, "expiresIn")
    return ServiceLogin(app, data, LinkNotes({"expiresAt": expires}, service.profile))


def _text(body: Mapping[str, Any], member: str) -> str:
    if member not in body:
        raise BadServiceLogin(f"Match error: Missing key '{member}'")
    value = body[member]
    if not isinstance(value, str):
        raise BadServiceLogin(f"Match error: Expected string, got {KINDS[type(value)]} in field {member}")
    return value


def _filled(body: Mapping[str, Any], member: str) -> str:
    value = _text(body, member)
    if not value.strip():
        raise BadServiceLogin(f"Match error: Expected string, got an empty one in field {member}")
    return value


def _seconds(body: Mapping[str, Any], member: str) -> int:
    """An integer that is not negative, or its digits as text: forms have no numbers."""
    if member not in body:
        raise BadServiceLogin(f"Match error: Missing key '{member}'")
    value = body[member]
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():  # JSON knows one kind of number
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_LIFE:
        raise BadServiceLogin(f"Match error: Expected Integer in field {member}")
    return value
