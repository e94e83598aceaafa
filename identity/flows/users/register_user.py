"""Register users for applications: an existing one, or one created in the same transaction (supporting contract 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import Application, Registration, User
from identity.domain.outcome import Tokens
from identity.flows.duplicates import duplicates_named
from identity.flows.events.announce import Announce, transact
from identity.flows.login.begin_session import begin_session
from identity.flows.login.login_attempt import Person
from identity.flows.services import Services
from identity.flows.users.duplicate_login_ids import duplicates_told
from identity.flows.users.new_user import NewUser, insert_user, prepare_user, welcome
from identity.flows.users.save_user import DUPLICATES, UserChange, locked
from identity.flows.users.user_events import (
    registration_created,
    registration_deleted,
    registration_updated,
    user_created,
)
from identity.flows.users.welcome_user import welcome_registration
from identity.store import applications, refresh_tokens, registrations
from identity.store.db import Connection


@dataclass(frozen=True, slots=True)
class RegistrationChange:
    """What a client asks a registration to be. `profile` holds the members of `Registration` that are taken over.

    `roles` None means the application's default roles.
    """

    application_id: UUID
    profile: Mapping[str, Any]
    roles: list[str] | None = None
    id: UUID | None = None
    authentication_token: str | None = field(default=None, repr=False)
    generate_authentication_token: bool = False
    skip_registration_verification: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of a request to register. The ids are there where a code is needed with them."""

    user: User
    registration: Registration
    tokens: Tokens | None = None
    email_verification_id: str | None = field(default=None, repr=False)
    registration_verification_id: str | None = field(default=None, repr=False)


def register_user(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    change: RegistrationChange,
    now: int,
    *,
    login_follows: bool = False,
) -> Enrolment:
    """Register an existing user. Raises Invalid, NotFound, WebhooksRefused.

    `login_follows`: that login has codes mailed, so that none is mailed here.
    """
    change = _settled(services, change)

    def work(conn: Connection, announce: Announce) -> Enrolment:
        user, registered = locked(services, conn, tenant_id, user_id)
        made = _enrol(services, conn, user, change, now, mails_code=not login_follows)
        announce(user.tenant_id, registration_created(user, [*registered, made.registration], made.registration))
        return made

    with duplicates_named(DUPLICATES):
        return transact(services, work)


def create_and_register(
    services: Services,
    tenant_id: UUID,
    user_id: UUID | None,
    user_change: UserChange,
    change: RegistrationChange,
    now: int,
    ip_address: str | None = None,
) -> Enrolment:
    """Create and register a user, both or neither, and log them in. Raises Invalid, WebhooksRefused.

    There are no tokens when the user or the application may not log in.
    """
    new = prepare_user(services, tenant_id, user_id, user_change, now)
    services.configurations.forget_unless_current()
    configuration = services.configurations.application(change.application_id)

    def log_in(conn: Connection, made: Enrolment) -> Enrolment:
        if configuration is None:
            return made
        person = Person(made.user, (made.registration,))
        return replace(made, tokens=begin_session(services, conn, configuration, person, ip_address, now))

    return _created(services, new, user_change, change, log_in)


def create_to_log_in(
    services: Services, new: NewUser, user_change: UserChange, change: RegistrationChange
) -> Enrolment:
    """Create and register a user whose login follows at once: it has codes mailed, so that none is mailed here.

    Raises Invalid, WebhooksRefused.
    """
    return _created(services, new, user_change, change, None)


def _created(
    services: Services,
    new: NewUser,
    user_change: UserChange,
    change: RegistrationChange,
    log_in: Callable[[Connection, Enrolment], Enrolment] | None,
) -> Enrolment:
    """User and registration in one transaction, in which `log_in` has the last word."""
    change, now = _settled(services, change), new.user.insert_instant
    user_change = replace(user_change, application_id=change.application_id)

    def work(conn: Connection, announce: Announce) -> Enrolment:
        user = insert_user(conn, new)
        made = _enrol(services, conn, user, change, now, mails_code=log_in is not None)
        email_id = welcome(conn, services, user, user_change, now, mails_code=log_in is not None)
        made = replace(made, email_verification_id=email_id)
        announce(user.tenant_id, user_created(user, [made.registration]))
        return made if log_in is None else log_in(conn, made)

    with duplicates_named(DUPLICATES), duplicates_told(services, "create", [new.user]):
        return transact(services, work)


