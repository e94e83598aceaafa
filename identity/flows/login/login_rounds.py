"""What every door does around its login: find the application, and begin again while the ground moves."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from identity.domain.errors import Problem, invalid_field, invalid_request
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.precedence import row
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.login_attempt import BeginAgain
from identity.flows.login.login_log import LoginLog
from identity.flows.services import Services
from identity.outbound.reconcile import LambdaFailed
from identity.store import configuration, tenants
from identity.store.db import StoreUnavailable

MOST_ATTEMPTS = 8


def until_it_holds(services: Services, log: LoginLog, attempt: Callable[[], LoginOutcome]) -> LoginOutcome:
    """The outcome of the first attempt whose ground did not move; its log is written. Raises StoreUnavailable."""
    try:
        for _ in range(MOST_ATTEMPTS):
            try:
                outcome = attempt()
            except BeginAgain:
                log.trace.add("The configuration or the user changed meanwhile: the login begins again.")
                services.configurations.forget()
                continue
            except LambdaFailed:
                # Only the event log says why: neither the thrown text nor the limit is the caller's business (P#2006).
                problem = Problem("[LambdaInvocationException]", "A lambda failed; the event log says why.")
                outcome = LoginOutcome(Verdict.LAMBDA_FAILED, problem=problem)
            log.trace.add(f"The login ended as {outcome.verdict.name} ({outcome.verdict.value}).")
            return outcome
        raise StoreUnavailable("the login lost every race for its rows")
    finally:
        log.write(services)


def prove_current(services: Services, version: int) -> None:
    """For an answer that rests on copied configuration only: this is still its version. Raises BeginAgain."""
    with services.db.read() as conn:
        if configuration.version(conn) != version:
            raise BeginAgain


def named_application(
    services: Services, application_id: UUID, scope: UUID | None, trace: Trace
) -> ApplicationConfiguration:
    """Row 3: the application, which must be of the tenant that the call is scoped to, if it is. Raises Invalid."""
    found = services.configurations.application(application_id)
    if found is not None and scope in (None, found.application.tenant_id):
        trace.tenant_id, trace.application_id = found.application.tenant_id, found.application.id
        return found
    trace.add("The application is unknown, or another tenant's.", row(3))
    if scope is not None:
        require_tenant(services, scope)
    raise invalid_field("applicationId", "invalid")


def require_tenant(services: Services, tenant_id: UUID) -> None:
    """Raises Invalid: the header names no tenant."""
    with services.db.read() as conn:
        if not tenants.exists(conn, tenant_id):
            raise invalid_request("InvalidTenantId", "The X-FusionAuth-TenantId header names no tenant.")
