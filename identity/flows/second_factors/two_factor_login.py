"""POST /api/two-factor/login: the right code completes the login that a 242 interrupted (supporting contract 12.2).

Two steps with a commit each. An accepted code uses up itself and the challenge, so that of several at once one goes on;
the tail of the login is then as everybody's: `finish_login`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from identity.domain.errors import invalid_field
from identity.domain.model import Device
from identity.domain.outcome import REFUSALS, Door, LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ProviderConfiguration, TenantConfiguration
from identity.flows.login.finish_login import finish_login
from identity.flows.login.kept_link import is_linked
from identity.flows.login.login_attempt import Entry, Person, Visit
from identity.flows.login.login_events import tell_of_failure
from identity.flows.login.login_failed import EVENT as FAILED
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import until_it_holds
from identity.flows.second_factors.answer_challenge import answer_challenge
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.trust_tokens import issue_trust_token
from identity.flows.second_factors.trusted_computers import seconds_of, trust_computer
from identity.flows.services import Services
from identity.store import external_identifiers, logins
from identity.store.external_identifiers import ExternalIdentifier, Kind

UNTRUSTED = frozenset({*REFUSALS, Verdict.INVALID, Verdict.LAMBDA_FAILED})
"""Verdicts after which nobody is trusted with anything."""


@dataclass(frozen=True, slots=True)
class TwoFactorRequest:
    """What any front end makes of a request to answer a challenge."""

    two_factor_id: str = field(repr=False)
    code: str = field(repr=False)
    visit: Visit
    application_id: UUID | None = None
    user_id: UUID | None = None
    trust_computer: bool = False


@dataclass(slots=True)
class _Attempt:
    """What one login has found out so far; it outlives a new beginning, since the code is spent by then."""

    request: TwoFactorRequest
    log: LoginLog
    identifier: ExternalIdentifier | None = None
    answered: Challenge | None = None


class _ClosedMeanwhile(Exception):
    """The way by which the person came in is closed by now: the login has to begin anew."""


def two_factor_login(services: Services, request: TwoFactorRequest, trace: Trace) -> LoginOutcome:
    """Raises Invalid (400) and StoreUnavailable (503); every other ending is an outcome."""
    attempt = _Attempt(request, LoginLog(trace))
    return until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))


def _attempt(services: Services, attempt: _Attempt) -> LoginOutcome:
    if attempt.identifier is None:
        attempt.identifier = _find(services, attempt.request)
    if attempt.identifier is None:
        return _refuse(attempt, Verdict.NOT_FOUND, "The twoFactorId is unknown, too old or spent.")
    identifier, trace = attempt.identifier, attempt.log.trace
    trace.tenant_id, trace.user_id, trace.application_id = (
        identifier.tenant_id,
        identifier.user_id,
        identifier.application_id,
    )
    try:
        configuration = _configuration(services, attempt.request, identifier)
        if attempt.answered is None:
            request = attempt.request
            own = request.visit.own_blocking
            answered = answer_challenge(
                services,
                configuration,
                identifier,
                request.two_factor_id,
                request.code,
                spares_passwords=own is not None and own.replaces_lockout,
            )
            if isinstance(answered, Verdict):
                if answered is Verdict.WRONG_CODE:
                    _tell_of_wrong_code(services, attempt, configuration, identifier)
                return _refuse(attempt, answered, "The code is not accepted.")
            trace.add("The code is right.")
            attempt.answered = answered
        return _finish(services, attempt, configuration, identifier, attempt.answered)
    except _ClosedMeanwhile:
        why = "The application, the provider, the link or the user is not what it was: begin anew."
        return _refuse(attempt, Verdict.NOT_FOUND, why)


def _tell_of_wrong_code(
    services: Services, attempt: _Attempt, configuration: TenantConfiguration, identifier: ExternalIdentifier
) -> None:
    """user.login.failed, as for any wrong credential (supporting contract 17.4)."""
    if not configuration.audience.of(FAILED):
        return
    with suppress(_ClosedMeanwhile):
        entry = _entry(services, attempt, configuration, identifier, Challenge.of(identifier))
        tell_of_failure(services, entry, _person(services, identifier))


def _person(services: Services, identifier: ExternalIdentifier) -> Person:
    """The user as they are now. Raises _ClosedMeanwhile."""
    assert identifier.user_id is not None  # every challenge is somebody's
    with services.db.read() as conn:
        known = logins.find_by_id(conn, identifier.tenant_id, identifier.user_id)
    if known is None:
        raise _ClosedMeanwhile
    return Person(known.user, known.registrations, known.standing)


def _refuse(attempt: _Attempt, verdict: Verdict, why: str) -> LoginOutcome:
    attempt.log.trace.add(why, f"12.2 code {verdict.value}")
    return LoginOutcome(verdict)


def _find(services: Services, request: TwoFactorRequest) -> ExternalIdentifier | None:
    """What the two-factor id stands for; another tenant's or another user's is as good as unknown."""
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, request.two_factor_id, services.runtime.now())
    if found is None or request.visit.tenant_id not in (None, found.tenant_id):
        return None
    return found if request.user_id in (None, found.user_id) else None


def _configuration(
    services: Services, request: TwoFactorRequest, identifier: ExternalIdentifier
) -> TenantConfiguration:
    """The application the challenge is for; a request may name one only where it had none.

    Raises Invalid, _ClosedMeanwhile.
    """
    services.configurations.forget_unless_current()
    application_id = identifier.application_id or request.application_id
    found: TenantConfiguration | None
    if application_id is None:
        found = services.configurations.tenant(identifier.tenant_id)
    else:
        application = services.configurations.application(application_id)
        theirs = application is not None and application.tenant.id == identifier.tenant_id
        found = application if application is not None and theirs and application.application.active else None
    if request.application_id not in (None, application_id) or (found is None and identifier.application_id is None):
        raise invalid_field("applicationId", "invalid")
    if found is None:
        raise _ClosedMeanwhile
    return found


def _finish(
    services: Services,
    attempt: _Attempt,
    configuration: TenantConfiguration,
    identifier: ExternalIdentifier,
    challenge: Challenge,
) -> LoginOutcome:
    """The tail of the login, for the user as they are now. Raises BeginAgain, LambdaFailed, _ClosedMeanwhile."""
    entry = _entry(services, attempt, configuration, identifier, challenge)
    person = _person(services, identifier)
    outcome = finish_login(services, entry, person)
    if outcome.verdict is Verdict.LOCKED:  # by other guesses, in the moment since this code was accepted
        return _refuse(attempt, Verdict.WRONG_CODE, "The user was locked out meanwhile.")
    if outcome.verdict in UNTRUSTED:
        return outcome
    return _with_trust(services, attempt.request, configuration, person.user.id, challenge, outcome)


def _entry(
    services: Services,
    attempt: _Attempt,
    configuration: TenantConfiguration,
    identifier: ExternalIdentifier,
    challenge: Challenge,
) -> Entry:
    """How the person came in. Raises _ClosedMeanwhile: provider switched off, link removed."""
    provider = _provider(services, configuration, challenge)
    if challenge.link is not None and not is_linked(services, identifier, challenge.link):
        raise _ClosedMeanwhile
    given = attempt.request.visit
    attempt.log.provider = provider.config if provider else None
    return Entry(
        door=Door.TWO_FACTOR,
        configuration=configuration,
        visit=replace(
            given,
            device=challenge.device if given.device == Device() else given.device,
            meta_data=given.meta_data or challenge.meta_data,
            state=identifier.state,
        ),
        authentication_type=challenge.authentication_type,
        log=attempt.log,
        version=min(configuration.version, provider.version) if provider else configuration.version,
        provider=provider,
        link=challenge.link,
        second_factor_done=True,
        weak_password=challenge.weak_password,
        auth_instant=challenge.auth_instant,
        vouched_for=challenge.vouched_for,
    )


def _provider(
    services: Services, configuration: TenantConfiguration, challenge: Challenge
) -> ProviderConfiguration | None:
    """The provider that the person came by, if it was one. Raises _ClosedMeanwhile."""
    if challenge.provider_id is None or configuration.application is None:
        return None
    found = services.configurations.provider(challenge.provider_id, configuration.application)
    if found is None:
        raise _ClosedMeanwhile
    return found


def _with_trust(
    services: Services,
    request: TwoFactorRequest,
    configuration: TenantConfiguration,
    user_id: UUID,
    challenge: Challenge,
    outcome: LoginOutcome,
) -> LoginOutcome:
    """What the right code earns beside the login: a trust token after a start, a trusted computer when asked for."""
    if challenge.started:
        token = issue_trust_token(services, configuration.tenant, user_id, challenge.trust_challenge)
        outcome = replace(outcome, trust_token=token)
    if not request.trust_computer:
        return outcome
    trust_id = trust_computer(services, configuration, user_id, request.visit.trust)
    return replace(outcome, two_factor_trust=trust_id, two_factor_trust_seconds=seconds_of(configuration))
