"""212 and 213: an e-mail address or a registration that is still to be verified (rows 28 and 29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.domain.outcome import LoginOutcome, Verdict
from identity.flows.login_attempt import Entry, Person
from identity.flows.services import Services

GATED = "Gated"


def email_is_outstanding(entry: Entry, person: Person) -> bool:
    """Whether the tenant verifies e-mail and this user's is not; it takes an e-mail address (decision 2)."""
    wanted = bool(_email_settings(entry).get("verify_email"))
    return wanted and person.user.email is not None and not person.user.verified


def registration_is_outstanding(entry: Entry, person: Person) -> bool:
    """Whether the application verifies registrations and this one is not."""
    registration = person.registration_for(entry.application_id)
    return bool(_registration_settings(entry).get("verify_registration")) and not (
        registration is None or registration.verified
    )


def email_is_gated(entry: Entry) -> bool:
    return _is_gated(_email_settings(entry))


def registration_is_gated(entry: Entry) -> bool:
    return _is_gated(_registration_settings(entry))


def demand_email(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    return LoginOutcome(Verdict.EMAIL_UNVERIFIED, user=person.user, registrations=person.registrations)


def demand_registration(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    return LoginOutcome(Verdict.REGISTRATION_UNVERIFIED, user=person.user, registrations=person.registrations)


def _email_settings(entry: Entry) -> Mapping[str, Any]:
    return entry.configuration.tenant.settings.get("email_configuration") or {}


def _registration_settings(entry: Entry) -> Mapping[str, Any]:
    application = entry.configuration.application
    return application.settings if application is not None else {}


def _is_gated(settings: Mapping[str, Any]) -> bool:
    return bool((settings.get("unverified") or {}).get("behavior") == GATED)
