"""Somebody makes an account of their own on a hosted page: user and registration, and the login that follows.

The form counts for no more than an administrator's call would: an address in it is unproved until it is verified. The
login passes every gate, so that a verification or a second factor comes next where one is demanded.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from identity.domain.errors import Invalid, invalid_field, invalid_fields
from identity.domain.outcome import Door, LoginOutcome, Verdict
from identity.domain.registration_form import RegistrationForm
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login import rate_limits
from identity.flows.login.begin_session import AUTHENTICATION_TYPE
from identity.flows.login.finish_login import finish_login
from identity.flows.login.lambda_view import shown, shown_user
from identity.flows.login.login_attempt import Entry, Person, Visit
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import named_application, until_it_holds
from identity.flows.login.login_validation import no_errors, objections
from identity.flows.services import Services
from identity.flows.users.new_user import NewUser, prepare_user
from identity.flows.users.register_user import RegistrationChange, create_to_log_in, new_registration
from identity.flows.users.save_user import UserChange
from identity.store import lambdas, logins
from identity.wire import camel_case


@dataclass(frozen=True, slots=True)
class SelfRegistration:
    """What the form asks for. `address` is the client's that decides about limits."""

    application_id: UUID
    user: UserChange
    registration: RegistrationChange
    visit: Visit
    address: str | None


@dataclass(slots=True)
class _Attempt:
    """What one call has done; it outlives a new beginning, so that the user is made once."""

    wanted: SelfRegistration
    log: LoginLog
    made: tuple[UUID, UUID] | None = None
    """Tenant and user."""


def register_oneself(services: Services, wanted: SelfRegistration, trace: Trace) -> LoginOutcome:
    """Raises Invalid, TooManyRequests, StoreUnavailable, WebhooksRefused: then nobody was made.

    After the user is there only the login can fail, and that is an outcome (or StoreUnavailable, WebhooksRefused).
    """
    rate_limits.spend(services, rate_limits.registration_limit(services, wanted.address))
    attempt = _Attempt(wanted, LoginLog(trace))
    return until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))


def _attempt(services: Services, attempt: _Attempt) -> LoginOutcome:
    wanted = attempt.wanted
    services.configurations.forget_unless_current()
    configuration = named_application(services, wanted.application_id, wanted.visit.tenant_id, attempt.log.trace)
    if attempt.made is None:
        attempt.made = _make(services, attempt, configuration)
    tenant_id, user_id = attempt.made
    attempt.log.trace.user_id = user_id
    with services.db.read() as conn:
        known = logins.find_by_id(conn, tenant_id, user_id)
    if known is None:
        attempt.log.trace.add("The new user was removed meanwhile.")
        return LoginOutcome(Verdict.NOT_FOUND)
    entry = Entry(
        door=Door.REGISTRATION,
        configuration=configuration,
        visit=wanted.visit,
        authentication_type=AUTHENTICATION_TYPE,
        log=attempt.log,
        version=configuration.version,
    )
    return finish_login(services, entry, Person(known.user, known.registrations, known.standing))


def _make(services: Services, attempt: _Attempt, configuration: ApplicationConfiguration) -> tuple[UUID, UUID]:
    """Raises Invalid, LambdaFailed, WebhooksRefused."""
    wanted, application = attempt.wanted, configuration.application
    form = RegistrationForm.of(application.settings)
    if not application.active or not form.enabled:
        raise invalid_field("applicationId", "disabled", "The application takes no new people by itself.")
    if blanks := form.blanks(wanted.user.profile):
        raise invalid_fields([(f"user.{camel_case(name)}", "blank") for name in blanks])
    new = prepare_user(services, configuration.tenant.id, None, wanted.user, services.runtime.now())
    _refuse_by_lambda(services, attempt, configuration, new)
    made = create_to_log_in(services, new, wanted.user, wanted.registration)
    attempt.log.trace.add(f"User {made.user.id} was made and registered.")
    return made.user.tenant_id, made.user.id


def _refuse_by_lambda(
    services: Services, attempt: _Attempt, configuration: ApplicationConfiguration, new: NewUser
) -> None:
    """The application's lambda may object to the new user. Raises Invalid, LambdaFailed."""
    application = configuration.application
    chosen = (application.settings.get("lambda_configuration") or {}).get("self_service_registration_validation_id")
    if not chosen:
        return
    with services.db.read() as conn:
        source = lambdas.find(conn, UUID(chosen))
    if source is None:
        return
    now = new.user.insert_instant
    registration = new_registration(services, new.user, application, attempt.wanted.registration, now)
    arguments = [no_errors(), shown_user(new.user, ()), shown(asdict(registration)), {}]
    errors: Invalid = objections(services, source, arguments, attempt.log)
    if errors.field_errors or errors.general_errors:
        attempt.log.trace.add(f"The lambda [{source.name}] ({source.id}) refused the registration.")
        raise errors
