"""The session that a user begins by being created and registered in one call (supporting contract 4)."""

from __future__ import annotations

from dataclasses import replace

from identity.domain.outcome import Door, LoginFacts, Tokens, Verdict, judge
from identity.domain.password_change import ChangeRules, change_reason
from identity.domain.verification import email_verification, registration_verification
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.finish_login import SECONDS_PER_MINUTE, access_facts, mint
from identity.flows.login.login_attempt import Person
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.store import login_records, refresh_tokens
from identity.store.db import Connection
from identity.store.refresh_tokens import RefreshToken

AUTHENTICATION_TYPE = "REGISTRATION"


def begin_session(
    services: Services,
    conn: Connection,
    application: ApplicationConfiguration,
    person: Person,
    ip_address: str | None,
    now: int,
) -> Tokens | None:
    """Record the login and mint its tokens, a refresh token if the application generates them.

    None when the gates let nobody in: the new user has expired already, say, or must be verified first.
    """
    if judge(_facts(application, person, now)) is not Verdict.LOGGED_IN:
        return None
    login_records.add(
        conn,
        login_records.LoginRecord(
            tenant_id=person.user.tenant_id,
            user_id=person.user.id,
            instant=now,
            id=services.runtime.new_id(),
            application_id=application.application.id,
            ip_address=ip_address,
            authentication_type=AUTHENTICATION_TYPE,
        ),
    )
    access = access_facts(application, person, AUTHENTICATION_TYPE, now)
    if not application.generates_refresh_tokens:
        return mint(services, application, access, now)
    record, token = _record(services, application, person, ip_address, now), services.runtime.new_secret()
    refresh_tokens.add(conn, record, token)
    return replace(
        mint(services, application, replace(access, refresh_token_id=record.id), now),
        refresh_token=token,
        refresh_token_id=record.id,
        refresh_token_seconds=application.jwt.refresh_token_time_to_live_in_minutes * SECONDS_PER_MINUTE,
    )


def _facts(application: ApplicationConfiguration, person: Person, now: int) -> LoginFacts:
    """The unverified are kept out where they are gated only: elsewhere they get tokens at every door (decision 2)."""
    user, registration = person.user, person.registration_for(application.application_id)
    of_email = email_verification(application.tenant.settings)
    of_registration = registration_verification(application.application.settings)
    return LoginFacts(
        Door.REGISTRATION,
        now,
        active=user.active and application.application.active,
        expiry=user.expiry,
        registered=registration is not None,
        second_factor_needed=policy_of(application).asks(()),
        change_reason=change_reason(user, ChangeRules.of(application.tenant.settings), now, breaks_rules=False),
        email_unverified=of_email.wanted and of_email.gated and user.email is not None and not user.verified,
        registration_unverified=of_registration.wanted
        and of_registration.gated
        and not (registration and registration.verified),
    )


def _record(
    services: Services, application: ApplicationConfiguration, person: Person, ip_address: str | None, now: int
) -> RefreshToken:
    return RefreshToken(
        tenant_id=person.user.tenant_id,
        id=services.runtime.new_id(),
        user_id=person.user.id,
        application_id=application.application.id,
        authentication_type=AUTHENTICATION_TYPE,
        auth_instant=now,
        start_instant=now,
        rotated_instant=None,
        meta_data={},
        last_accessed_instant=now,
        last_accessed_address=ip_address,
        insert_instant=now,
    )
