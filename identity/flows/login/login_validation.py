"""Row 25 of login contract 3.5: the tenant's login-validation lambda has the last word on a login.

It may add errors, in the shape of the Errors object, and so refuse the login; what it returns is not looked at.
Source: supporting contract 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from identity.domain.bounds import storable
from identity.domain.errors import Invalid, Problem
from identity.domain.lambdas import Lambda
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.precedence import row
from identity.flows.login.lambda_view import shown, shown_user
from identity.flows.login.login_attempt import Entry, Person
from identity.flows.login.login_events import tell_of_failure
from identity.flows.login.login_log import LoginLog
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed

FUNCTION = "validate"


def refused_by_lambda(services: Services, entry: Entry, person: Person) -> LoginOutcome | None:
    """The refusal of the tenant's lambda; None when it has none, or there is no lambda. Raises LambdaFailed (512)."""
    source = entry.configuration.login_validation
    if source is None:
        return None
    registration = person.registration_for(entry.application_id)
    arguments = [
        no_errors(),
        shown_user(person.user, person.registrations),
        shown(asdict(registration)) if registration else {},
        _context(entry),
    ]
    try:
        errors = objections(services, source, arguments, entry.log)
    except LambdaFailed:
        entry.trace.add("The login ends with the failure of the lambda.", row(25))
        raise
    if not errors.field_errors and not errors.general_errors:
        return None
    entry.trace.add(f"The lambda [{source.name}] ({source.id}) refused the login.", row(25))
    reason = {"code": "lambdaValidation", "lambdaId": source.id, "lambdaResult": errors}
    tell_of_failure(services, entry, person, reason)
    return LoginOutcome(Verdict.INVALID, errors=errors)


def no_errors() -> dict[str, Any]:
    """The first argument of a lambda that validates."""
    return {"errors": {"fieldErrors": {}, "generalErrors": []}}


def objections(services: Services, source: Lambda, arguments: list[Any], log: LoginLog) -> Invalid:
    """What a lambda that validates left in its first argument; the log has what it said. Raises LambdaFailed."""
    try:
        result = services.lambdas.call(source.body, FUNCTION, arguments, mutable=1)
        errors = errors_of(result.arguments[0])
    except LambdaFailed as failure:
        log.lambda_said(source, [(line.level, line.text) for line in failure.logs])
        log.lambda_failed(source, failure.kind, failure.message)
        raise
    log.lambda_said(source, [(line.level, line.text) for line in result.logs])
    return errors


def errors_of(result: Any) -> Invalid:
    """The errors that the lambda left in its first argument: untrusted. Raises LambdaFailed when they are none."""
    errors = result.get("errors") if isinstance(result, dict) else None
    if errors is None:
        return Invalid()
    try:
        fields = {path: [_problem(item) for item in items] for path, items in _members(errors, "fieldErrors")}
        if not all(map(storable, fields)):
            raise TypeError
        general = errors.get("generalErrors") or []
        return Invalid(
            {path: problems for path, problems in fields.items() if problems}, [_problem(item) for item in general]
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise LambdaFailed("output", "The lambda left errors that have not the shape of the Errors object.") from error


def _members(errors: Mapping[str, Any], name: str) -> list[tuple[str, list[Any]]]:
    return list((errors.get(name) or {}).items())


def _problem(item: Mapping[str, Any]) -> Problem:
    code, message = item["code"], item.get("message", "")
    if not all(isinstance(text, str) and storable(text) for text in (code, message)):
        raise TypeError
    return Problem(code, message)


def _context(entry: Entry) -> dict[str, Any]:
    context: dict[str, Any] = {"authenticationType": entry.authentication_type}
    if entry.provider is not None:
        config = entry.provider.config
        context["identityProvider"] = {
            "id": str(config.id),
            "name": config.name,
            "identityProviderType": config.type,
        }
    return context
