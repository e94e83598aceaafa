"""The password door: a login id with a password, an application's authentication token, or a one-time password.

Who is unknown and who gave a wrong password get the same answer after the same work (T19): an unknown login id is
hashed against nobody's hash by the tenant's scheme, and its guesses are counted like any other's. Everything else about
a user shows only after the right password (decision 4). Source: supporting contract 15.1.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from identity import hashing
from identity.domain.contact import canonical
from identity.domain.errors import Invalid, Unauthorized, invalid_field
from identity.domain.guesses import Guess
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.domain.outcome import REFUSALS, Door, LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.domain.user_rules import UserRules
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.events.announce import SILENCE
from identity.flows.login import guesses, rate_limits
from identity.flows.login.connector_login import AUTHENTICATION_TYPE as LDAP_CONNECTOR
from identity.flows.login.connector_login import Asker, Questions, Vouched
from identity.flows.login.establish_entry import establish_entry
from identity.flows.login.finish_login import finish_login
from identity.flows.login.login_attempt import BeginAgain, Entry, Person, Visit
from identity.flows.login.login_failed import login_failed
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import named_application, prove_current, require_tenant, until_it_holds
from identity.flows.login.rate_limits import Limit, Limited
from identity.flows.passwords.upgrade_password import upgrade_password
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import external_identifiers, password_logins
from identity.store.external_identifiers import ExternalIdentifier, Kind
from identity.store.logins import KnownUser
from identity.store.password_logins import PasswordFacts
from identity.store.registrations import opened

PASSWORD = "PASSWORD"  # noqa: S105 (an authentication type, as the two below)
ONE_TIME_PASSWORD = "ONE_TIME_PASSWORD"  # noqa: S105
APPLICATION_TOKEN = "APPLICATION_TOKEN"  # noqa: S105
NO_PROOF = "15.1 code 404"
"""How the trace names the rule of the supporting contract by which nobody and a wrong password are the same."""


@dataclass(frozen=True, slots=True)
class PasswordRequest:
    """What any front end makes of a password login. Without an application the visit names the tenant."""

    visit: Visit
    keyed: bool
    """Whether the call came with an API key that may log people in."""

    application_id: UUID | None = None
    login_id: str = ""
    login_id_types: Sequence[str] = ("email", "username")
    password: str = field(default="", repr=False)
    digest: str | None = field(default=None, repr=False)
    """The hex SHA-256 of the password, from a client that does not send the password itself (rocket section 2.2)."""

    one_time_password: str | None = field(default=None, repr=False)
    goes_on: bool = False
    """Whether the one-time password goes on with what led to it, so that a second factor is not asked for again."""


@dataclass(slots=True)
class _Attempt:
    """What one login has found out so far; it outlives a new beginning."""

    request: PasswordRequest
    log: LoginLog
    taken: ExternalIdentifier | None = None
    """The one-time password, which is gone from the store once it was used."""

    proved: Hashed | None = None
    """The stored password that the given one was found to match: hashing is slow, so it is done once."""

    questions: Questions = field(init=False)
    """What directories were asked."""

    def __post_init__(self) -> None:
        own = self.request.visit.own_blocking
        minds_lockout = own is None or not own.replaces_lockout
        self.questions = Questions(self.request.login_id.strip(), self.request.password, minds_lockout)


@dataclass(frozen=True, slots=True)
class _Proof:
    """By what the password is right; `vouched` where a directory says so."""

    authentication_type: str
    vouched: Vouched | None = None


def log_in(services: Services, request: PasswordRequest, trace: Trace) -> LoginOutcome:
    """Raises Invalid (400), Unauthorized (401), TooManyRequests (429), StoreUnavailable (503)."""
    attempt = _Attempt(request, LoginLog(trace))
    return until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))


def _attempt(services: Services, attempt: _Attempt) -> LoginOutcome:
    configuration = _configuration(services, attempt.request, attempt.log.trace)
    if configuration.requires_authentication and not attempt.request.keyed:
        prove_current(services, configuration.version)
        raise Unauthorized
    if attempt.request.one_time_password is not None:
        return _by_one_time_password(services, attempt, configuration, attempt.request.one_time_password)
    return _by_password(services, attempt, configuration)


def _configuration(services: Services, request: PasswordRequest, trace: Trace) -> TenantConfiguration:
    """The application with its tenant, or the tenant alone. Raises Invalid."""
    if request.application_id is not None:
        application = named_application(services, request.application_id, request.visit.tenant_id, trace)
        if not application.application.active:
            prove_current(services, application.version)
            raise invalid_field("applicationId", "invalid", "The application is not active.")
        return application
    assert request.visit.tenant_id is not None  # the front end has found one
    found = services.configurations.tenant(request.visit.tenant_id)
    if found is None:
        require_tenant(services, request.visit.tenant_id)
        raise BeginAgain
    return found


def _by_one_time_password(
    services: Services, attempt: _Attempt, configuration: TenantConfiguration, secret: str
) -> LoginOutcome:
    """A one-time password is who and proof in one; it works once, and for its own tenant."""
    now = services.runtime.now()
    with services.db.read() as conn:
        if attempt.taken is None:
            found = external_identifiers.find(conn, Kind.ONE_TIME_PASSWORD, secret, now)
            if found is not None and found.tenant_id == configuration.tenant.id:
                attempt.taken = external_identifiers.take(conn, Kind.ONE_TIME_PASSWORD, secret, now)
        if attempt.taken is None or attempt.taken.user_id is None:
            attempt.log.trace.add("The one-time password is unknown, used or expired.", NO_PROOF)
            return LoginOutcome(Verdict.NOT_FOUND)
        facts = password_logins.by_id(conn, configuration.tenant.id, attempt.taken.user_id)
    _prove(configuration, facts)
    if facts.known is None:
        attempt.log.trace.add("The user of the one-time password is gone.", NO_PROOF)
        return LoginOutcome(Verdict.NOT_FOUND)
    _found(attempt, facts.known)
    attempt.log.trace.add("The one-time password is right.")
    visit = replace(attempt.request.visit, state=attempt.taken.state)
    entry = _entry(attempt, configuration, ONE_TIME_PASSWORD, visit)
    had_second_factor = bool(attempt.taken.data.get("second_factor"))
    entry = replace(entry, second_factor_done=attempt.request.goes_on and had_second_factor)
    return finish_login(services, entry, _person(facts))


def _by_password(services: Services, attempt: _Attempt, configuration: TenantConfiguration) -> LoginOutcome:
    request, tenant = attempt.request, configuration.tenant
    login_id = canonical(request.login_id.strip())
    with services.db.read() as conn:
        facts = password_logins.by_login_id(
            conn,
            tenant.id,
            email=login_id if "email" in request.login_id_types else None,
            username=login_id if "username" in request.login_id_types else None,
        )
    _prove(configuration, facts)
    _found(attempt, facts.known)
    subject = facts.known.user.id if facts.known else guesses.id_of_nobody(services, tenant.id, login_id)
    limit = rate_limits.tenant_limit(tenant, Limited.FAILED_LOGIN, subject)
    rate_limits.refuse_if_spent(services, limit)
    proof = _proof(services, attempt, configuration, facts, subject)
    if proof is None:
        return _count(services, attempt, configuration, facts, subject, limit)
    rate_limits.refuse_if_spent(services, limit)  # others may have spent it while this one was hashed
    attempt.log.trace.add(f"The password is right: {proof.authentication_type}.")
    entry = _entry(attempt, configuration, proof.authentication_type, request.visit)
    if proof.vouched is not None:
        return _by_directory(services, attempt, entry, proof.vouched, facts, subject)
    person = _person(facts)
    outcome = finish_login(services, entry, person)
    if attempt.proved is not None and outcome.verdict not in REFUSALS:
        if facts.failures:
            guesses.forget_passwords(services, tenant.id, person.user.id)
        if request.digest is None:
            upgrade_password(services, tenant, person.user, request.password, attempt.proved)
    return outcome


def _by_directory(
    services: Services, attempt: _Attempt, entry: Entry, vouched: Vouched, facts: PasswordFacts, subject: UUID
) -> LoginOutcome:
    try:
        person = establish_entry(services, entry, vouched, attempt.questions, facts.known)
    except Invalid as errors:
        return LoginOutcome(Verdict.INVALID, errors=errors)
    if isinstance(person, LoginOutcome):
        return person
    outcome = finish_login(services, entry, person)
    if outcome.verdict not in REFUSALS:
        for guessed in {subject, vouched.subject, person.user.id}:
            guesses.forget_passwords(services, entry.tenant_id, guessed)
    return outcome


def _count(
    services: Services,
    attempt: _Attempt,
    configuration: TenantConfiguration,
    facts: PasswordFacts,
    subject: UUID,
    limit: Limit | None,
) -> LoginOutcome:
    """Nobody has proved anything: a wrong guess, unless all that could have said so was out of reach."""
    questions, tenant = attempt.questions, configuration.tenant
    attempt.log.trace.add("The password is wrong." if facts.hashed else "There is no such password.", NO_PROOF)
    if questions.unavailable and not questions.refused and not _is_own(facts):
        attempt.log.trace.add("No directory could be asked, so nothing was guessed.")
        return LoginOutcome(Verdict.NOT_FOUND, provider_failed=True)
    refused_by = LDAP_CONNECTOR if questions.refused and not _is_own(facts) else PASSWORD
    entry = _entry(attempt, configuration, refused_by, attempt.request.visit)
    failed = login_failed(services, entry, _person(facts)) if facts.known else SILENCE
    guessed = questions.guessed - {subject}
    if facts.known is not None or not guessed:
        guesses.count_wrong(services, tenant, subject, Guess.PASSWORD, failed)
    for each in guessed:
        guesses.count_wrong(services, tenant, each, Guess.PASSWORD)
    rate_limits.spend(services, limit)
    return LoginOutcome(Verdict.NOT_FOUND)


def _is_own(facts: PasswordFacts) -> bool:
    """Whether the login id is that of somebody whose password is checked here."""
    return facts.known is not None and facts.known.user.connector_id == BUILT_IN_CONNECTOR_ID


def _found(attempt: _Attempt, known: KnownUser | None) -> None:
    """Note in the trace, which only administrators read, whom the login is about."""
    if known is None:
        attempt.log.trace.add("Nobody has this login id.")
    else:
        attempt.log.trace.user_id = known.user.id
        attempt.log.trace.add(f"The login is for user {known.user.id}.")


def _prove(configuration: TenantConfiguration, facts: PasswordFacts) -> None:
    """The copy of the configuration is the one that was current with the facts. Raises BeginAgain."""
    if configuration.version != facts.configuration_version:
        raise BeginAgain


def _proof(
    services: Services, attempt: _Attempt, configuration: TenantConfiguration, facts: PasswordFacts, subject: UUID
) -> _Proof | None:
    """By what the password is right, if it is: each connector of the tenant's policies is asked in turn."""
    request, questions = attempt.request, attempt.questions
    if request.digest is None and _is_application_token(services, configuration, facts, request.password):
        return _Proof(APPLICATION_TOKEN)
    owner = facts.known.user.connector_id if facts.known else None
    questions.begin()
    asker = Asker(services, attempt.log, configuration, questions, subject, facts.known)
    hashed = False
    for policy in configuration.connectors.to_ask(request.login_id, owner):
        if policy.is_built_in:
            hashed = True
            if _is_stored(attempt, configuration, facts.hashed):
                return _Proof(PASSWORD)
        elif request.digest is None:  # a directory takes the password itself
            vouched = asker.ask(policy)
            if vouched is not None:
                return _Proof(LDAP_CONNECTOR, vouched)
    if not hashed:
        _is_stored(attempt, configuration, None)
    return None