def update_registration(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    application_id: UUID,
    change_of: Callable[[Registration], RegistrationChange],
    now: int,
) -> tuple[User, Registration]:
    """Replace what clients set; `change_of` sees the registration as locked.

    Raises Invalid, NotFound, WebhooksRefused.
    """

    def work(conn: Connection, announce: Announce) -> tuple[User, Registration]:
        user, registered = locked(services, conn, tenant_id, user_id)
        applications.hold(conn, user.tenant_id, application_id)
        stored = next((each for each in registered if each.application_id == application_id), None)
        application = applications.get(conn, application_id, user.tenant_id)
        if stored is None or application is None:
            raise NotFound
        registration = _updated(services, stored, change_of(stored), application, now)
        registrations.update(conn, services.sealer, registration)
        others = [each for each in registered if each.application_id != application_id]
        announce(user.tenant_id, registration_updated(user, [*others, registration], stored, registration))
        return user, registration

    return transact(services, work)


def delete_registration(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    application_id: UUID,
    *,
    only_unverified: bool = False,
) -> None:
    """Remove the registration and the refresh tokens made for it. Raises NotFound, WebhooksRefused.

    With `only_unverified` one that was verified meanwhile is not found.
    """

    def work(conn: Connection, announce: Announce) -> None:
        user, registered = locked(services, conn, tenant_id, user_id)
        stored = next((each for each in registered if each.application_id == application_id), None)
        if stored is None or (only_unverified and stored.verified):
            raise NotFound
        registrations.remove(conn, user.tenant_id, user.id, application_id)
        refresh_tokens.revoke_of_user(conn, user.tenant_id, user.id, application_id)
        others = [each for each in registered if each.application_id != application_id]
        announce(user.tenant_id, registration_deleted(user, others, stored))

    transact(services, work)


def _settled(services: Services, change: RegistrationChange) -> RegistrationChange:
    """With its id: the work may be done twice, and events name it."""
    return replace(change, id=change.id or services.runtime.new_id())


def _enrol(
    services: Services, conn: Connection, user: User, change: RegistrationChange, now: int, *, mails_code: bool
) -> Enrolment:
    """Raises Invalid: another tenant's application looks like none at all."""
    applications.hold(conn, user.tenant_id, change.application_id)
    application = applications.get(conn, change.application_id, user.tenant_id)
    if application is None:
        raise invalid_field("registration.applicationId", "invalid")
    registration = new_registration(services, user, application, change, now)
    registrations.add(conn, services.sealer, registration)
    secret = welcome_registration(conn, services, application, user, registration, now, mails_code=mails_code)
    return Enrolment(user, registration, registration_verification_id=secret)


def new_registration(
    services: Services, user: User, application: Application, change: RegistrationChange, now: int
) -> Registration:
    """The registration as it will be stored. Raises Invalid."""
    verified = change.skip_registration_verification or not application.settings.get("verify_registration")
    return Registration(
        tenant_id=user.tenant_id,
        user_id=user.id,
        application_id=application.id,
        id=change.id or services.runtime.new_id(),
        roles=_roles(change.roles or None, application),
        authentication_token=_authentication_token(services, None, change, application),
        verified=verified,
        verified_instant=now if verified else None,
        last_login_instant=None,
        insert_instant=now,
        last_update_instant=now,
        **change.profile,
    )


def _updated(
    services: Services, stored: Registration, change: RegistrationChange, application: Application, now: int
) -> Registration:
    registration = replace(
        stored,
        **change.profile,
        roles=_roles(change.roles, application),
        authentication_token=_authentication_token(services, stored.authentication_token, change, application),
        last_update_instant=now,
    )
    if change.skip_registration_verification and not stored.verified:
        first = now if stored.verified_instant is None else stored.verified_instant
        registration = replace(registration, verified=True, verified_instant=first)
    return registration


def _roles(asked: list[str] | None, application: Application) -> list[str]:
    """Sorted, each once. Raises Invalid for a name the application does not know."""
    roles = application.default_roles if asked is None else asked
    known = {role.name for role in application.roles}
    if unknown := [index for index, name in enumerate(roles) if name not in known]:
        raise invalid_fields([(f"registration.roles[{index}]", "invalid") for index in unknown])
    return sorted(set(roles))


def _authentication_token(
    services: Services, stored: str | None, change: RegistrationChange, application: Application
) -> str | None:
    """The stored token stays until another one is given or generated; the application must allow tokens."""
    given = change.authentication_token
    if (given is None or given == stored) and not change.generate_authentication_token:
        return stored
    configuration = application.settings.get("authentication_token_configuration") or {}
    if not configuration.get("enabled"):
        path = "generateAuthenticationToken" if given is None else "registration.authenticationToken"
        raise invalid_field(path, "disabled")
    return services.runtime.new_secret() if change.generate_authentication_token else given
