"""A proved login goes on after the step it missed: a verified address, a registration. Every gate is judged anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ProviderConfiguration, TenantConfiguration
from identity.flows.login.finish_login import finish_login
from identity.flows.login.kept_link import is_linked
from identity.flows.login.login_attempt import Entry, Person, Visit
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import until_it_holds
from identity.flows.login.proved_login import ProvedLogin
from identity.flows.services import Services
from identity.store import external_identifiers, logins
from identity.store.external_identifiers import ExternalIdentifier, Kind

NO_PROOF = "proof"


@dataclass(slots=True)
class _Attempt:
    """What one call has found out; it outlives a new beginning, since the proof is taken by then."""

    secret: str = field(repr=False)
    visit: Visit
    log: LoginLog
    taken: ExternalIdentifier | None = None


def peek(services: Services, secret: str | None) -> ExternalIdentifier | None:
    """What a proof stands for, for the page of the step; it is not used up."""
    if secret is None:
        return None
    with services.db.read() as conn:
        return external_identifiers.find(conn, Kind.PROVED_LOGIN, secret, services.runtime.now())


def resume(services: Services, secret: str, visit: Visit, trace: Trace) -> LoginOutcome:
    """Use the proof up and go on; NOT_FOUND when it is over. Raises Invalid, StoreUnavailable, WebhooksRefused."""
    attempt = _Attempt(secret, visit, LoginLog(trace))
    return until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))


def _attempt(services: Services, attempt: _Attempt) -> LoginOutcome:
    now, trace = services.runtime.now(), attempt.log.trace
    with services.db.read() as conn:
        if attempt.taken is None:
            attempt.taken = external_identifiers.take(conn, Kind.PROVED_LOGIN, attempt.secret, now)
        taken = attempt.taken
        if taken is None or taken.user_id is None:
            trace.add("The proof of the login is unknown, used or too old.", NO_PROOF)
            return LoginOutcome(Verdict.NOT_FOUND)
        known = logins.find_by_id(conn, taken.tenant_id, taken.user_id)
    trace.tenant_id, trace.user_id, trace.application_id = taken.tenant_id, taken.user_id, taken.application_id
    entry = _entry(services, attempt, taken)
    if known is None or entry is None:
        trace.add("The user, the application, the provider or the link is not what it was.", NO_PROOF)
        return LoginOutcome(Verdict.NOT_FOUND)
    trace.door = entry.door.value
    trace.add("A proved login goes on.")
    return finish_login(services, entry, Person(known.user, known.registrations, known.standing))


def _entry(services: Services, attempt: _Attempt, taken: ExternalIdentifier) -> Entry | None:
    """How the person came in; None when that way is closed by now."""
    services.configurations.forget_unless_current()
    proved = ProvedLogin.of(taken)
    configuration = _configuration(services, taken)
    if configuration is None:
        return None
    provider = _provider(services, configuration, proved)
    if proved.provider_id is not None and provider is None:
        return None
    if proved.link is not None and not is_linked(services, taken, proved.link):
        return None
    attempt.log.provider = provider.config if provider else None
    return Entry(
        door=proved.door,
        configuration=configuration,
        visit=replace(attempt.visit, device=proved.device, meta_data=proved.meta_data),
        authentication_type=proved.authentication_type,
        log=attempt.log,
        version=min(configuration.version, provider.version) if provider else configuration.version,
        provider=provider,
        link=proved.link,
        second_factor_done=proved.second_factor_done,
        auth_instant=proved.auth_instant,
        vouched_for=proved.vouched_for,
    )


def _configuration(services: Services, taken: ExternalIdentifier) -> TenantConfiguration | None:
    if taken.application_id is None:
        return services.configurations.tenant(taken.tenant_id)
    found = services.configurations.application(taken.application_id)
    return found if found is not None and found.application.active else None


def _provider(
    services: Services, configuration: TenantConfiguration, proved: ProvedLogin
) -> ProviderConfiguration | None:
    if proved.provider_id is None or configuration.application is None:
        return None
    return services.configurations.provider(proved.provider_id, configuration.application)
