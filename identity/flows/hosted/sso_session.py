"""SSO sessions of browsers: begun by a login that is to be kept, gone on with at the next authorization request.

A session is a refresh token of no application, whose text only the browser's cookie has. It proves who the person is
and nothing more: every gate is judged anew, as at any door. Source: docs/decisions/0020-sso-sessions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.outcome import Door, LoginOutcome, Verdict
from identity.domain.sso import SsoPolicy, is_too_old
from identity.domain.tokens import SECOND, RefreshTokenTimes
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login.finish_login import finish_login
from identity.flows.login.login_attempt import BeginAgain, Entry, Person, Visit
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import until_it_holds
from identity.flows.services import Services
from identity.flows.tokens.revoke import end_session
from identity.store import refreshes, sso_sessions
from identity.store.refresh_tokens import RefreshToken
from identity.store.refreshes import RefreshFacts

LONGEST_TOKEN = 64
FEDERATED, SECOND_FACTOR = "federated", "second_factor"
"""What the record's meta data says of the login, beside the device; neither is shown by the API."""

NO_SESSION = "SSO session"
"""How the trace names the rule by which a session does not count."""


@dataclass(frozen=True, slots=True)
class SsoSession:
    """What the browser is given: the text of its cookie, and for how many seconds."""

    id: UUID
    token: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class Continued:
    """How a login by a session ended, and the session, which goes on."""

    outcome: LoginOutcome
    session: SsoSession


def begin(
    services: Services,
    configuration: TenantConfiguration,
    outcome: LoginOutcome,
    visit: Visit,
    former: str | None,
    *,
    remember: bool,
) -> SsoSession | None:
    """The session of a completed login, always under a fresh text; whatever the browser had before is over.

    None when the person does not want to be kept signed in, the tenant has no such sessions, or the ground of the login
    moved since. Raises StoreUnavailable.
    """
    end(services, former)
    policy = SsoPolicy.of(configuration.tenant.settings)
    if not remember or not policy.enabled:
        return None
    record, token = _record(services, outcome, visit), services.runtime.new_secret()
    version = outcome.standing.login_version
    if not services.db.transact(lambda conn: sso_sessions.add(conn, record, token, version)):
        return None
    return _held(policy, record, token, record.insert_instant)


def end(services: Services, token: str | None) -> RefreshToken | None:
    """End the session of a browser, if it has one: who is told hears of it, nobody is asked. Returns what it was."""
    record = _find(services, token)
    if record is None:
        return None
    end_session(services, record.record)
    return record.record


def is_live(services: Services, token: str | None, configuration: TenantConfiguration, most_age: int | None) -> bool:
    """Whether the browser is signed in to this tenant, by a login that is at most so many seconds old."""
    found = _find(services, token)
    return found is not None and _counts(configuration, found.record, most_age, services.runtime.now())


def log_in_again(
    services: Services,
    token: str,
    configuration: TenantConfiguration,
    visit: Visit,
    trace: Trace,
    most_age: int | None = None,
) -> Continued | None:
    """Log in by a session, with every gate judged afresh; None when there is no such session any more.

    Raises StoreUnavailable, WebhooksRefused.
    """
    attempt = _Attempt(token, configuration, visit, LoginLog(trace), most_age)
    trace.tenant_id, trace.application_id = configuration.tenant.id, configuration.application_id
    outcome = until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))
    if attempt.session is None:
        return None
    return Continued(outcome, attempt.session)


@dataclass(slots=True)
class _Attempt:
    """What one login has found out; it outlives a new beginning."""

    token: str = field(repr=False)
    configuration: TenantConfiguration
    visit: Visit
    log: LoginLog
    most_age: int | None
    session: SsoSession | None = None


