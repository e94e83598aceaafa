"""Row 20 (and 14) of login contract 3.5: the reconcile lambda's turn on the user and the registration.

The lambda sees wire-form JSON and runs outside the process, with no transaction open. It runs once per login: after a
new beginning its results are carried over to the user that was found then (D20).
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any
from uuid import UUID

from identity.domain.contact import is_email
from identity.domain.errors import invalid_fields
from identity.domain.model import Claims, Lambda, Registration, User
from identity.domain.reconcile import (
    REGISTRATION_SETTABLE,
    USER_SETTABLE,
    USER_SETTABLE_WHEN_NEW,
    Checks,
    Settled,
    settled_registration,
    settled_user,
)
from identity.flows.login_attempt import Attempt, Context, Person
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.wire import camel_case

FUNCTION = "reconcile"
LOGIN_NAMES = ("email", "username")
UNSEEN = frozenset({"tokens", "authentication_token"})
"""Members of a registration that no lambda gets to see."""


def run_reconcile(services: Services, attempt: Attempt, context: Context, claims: Claims, person: Person) -> Person:
    """The person as the lambda leaves them. Raises LambdaFailed (512), Invalid (400: values that do not fit)."""
    source = context.provider.reconcile
    if source is None:
        return person
    registration = person.registration_for(context.application_id)
    shown = registration or new_registration(services, context, person.user)
    if attempt.lambda_result is None:
        attempt.lambda_result = _call(services, attempt, source, person.user, shown, claims)
    user_after, registration_after = attempt.lambda_result
    checks = Checks(known_zone=lambda name: name in _zones(), valid_email=is_email)
    settled = settled_user(asdict(person.user), user_after, new=not person.stored, checks=checks)
    roles = {role.name for role in context.application.application.roles}
    settled_too = settled_registration(asdict(shown), registration_after, role_names=roles, checks=checks)
    _refuse(attempt, source, settled, settled_too)
    if settled_too.dropped_roles:
        attempt.log.lambda_dropped_roles(source, settled_too.dropped_roles)
    return replace(
        person,
        user=_user(services, person, settled),
        registrations=_registrations(context, person, registration, shown, settled_too),
    )


def new_registration(services: Services, context: Context, user: User) -> Registration:
    """What the login would create: the application's default roles, verified by the provider."""
    now = services.runtime.now()
    return Registration(
        tenant_id=user.tenant_id,
        user_id=user.id,
        application_id=context.application_id,
        id=services.runtime.new_id(),
        username=None,
        roles=context.application.application.default_roles,
        timezone=None,
        preferred_languages=[],
        authentication_token=None,
        tokens={},
        clean_speak_id=None,
        verified=True,
        verified_instant=now,
        data={},
        last_login_instant=None,
        insert_instant=now,
        last_update_instant=now,
    )


def _call(
    services: Services, attempt: Attempt, source: Lambda, user: User, registration: Registration, claims: Claims
) -> tuple[dict[str, Any], dict[str, Any]]:
    attempt.trace.add(f"The lambda [{source.name}] ({source.id}) runs.")
    arguments = [_shown(asdict(user)), _shown(asdict(registration)), dict(claims.raw)]
    try:
        result = services.lambdas.call(source.body, FUNCTION, arguments, mutable=2)
    except LambdaFailed as failure:
        attempt.log.lambda_said(source, [(line.level, line.text) for line in failure.logs])
        attempt.log.lambda_failed(source, failure.kind, failure.message)
        raise
    attempt.log.lambda_said(source, [(line.level, line.text) for line in result.logs])
    return (
        _taken(result.arguments[0], USER_SETTABLE + USER_SETTABLE_WHEN_NEW),
        _taken(result.arguments[1], REGISTRATION_SETTABLE),
    )


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """The wire form of a value object: camelCase, ids as text, nothing that is absent."""
    return {
        camel_case(name): str(value) if isinstance(value, UUID) else value
        for name, value in values.items()
        if value is not None and name not in UNSEEN
    }


def _taken(answer: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What the lambda left under the names it may set, in our spelling."""
    members = answer if isinstance(answer, dict) else {}
    return {name: members[camel_case(name)] for name in names if camel_case(name) in members}


def _refuse(attempt: Attempt, source: Lambda, *settled: Settled) -> None:
    refused = [
        (".".join(camel_case(part) for part in path.split(".")), reason)
        for result in settled
        for path, reason in result.refused
    ]
    if refused:
        attempt.log.lambda_set_invalid(source, [path for path, _ in refused])
        raise invalid_fields(refused)


def _user(services: Services, person: Person, settled: Settled) -> User:
    names = USER_SETTABLE if person.stored else USER_SETTABLE + LOGIN_NAMES
    absent: dict[str, Any] = {"data": {}, "preferred_languages": []}
    values: dict[str, Any] = {name: settled.values.get(name, absent.get(name)) for name in names}
    changed = replace(person.user, **values)
    if changed == person.user:
        return person.user
    return replace(changed, last_update_instant=services.runtime.now())


def _registrations(
    context: Context, person: Person, stored: Registration | None, shown: Registration, settled: Settled
) -> tuple[Registration, ...]:
    """Every registration, with the one for this application as the lambda left it; a scratch one is dropped (D22)."""
    if stored is None and not context.provider.override.create_registration:
        return person.registrations
    absent: dict[str, Any] = {"data": {}, "preferred_languages": [], "roles": []}
    values: dict[str, Any] = {name: settled.values.get(name, absent.get(name)) for name in REGISTRATION_SETTABLE}
    changed = replace(shown, **values)
    others = tuple(item for item in person.registrations if item.application_id != context.application_id)
    return tuple(sorted((*others, changed), key=lambda item: str(item.application_id)))


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
