"""Row 20 (and 14) of login contract 3.5: the reconcile lambda's turn on the user and the registration.

The lambda sees wire-form JSON and runs outside the process, with no transaction open. It runs once per login: after a
new beginning its results are carried over to the user that was found then (D20).
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any

from identity.domain.contact import is_email
from identity.domain.errors import invalid_fields
from identity.domain.lambdas import Lambda
from identity.domain.model import Application, Claims, Registration, User
from identity.domain.reconcile import (
    REGISTRATION_SETTABLE,
    USER_SETTABLE,
    USER_SETTABLE_WHEN_NEW,
    Checks,
    Refusal,
    Settled,
    settled_registration,
    settled_user,
)
from identity.domain.user_rules import stored_email
from identity.flows.login.lambda_view import shown, shown_user
from identity.flows.login.login_attempt import Attempt, Context, Person
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.wire import camel_case

FUNCTION = "reconcile"
LOGIN_NAMES = ("email", "username")


def run_reconcile(services: Services, attempt: Attempt, context: Context, claims: Claims, person: Person) -> Person:
    """The person as the lambda leaves them. Raises LambdaFailed (512), Invalid (400: values that do not fit)."""
    source = context.provider.reconcile
    person = pictured(services, claims, person)
    if source is not None and attempt.lambda_changes is None:
        registration = person.registration_for(context.application_id)
        registration = registration or new_registration(services, context.application.application, person.user)
        attempt.lambda_changes = _call(services, attempt, source, person, registration, claims)
    return as_lambda_left(services, attempt, context, person)


def as_lambda_left(services: Services, attempt: Attempt, context: Context, person: Person) -> Person:
    """The person with what the lambda changed; as they were when it has not run. Raises Invalid."""
    source = context.provider.reconcile
    if source is None or attempt.lambda_changes is None:
        return person
    stored = person.registration_for(context.application_id)
    registration = stored or new_registration(services, context.application.application, person.user)
    user_changes, registration_changes = attempt.lambda_changes
    before, before_too = asdict(person.user), asdict(registration)
    settled = settled_user(before, before | user_changes, new=not person.stored, checks=CHECKS)
    roles = {role.name for role in context.application.application.roles}
    settled_too = settled_registration(before_too, before_too | registration_changes, role_names=roles, checks=CHECKS)
    _refuse(attempt, source, settled, settled_too)
    if settled_too.dropped_roles:
        attempt.log.lambda_dropped_roles(source, settled_too.dropped_roles)
    changed = replace(person, user=_user(services, person, settled))
    if stored is None and not context.provider.override.create_registration:
        return changed  # the lambda was shown a scratch one (D22)
    return changed.with_registration(_registration(registration, settled_too))


def pictured(services: Services, claims: Claims, person: Person) -> Person:
    """The person with the provider's picture, unless they have one: so the lambda finds them."""
    if claims.image_url is None or person.user.image_url is not None:
        return person
    user = replace(person.user, image_url=claims.image_url, last_update_instant=services.runtime.now())
    return replace(person, user=user)


def new_registration(services: Services, application: Application, user: User) -> Registration:
    """What the login would create: the application's default roles, verified by the provider."""
    now = services.runtime.now()
    return Registration(
        tenant_id=user.tenant_id,
        user_id=user.id,
        application_id=application.id,
        id=services.runtime.new_id(),
        username=None,
        roles=application.default_roles,
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
    services: Services, attempt: Attempt, source: Lambda, person: Person, registration: Registration, claims: Claims
) -> tuple[dict[str, Any], dict[str, Any]]:
    attempt.trace.add(f"The lambda [{source.name}] ({source.id}) runs.")
    user = shown_user(person.user, person.registrations)
    arguments = [user, shown(asdict(registration)), dict(claims.raw)]
    try:
        result = services.lambdas.call(source.body, FUNCTION, arguments, mutable=2)
    except LambdaFailed as failure:
        attempt.log.lambda_said(source, [(line.level, line.text) for line in failure.logs])
        attempt.log.lambda_failed(source, failure.kind, failure.message)
        raise
    attempt.log.lambda_said(source, [(line.level, line.text) for line in result.logs])
    return (
        changed_members(arguments[0], result.arguments[0], USER_SETTABLE + USER_SETTABLE_WHEN_NEW),
        changed_members(arguments[1], result.arguments[1], REGISTRATION_SETTABLE),
    )


def changed_members(before: Mapping[str, Any], left: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What the lambda changed under the names it may set, in our spelling; None for what it removed."""
    members = left if isinstance(left, dict) else {}
    pairs = ((name, members.get(camel_case(name))) for name in names)
    return {name: value for name, value in pairs if value != before.get(camel_case(name))}


def spelled_out(refused: Iterable[Refusal]) -> list[Refusal]:
    """The refusals with the paths as the wire spells them."""
    return [(".".join(camel_case(part) for part in path.split(".")), reason) for path, reason in refused]


def _refuse(attempt: Attempt, source: Lambda, *settled: Settled) -> None:
    refused = spelled_out(refusal for result in settled for refusal in result.refused)
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
    return replace(changed, email=stored_email(changed.email), last_update_instant=services.runtime.now())


def _registration(before: Registration, settled: Settled) -> Registration:
    absent: dict[str, Any] = {"data": {}, "preferred_languages": [], "roles": []}
    values: dict[str, Any] = {name: settled.values.get(name, absent.get(name)) for name in REGISTRATION_SETTABLE}
    return replace(before, **values)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


CHECKS = Checks(known_zone=lambda name: name in _zones(), valid_email=is_email)
"""What this installation knows of zones and addresses, for the rules of what a lambda sets."""
