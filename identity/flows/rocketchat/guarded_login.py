"""A whole login at the Rocket.Chat door: its own blocking around it, the proof, and the second factor behind the proof.

Every form of a login comes through here, and once only: whichever proof came first, the rest is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_forms import PasswordForm, ResumeForm
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.login_attempt import Visit
from identity.flows.rocketchat.blocking import (
    address_counters,
    guarded,
    has_own_user_rule,
    own_blocking,
    subject_of,
    user_counters,
)
from identity.flows.rocketchat.challenges import challenged_user
from identity.flows.rocketchat.log_in import log_in_by_password, password_request, resume
from identity.flows.rocketchat.second_factor import with_second_factor
from identity.flows.services import Services


def guarded_password_login(
    services: Services,
    configuration: ApplicationConfiguration,
    form: PasswordForm,
    visit: Visit,
    address: str | None,
    trace: Trace,
) -> LoginOutcome:
    """`address` is the one that decides. Raises as `log_in_by_password` does."""
    tenant_id, counters = configuration.tenant.id, address_counters(services, address)
    request, subject = password_request(services, configuration, form, visit), None
    if counters or has_own_user_rule(services.settings.rocketchat):
        subject = subject_of(services, tenant_id, request.login_id, request.login_id_types)
        counters += user_counters(services, tenant_id, subject)
    own = replace(visit, own_blocking=own_blocking(services, counters))

    def log_in() -> LoginOutcome:
        outcome = log_in_by_password(services, replace(request, visit=own), trace)
        return with_second_factor(services, outcome, own, form.code, trace)

    return guarded(services, tenant_id, subject, counters, trace, log_in)


def guarded_resume(
    services: Services, form: ResumeForm, tenant_id: UUID, address: str | None, trace: Trace
) -> LoginOutcome:
    """A token is no guess at a user's secret, so users are not blocked here; and its success proves nothing anew."""
    counters = address_counters(services, address)
    return guarded(services, tenant_id, None, counters, trace, lambda: resume(services, form, trace), empties=False)


def guarded_service_login(
    services: Services,
    tenant_id: UUID,
    visit: Visit,
    address: str | None,
    code: str | None,
    trace: Trace,
    log_in: Callable[[], LoginOutcome],
) -> LoginOutcome:
    """`log_in` asks the service who it is: nothing to guess, so a user's failures matter for the second factor only."""

    def whole_login() -> LoginOutcome:
        outcome = log_in()
        subject = None if outcome.ticket is None else challenged_user(services, outcome.ticket)
        if outcome.verdict is not Verdict.SECOND_FACTOR_REQUIRED or subject is None:
            return outcome
        counters = user_counters(services, tenant_id, subject)
        own = replace(visit, own_blocking=own_blocking(services, counters))
        return guarded(
            services,
            tenant_id,
            subject,
            counters,
            trace,
            lambda: with_second_factor(services, outcome, own, code, trace),
        )

    return guarded(services, tenant_id, None, address_counters(services, address), trace, whole_login)