def _attempt(services: Services, attempt: _Attempt) -> LoginOutcome:
    attempt.session = None
    configuration, trace = _current(services, attempt.configuration), attempt.log.trace
    found, now = _find(services, attempt.token), services.runtime.now()
    if found is not None and configuration is not None and configuration.version != found.configuration_version:
        raise BeginAgain
    if found is None or configuration is None or not _counts(configuration, found.record, attempt.most_age, now):
        trace.add("The session is over, too old, or another tenant's.", NO_SESSION)
        return LoginOutcome(Verdict.NOT_FOUND)
    record = found.record
    with services.db.read() as conn:
        if not sso_sessions.use(conn, record, now, attempt.visit.ip_address):
            trace.add("The session was ended meanwhile.", NO_SESSION)
            return LoginOutcome(Verdict.NOT_FOUND)
    attempt.session = _held(SsoPolicy.of(configuration.tenant.settings), record, attempt.token, now)
    trace.user_id = record.user_id
    trace.add("A session of the browser says who the person is.")
    known = found.known
    return finish_login(
        services, _entry(attempt, configuration, record), Person(known.user, known.registrations, known.standing)
    )


def _current(services: Services, configuration: TenantConfiguration) -> TenantConfiguration | None:
    """The configuration as it is now: an attempt that begins again may find another one."""
    if configuration.application_id is None:
        return services.configurations.tenant(configuration.tenant.id)
    found = services.configurations.application(configuration.application_id)
    return found if found is not None and found.application.active else None


def _find(services: Services, token: str | None) -> RefreshFacts | None:
    """The session by the text of the cookie; a refresh token of an application is none."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    with services.db.read() as conn:
        found = refreshes.read_facts(conn, token)
    return found if found is not None and found.record.application_id is None else None


def _counts(configuration: TenantConfiguration, record: RefreshToken, most_age: int | None, now: int) -> bool:
    policy = SsoPolicy.of(configuration.tenant.settings)
    times = RefreshTokenTimes(record.insert_instant, record.start_instant)
    return (
        record.tenant_id == configuration.tenant.id
        and now < policy.end(times)
        and not is_too_old(record.auth_instant, most_age, now)
    )


def _entry(attempt: _Attempt, configuration: TenantConfiguration, record: RefreshToken) -> Entry:
    return Entry(
        door=Door.SESSION,
        configuration=configuration,
        visit=attempt.visit,
        authentication_type=record.authentication_type,
        log=attempt.log,
        version=configuration.version,
        second_factor_done=bool(record.meta_data.get(SECOND_FACTOR)),
        auth_instant=record.auth_instant,
        vouched_for=bool(record.meta_data.get(FEDERATED)),
    )


def _record(services: Services, outcome: LoginOutcome, visit: Visit) -> RefreshToken:
    assert outcome.completed and outcome.user is not None
    assert outcome.authentication_type is not None and outcome.auth_instant is not None  # of every completed login
    now = services.runtime.now()
    return RefreshToken(
        tenant_id=outcome.user.tenant_id,
        id=services.runtime.new_id(),
        user_id=outcome.user.id,
        application_id=None,
        authentication_type=outcome.authentication_type,
        auth_instant=outcome.auth_instant,
        start_instant=now,
        rotated_instant=None,
        meta_data=_meta_data(outcome, visit),
        last_accessed_instant=now,
        last_accessed_address=visit.ip_address,
        insert_instant=now,
    )


def _meta_data(outcome: LoginOutcome, visit: Visit) -> Mapping[str, Any]:
    device = {"name": visit.device.name, "description": visit.device.description, "type": visit.device.type}
    return {
        "device": {name: value for name, value in device.items() if value is not None},
        FEDERATED: outcome.federated,
        SECOND_FACTOR: outcome.second_factor_done,
    }


def _held(policy: SsoPolicy, record: RefreshToken, token: str, now: int) -> SsoSession:
    """The session as of this use."""
    end = policy.end(RefreshTokenTimes(record.insert_instant, now))
    return SsoSession(record.id, token, max((end - now) // SECOND, 0))