def _is_stored(attempt: _Attempt, configuration: TenantConfiguration, hashed: Hashed | None) -> bool:
    """Whether the password is the stored one. It hashes once, also when there is none (T19)."""
    rules = UserRules.of(configuration.tenant.settings)
    stored = hashed or hashing.nobodys(rules.encryption_scheme, rules.encryption_scheme_factor)
    if stored == attempt.proved:
        return True
    if _matches(attempt.request, stored) and hashed is not None:
        attempt.proved = stored
        return True
    return False


def _matches(request: PasswordRequest, stored: Hashed) -> bool:
    if request.digest is not None:
        return hashing.matches_digest(request.digest, stored)
    return hashing.matches(request.password, stored)


def _is_application_token(
    services: Services, configuration: TenantConfiguration, facts: PasswordFacts, given: str
) -> bool:
    """Whether the password is the user's authentication token of this application, which must allow that."""
    application = configuration.application
    if application is None or facts.known is None:
        return False
    registration = facts.known.registration_for(application.id)
    allowed = (application.settings.get("authentication_token_configuration") or {}).get("enabled")
    if not allowed or registration is None or registration.authentication_token is None:
        return False
    token = opened(registration, services.sealer).authentication_token or ""
    return hmac.compare_digest(token.encode(), given.encode("utf-8", "surrogatepass"))


def _person(facts: PasswordFacts) -> Person:
    assert facts.known is not None  # who has proved something is known
    return Person(facts.known.user, facts.known.registrations, facts.known.standing)


def _entry(attempt: _Attempt, configuration: TenantConfiguration, authentication_type: str, visit: Visit) -> Entry:
    return Entry(
        door=Door.PASSWORD,
        configuration=configuration,
        visit=visit,
        authentication_type=authentication_type,
        log=attempt.log,
        version=configuration.version,
        password=attempt.request.password
        if authentication_type == PASSWORD and attempt.request.digest is None
        else None,
    )
