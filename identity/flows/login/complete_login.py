"""Complete-Login: what a login page was handed by a provider becomes a user, a link and tokens.

The story of login contract 3.5, in its order. The provider and the lambda are talked to with no transaction open
(decision 17). What was read before is proved by what is read after; where a proof fails, or another login was faster,
the attempt begins again with what the provider already said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from identity.domain.errors import Problem, invalid_fields
from identity.domain.linking import NoLink, PendLink, decide_link, lambda_runs
from identity.domain.model import Claims
from identity.domain.outcome import Door, LoginOutcome, Verdict
from identity.domain.own_app import is_own_app
from identity.domain.precedence import OTHER_APP, row, rule_of
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ProviderConfiguration
from identity.flows.login.establish_person import LinkRefused, establish, refuse_link
from identity.flows.login.find_person import Nobody, find_person
from identity.flows.login.finish_login import finish_login, refusal
from identity.flows.login.login_attempt import Attempt, BeginAgain, Context, Entry, LoginRequest, Person
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import named_application, prove_current, until_it_holds
from identity.flows.login.reach_provider import outside_of
from identity.flows.login.resume_login import CannotResume, is_still_out
from identity.flows.login.run_reconcile import as_lambda_left, new_registration, pictured, run_reconcile
from identity.flows.login.tested_login import NoSuchTest, record_refusal, record_success, running_test
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.providers import PROVIDERS, missing_data
from identity.store import links, logins, pending_links
from identity.store.db import InUse
from identity.upstream import IdentityProvider, UpstreamRefused

MILLISECONDS = 1000


def complete_login(services: Services, request: LoginRequest, trace: Trace) -> LoginOutcome:
    """Raises Invalid (400) and StoreUnavailable (503); every other ending is an outcome."""
    attempt = Attempt(request, trace, LoginLog(trace))
    return until_it_holds(services, attempt.log, lambda: _attempt(services, attempt))


def _attempt(services: Services, attempt: Attempt) -> LoginOutcome:
    """Rows 3 to 9."""
    attempt.log.provider = None
    visit = attempt.request.visit
    application = named_application(services, attempt.request.application_id, visit.tenant_id, attempt.trace)
    if not application.application.active:
        return _refuse(services, attempt, application.version, "InvalidApplication", "The application is not active.")
    provider = services.configurations.provider(attempt.request.provider_id, application.application)
    if provider is None:
        why = "The identity provider does not exist, or is not enabled for this application."
        return _refuse(services, attempt, application.version, "InvalidIdentityProviderId", why)
    attempt.log.provider = provider.config
    attempt.trace.identity_provider_id = provider.config.id
    if not is_own_app(attempt.request.app, provider.values):
        why = "The client names another app of the provider than this service's."
        return _refuse(services, attempt, provider.version, OTHER_APP, why)
    implementation = PROVIDERS[provider.config.type]
    _check_data(implementation, attempt.request.data)
    context = Context(application, provider, implementation.authentication_type)
    try:
        test = running_test(services, attempt.request, context)
    except NoSuchTest:
        why = "The connection test is unknown, has expired, or is another provider's."
        return _refuse(services, attempt, application.version, "ExternalAuthenticationExpired", why)
    try:
        if is_still_out(services, attempt, context):
            attempt.trace.add("The person has not come back from the provider yet.", row(6))
            return LoginOutcome(Verdict.WAITING)
    except CannotResume as why_not:
        return _refuse(services, attempt, provider.version, why_not.code, why_not.message, why_not.data)
    try:
        claims = _claims(services, attempt, provider, implementation)
    except UpstreamRefused as refusal:
        if test is not None:
            record_refusal(services, test, attempt, refusal)
        return _refuse_for(services, attempt, provider.version, refusal)
    if test is not None:
        record_success(services, test, attempt, claims)
        return LoginOutcome(Verdict.LOGGED_IN)
    return _resolve(services, attempt, context, claims)


def _check_data(implementation: IdentityProvider, data: Mapping[str, str]) -> None:
    """Row 2: the members this provider needs. Raises Invalid with all that are missing."""
    missing = [(f"data.{name}", "blank") for name in missing_data(implementation, data)]
    if missing:
        raise invalid_fields(missing)


def _claims(
    services: Services, attempt: Attempt, provider: ProviderConfiguration, implementation: IdentityProvider
) -> Claims:
    """Rows 7 to 9: what the provider says, asked once per login. Raises UpstreamRefused."""
    credentials = tuple(provider.values[name] for name in implementation.credentials)
    if attempt.said is None or attempt.signed_with != credentials:
        outside = outside_of(services, implementation, attempt.trace)
        try:
            attempt.said = implementation.claims(provider.values, attempt.request.data, outside)
        except UpstreamRefused as refusal:
            attempt.said = refusal
            attempt.log.provider_refused(refusal)
        for failure in outside.overlooked:
            attempt.log.provider_overlooked(failure)
        attempt.signed_with = credentials
    if isinstance(attempt.said, UpstreamRefused):
        raise attempt.said
    return attempt.said


def _refuse(
    services: Services,
    attempt: Attempt,
    version: int,
    code: str,
    message: str,
    data: Mapping[str, Any] | None = None,
) -> LoginOutcome:
    """A 401 that rests on copied configuration only, so the copy is proved first. Raises BeginAgain."""
    prove_current(services, version)
    attempt.trace.add(f"Refused: [{code}] {message}", rule_of(code))
    return LoginOutcome(Verdict.REFUSED, problem=Problem(f"[{code}]", message, dict(data or {})))


def _refuse_for(services: Services, attempt: Attempt, version: int, refusal: UpstreamRefused) -> LoginOutcome:
    """Rows 7 to 9, by the row that the provider names. Raises BeginAgain."""
    prove_current(services, version)
    attempt.trace.add(f"Refused: [{refusal.code}] {refusal.message}", row(refusal.leg.row))
    problem = Problem(f"[{refusal.code}]", refusal.message, refusal.data)
    failing = refusal.failing
    return LoginOutcome(Verdict.REFUSED, problem=problem, provider_failed=failing, provider_refused=not failing)


def _resolve(services: Services, attempt: Attempt, context: Context, claims: Claims) -> LoginOutcome:
    """Rows 10 to 15: the link, the strategy, the user."""
    with services.db.read() as conn:
        facts = logins.read_facts(conn, context.tenant_id, context.provider_id, claims.subject)
    if facts.configuration_version != context.version:
        raise BeginAgain
    strategy = context.provider.config.linking_strategy
    linked_user = facts.linked.user.id if facts.linked else None
    found = f"is linked to user {linked_user}" if linked_user else "is linked to no user"
    attempt.trace.add(f"The person {claims.subject} {found}.")
    decision = decide_link(strategy, linked_user, no_link=attempt.request.no_link)
    attempt.trace.add(f"By the linking strategy {strategy.value}: {decision.meaning}.")
    if isinstance(decision, NoLink):
        why = "The request forbids a link." if attempt.request.no_link else "The strategy forbids links."
        attempt.trace.add(why, row(11 if attempt.request.no_link else 12))
        return LoginOutcome(Verdict.NOT_FOUND)
    if isinstance(decision, PendLink):
        attempt.trace.add("A pending link is kept.", row(13))
        return _pend(services, context, claims)
    with _deciding(attempt.trace, row(14)):
        person = find_person(services, attempt, context, claims, decision, facts.linked)
    if isinstance(person, Nobody):
        return _refuse(services, attempt, context.version, person.code, person.message)
    attempt.trace.user_id = person.user.id
    return _admit(services, attempt, context, claims, person)


def _pend(services: Services, context: Context, claims: Claims) -> LoginOutcome:
    """Row 13: nothing but a pending link is stored, and nothing but its id leaves."""
    now = services.runtime.now()
    pending_id = services.runtime.new_secret()
    token, secret = links.seal_tokens(
        services.sealer, context.tenant_id, context.provider_id, claims.subject, claims.token, claims.token_secret
    )
    pending = pending_links.PendingLink(
        tenant_id=context.tenant_id,
        application_id=context.application_id,
        identity_provider_id=context.provider_id,
        identity_provider_user_id=claims.subject,
        display_name=claims.display_name,
        email=claims.email,
        username=claims.username,
        token=token,
        token_secret=secret,
        insert_instant=now,
        expiry=now + context.application.seconds_of("pending_account_link") * MILLISECONDS,
    )
    try:
        with services.db.transaction() as conn:
            pending_links.add(conn, pending_id, pending)
    except InUse:  # the application or provider was removed meanwhile
        raise BeginAgain from None
    return LoginOutcome(Verdict.LINK_PENDING, ticket=pending_id)


def _admit(services: Services, attempt: Attempt, context: Context, claims: Claims, found: Person) -> LoginOutcome:
    """Rows 16 to 32: the gates, the link limit, the lambda, and the two commits."""
    entry = _entry(services, attempt, context, claims)
    if found.stored and (refused := refusal(services, entry, found)) is not None:
        return refused
    try:
        if found.stored and not found.linked:
            with services.db.read() as conn:
                refuse_link(conn, services, context, found)
        if lambda_runs(context.provider.config.linking_strategy):
            with _deciding(attempt.trace, row(20)):
                run_reconcile(services, attempt, context, claims, found)
        settle = partial(_settled, _standing_still(services), attempt, context, claims)
        stored = establish(services, attempt, context, claims, found, settle)
    except LinkRefused as refused_link:
        return _refuse(services, attempt, context.version, refused_link.code, refused_link.message)
    return finish_login(services, entry, stored)


def _standing_still(services: Services) -> Services:
    """For what may be worked out more than once: each time with the same instant and the same new id."""
    now, new_id = services.runtime.now(), services.runtime.new_id()
    return replace(services, runtime=replace(services.runtime, now=lambda: now, new_id=lambda: new_id))


@contextmanager
def _deciding(trace: Trace, rule: str) -> Iterator[None]:
    """The rule by which a failure of the lambda within ends the login."""
    try:
        yield
    except LambdaFailed:
        trace.add("The login ends with the failure of the lambda.", rule)
        raise


def _entry(services: Services, attempt: Attempt, context: Context, claims: Claims) -> Entry:
    token, secret = links.seal_tokens(
        services.sealer, context.tenant_id, context.provider_id, claims.subject, claims.token, claims.token_secret
    )
    return Entry(
        door=Door.COMPLETE_LOGIN,
        configuration=context.application,
        visit=attempt.request.visit,
        authentication_type=context.authentication_type,
        log=attempt.log,
        version=context.version,
        provider=context.provider,
        link=logins.LinkUse(
            context.provider_id, claims.subject, claims.display_name, token, secret, _noted(attempt, claims)
        ),
    )


def _noted(attempt: Attempt, claims: Claims) -> dict[str, Any]:
    notes = attempt.request.notes
    return {} if notes is None else notes.of(claims.raw)


def _settled(services: Services, attempt: Attempt, context: Context, claims: Claims, person: Person) -> Person:
    """The person as this login leaves them: with what the lambda changed, and registered if the provider says so."""
    if lambda_runs(context.provider.config.linking_strategy):
        person = as_lambda_left(services, attempt, context, pictured(services, claims, person))
    if context.provider.override.create_registration and person.registration_for(context.application_id) is None:
        person = person.with_registration(new_registration(services, context.application.application, person.user))
    return person
