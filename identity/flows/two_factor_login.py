"""POST /api/two-factor/login: the right code completes the login that a 242 interrupted (supporting contract 12.2).

Two steps with a commit each. The guess is counted or accepted under a lock of the user's guesses; an accepted one uses
up code and challenge, so that of several at once one goes on. The tail of the login is then as everybody's:
`finish_login`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from identity.domain.errors import Problem, invalid_field
from identity.domain.model import Device
from identity.domain.outcome import REFUSALS, Door, LoginOutcome, Verdict
from identity.domain.second_factor import WRONG_PER_CHALLENGE
from identity.domain.trace import Trace
from identity.flows import trusted_computers
from identity.flows.challenge import Challenge
from identity.flows.configurations import TenantConfiguration
from identity.flows.finish_login import finish_login
from identity.flows.guess_code import authenticator_proved, count_wrong, recovery_code_spent
from identity.flows.login_attempt import BeginAgain, Entry, Person, Visit
from identity.flows.login_log import LoginLog
from identity.flows.second_factor import policy_of
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.store import external_identifiers, guesses, links, logins, two_factor
from identity.store.db import Connection, StoreUnavailable
from identity.store.external_identifiers import ExternalIdentifier, Kind

MOST_ATTEMPTS = 8
MILLISECONDS = 1000
UNANSWERED = frozenset({*REFUSALS, Verdict.INVALID})
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


def two_factor_login(services: Services, request: TwoFactorRequest, trace: Trace) -> LoginOutcome:
    """Raises Invalid (400) and StoreUnavailable (503); every other ending is an outcome."""
    login_log = LoginLog(trace)
    try:
        outcome = _login(services, request, login_log)
    finally:
        login_log.write(services)
    trace.add(f"The login ended as {outcome.verdict.name} ({outcome.verdict.value}).")
    return outcome


def _login(services: Services, request: TwoFactorRequest, login_log: LoginLog) -> LoginOutcome:
    identifier = _challenge(services, request)
    if identifier is None:
        return LoginOutcome(Verdict.NOT_FOUND)
    configuration = _configuration(services, request, identifier)
    if configuration is None:
        return LoginOutcome(Verdict.NOT_FOUND)
    answered = answer(services, configuration, request, identifier)
    if isinstance(answered, Verdict):
        return LoginOutcome(answered)
    for _ in range(MOST_ATTEMPTS):
        try:
            outcome = _attempt(services, request, identifier, answered, login_log)
        except BeginAgain:
            services.configurations.forget()
        except LambdaFailed:
            problem = Problem("[LambdaInvocationException]", "A lambda failed; the event log says why.")
            return LoginOutcome(Verdict.LAMBDA_FAILED, problem=problem)
        else:
            return outcome
    raise StoreUnavailable("the login lost every race for its rows")


def _challenge(services: Services, request: TwoFactorRequest) -> ExternalIdentifier | None:
    """What the two-factor id stands for; another tenant's or another user's is as good as unknown."""
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, request.two_factor_id, services.runtime.now())
    if found is None or request.visit.tenant_id not in (None, found.tenant_id):
        return None
    return found if request.user_id in (None, found.user_id) else None


def _configuration(
    services: Services, request: TwoFactorRequest, identifier: ExternalIdentifier
) -> TenantConfiguration | None:
    """The application the challenge is for; a request may name one only where it had none. Raises Invalid."""
    services.configurations.forget_unless_current()
    application_id = identifier.application_id or request.application_id
    if application_id is None:
        return services.configurations.tenant(identifier.tenant_id)
    found = services.configurations.application(application_id)
    usable = found is not None and found.application.active and found.tenant.id == identifier.tenant_id
    if request.application_id not in (None, application_id) or (identifier.application_id is None and not usable):
        raise invalid_field("applicationId", "invalid")
    return found if usable else None


def answer(
    services: Services, configuration: TenantConfiguration, request: TwoFactorRequest, identifier: ExternalIdentifier
) -> Challenge | Verdict:
    """Make one guess. The challenge, when it was right; WRONG_CODE or NOT_FOUND otherwise."""
    now, tenant_id, user_id = services.runtime.now(), identifier.tenant_id, identifier.user_id
    two_factor_id = request.two_factor_id
    assert user_id is not None  # every challenge is somebody's

    def work(conn: Connection) -> Challenge | Verdict:
        guessed = guesses.lock(conn, tenant_id, user_id)
        found = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if found is None:  # answered, or guessed at too often, while this one waited
            return Verdict.NOT_FOUND
        challenge = Challenge.of(found)
        if guessed.locked(now):
            return Verdict.WRONG_CODE
        if _proved(conn, services, configuration, request, identifier, challenge):
            external_identifiers.take(conn, Kind.TWO_FACTOR, two_factor_id, now)
            return challenge
        counted = challenge.with_wrong(two_factor_id, request.code, now)
        if counted is not challenge:
            count_wrong(conn, configuration.tenant, user_id, guessed, now)
        if counted.wrong >= WRONG_PER_CHALLENGE:
            external_identifiers.take(conn, Kind.TWO_FACTOR, two_factor_id, now)
        else:
            external_identifiers.change(conn, Kind.TWO_FACTOR, two_factor_id, counted.data())
        return Verdict.WRONG_CODE

    return services.db.transact(work, turn=user_id)


def _proved(
    conn: Connection,
    services: Services,
    configuration: TenantConfiguration,
    request: TwoFactorRequest,
    identifier: ExternalIdentifier,
    challenge: Challenge,
) -> bool:
    """Whether the code is the one that was sent, one of the user's authenticators', or a recovery code."""
    tenant_id, user_id = identifier.tenant_id, identifier.user_id
    assert user_id is not None
    offered = policy_of(configuration).kinds
    methods = [kept for kept in two_factor.methods_of(conn, tenant_id, user_id) if kept.method.method in offered]
    if challenge.expects(request.two_factor_id, request.code, services.runtime.now()):
        assert challenge.sent is not None
        used = challenge.sent.method_id
        proved = used is None or used in {kept.method.id for kept in methods}
    else:
        used = authenticator_proved(conn, services, tenant_id, user_id, methods, request.code)
        proved = used is not None or recovery_code_spent(conn, services, tenant_id, user_id, request.code)
    if used is not None and proved:
        two_factor.mark_used(conn, tenant_id, user_id, used)
    return proved


def _attempt(
    services: Services,
    request: TwoFactorRequest,
    identifier: ExternalIdentifier,
    challenge: Challenge,
    login_log: LoginLog,
) -> LoginOutcome:
    """The tail of the login, for the user as they are now. Raises BeginAgain, Invalid, LambdaFailed."""
    configuration = _configuration(services, request, identifier)
    assert identifier.user_id is not None
    if configuration is None:
        return LoginOutcome(Verdict.NOT_FOUND)
    entry = _entry(services, request, identifier, challenge, configuration, login_log)
    with services.db.read() as conn:
        known = logins.find_by_id(conn, identifier.tenant_id, identifier.user_id)
    if entry is None or known is None:
        return LoginOutcome(Verdict.NOT_FOUND)
    person = Person(known.user, known.registrations, known.standing)
    outcome = finish_login(services, entry, person)
    if outcome.verdict in UNANSWERED:
        return outcome
    return _with_trust(services, request, entry, person, challenge, outcome)


def _entry(
    services: Services,
    request: TwoFactorRequest,
    identifier: ExternalIdentifier,
    challenge: Challenge,
    configuration: TenantConfiguration,
    login_log: LoginLog,
) -> Entry | None:
    """How the person came in. None when that way was closed meanwhile: provider switched off, link removed."""
    provider, version = None, configuration.version
    if challenge.provider_id is not None and configuration.application is not None:
        provider = services.configurations.provider(challenge.provider_id, configuration.application)
        if provider is None:
            return None
        login_log.provider = provider.config
        version = min(version, provider.version)
    if challenge.link is not None and not _is_linked(services, identifier, challenge):
        return None
    given = request.visit
    visit = replace(
        given,
        device=challenge.device if given.device == Device() else given.device,
        meta_data=given.meta_data or challenge.meta_data,
        state=identifier.state,
    )
    return Entry(
        door=Door.TWO_FACTOR,
        configuration=configuration,
        visit=visit,
        authentication_type=challenge.authentication_type,
        log=login_log,
        version=version,
        provider=provider,
        link=challenge.link,
        second_factor_done=True,
    )


def _is_linked(services: Services, identifier: ExternalIdentifier, challenge: Challenge) -> bool:
    link = challenge.link
    assert link is not None
    with services.db.read() as conn:
        found = links.find(conn, link.provider_id, link.subject, identifier.tenant_id)
    return any(item.user_id == identifier.user_id for item in found)


def _with_trust(
    services: Services,
    request: TwoFactorRequest,
    entry: Entry,
    person: Person,
    challenge: Challenge,
    outcome: LoginOutcome,
) -> LoginOutcome:
    """What the right code earns beside the login: a trust token after a start, a trusted computer when asked for."""
    user_id = person.user.id
    if challenge.started:
        token = issue_trust_token(services, entry.configuration, user_id, challenge.trust_challenge)
        outcome = replace(outcome, trust_token=token)
    if not request.trust_computer:
        return outcome
    trust_id = trusted_computers.trust_computer(services, entry.configuration, user_id, request.visit.trust)
    seconds = trusted_computers.seconds_of(entry.configuration)
    return replace(outcome, two_factor_trust=trust_id, two_factor_trust_seconds=seconds)


def issue_trust_token(
    services: Services, configuration: TenantConfiguration, user_id: UUID, trust_challenge: str | None
) -> str:
    """A token that lets the user do what takes a second factor, such as changing the password. Works once."""
    now = services.runtime.now()
    token = services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.TRUST_TOKEN,
        configuration.tenant.id,
        now,
        now + configuration.seconds_of("trust_token") * MILLISECONDS,
        user_id=user_id,
        data={"trust_challenge": trust_challenge},
    )
    with services.db.transaction() as conn:
        external_identifiers.add(conn, token, identifier)
    return token
