"""Somebody who has proved who they are, and has no registration for the application yet, gets one and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from identity.domain.errors import Invalid, NotFound, invalid_field, invalid_fields
from identity.domain.model import User
from identity.domain.outcome import LoginOutcome
from identity.domain.registration_form import FormField, RegistrationForm
from identity.domain.trace import Trace
from identity.flows.hosted.resume_proved import peek, resume
from identity.flows.login.login_attempt import Visit
from identity.flows.services import Services
from identity.flows.users.register_user import RegistrationChange, register_user
from identity.flows.users.save_user import UserChange, update_user
from identity.store import applications, users
from identity.wire import camel_case

ALREADY = "registration.applicationId"


def missing_fields(services: Services, proof: str | None) -> tuple[FormField, ...]:
    """What the person has to fill in first. Raises NotFound: the proof is over; Invalid: nobody registers here."""
    user, form, _ = _read(services, proof)
    return form.missing(user)


def complete_registration(
    services: Services,
    proof: str | None,
    given: Mapping[str, Any],
    change: RegistrationChange,
    visit: Visit,
    trace: Trace,
) -> LoginOutcome:
    """`given` are members of the user, of which only the missing ones count.

    Raises Invalid, NotFound, StoreUnavailable, WebhooksRefused.
    """
    user, form, application_id = _read(services, proof)
    if change.application_id != application_id:
        raise NotFound
    asked = form.missing(user)
    if absent := [each.name for each in asked if not given.get(each.name)]:
        raise invalid_fields([(f"user.{camel_case(name)}", "blank") for name in absent])
    now = services.runtime.now()
    if asked:
        filled = {each.name: given[each.name] for each in asked}
        update_user(services, user.tenant_id, user.id, lambda stored, _: _filled(stored, filled, application_id), now)
    try:
        register_user(services, user.tenant_id, user.id, change, now, login_follows=True)
    except Invalid as error:
        if error.field_errors.keys() != {ALREADY}:  # else the same form came twice: somebody was faster
            raise
    return resume(services, proof or "", visit, trace)


def _filled(stored: User, filled: Mapping[str, Any], application_id: UUID) -> UserChange:
    """What others filled in meanwhile stays."""
    kept = {name: getattr(stored, name) for name in ("email", "username", "data", "password_change_required")}
    fresh = {name: value for name, value in filled.items() if not getattr(stored, name)}
    return UserChange(kept | fresh, application_id=application_id)


def _read(services: Services, proof: str | None) -> tuple[User, RegistrationForm, UUID]:
    """Raises NotFound, Invalid."""
    proved = peek(services, proof)
    if proved is None or proved.user_id is None or proved.application_id is None:
        raise NotFound
    with services.db.read() as conn:
        user = users.get(conn, proved.tenant_id, proved.user_id)
        application = applications.get(conn, proved.application_id, proved.tenant_id)
    if user is None or not user.active or application is None or not application.active:
        raise NotFound
    form = RegistrationForm.of(application.settings)
    if not form.enabled:
        raise invalid_field("applicationId", "disabled", "The application takes no new people by itself.")
    return user, form, application.id
