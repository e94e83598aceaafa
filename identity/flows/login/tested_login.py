"""A login with a connectionTestId: it proves the provider's configuration, records steps, and leaves nothing else.

Source: login contract 2.11, decision 10. Nothing is persisted but the test's result, and nothing is issued.
"""

from __future__ import annotations

from identity.domain.connection_test import ConnectionTest, LoginStep
from identity.domain.model import Claims
from identity.flows.login.login_attempt import Attempt, Context, LoginRequest
from identity.flows.services import Services
from identity.store import connection_tests
from identity.upstream import UpstreamRefused

TITLE = "Login"


class NoSuchTest(Exception):
    """The test is unknown, has expired, or belongs to another provider or tenant."""


def running_test(services: Services, request: LoginRequest, context: Context) -> ConnectionTest | None:
    """The test this login belongs to; None for an ordinary login. Raises NoSuchTest."""
    if request.connection_test_id is None:
        return None
    with services.db.read() as conn:
        test = connection_tests.find(conn, request.connection_test_id, services.runtime.now())
    if test is None or test.provider_id != context.provider_id or test.tenant_id != context.tenant_id:
        raise NoSuchTest
    return test


def record_refusal(services: Services, test: ConnectionTest, attempt: Attempt, refusal: UpstreamRefused) -> None:
    _record(services, test.after(*_steps(attempt), LoginStep(TITLE, f"[{refusal.code}] {refusal.message}", False)))


def record_success(services: Services, test: ConnectionTest, attempt: Attempt, claims: Claims) -> None:
    proved = test.after(*_steps(attempt), LoginStep(TITLE, "The provider vouched for the person.", True))
    _record(services, proved.proved(claims.subject, claims.email, claims.username))


def _steps(attempt: Attempt) -> list[LoginStep]:
    """What the provider's code noted on its way; the trace holds no secret."""
    return [LoginStep("Provider", step.text, True) for step in attempt.trace]


def _record(services: Services, test: ConnectionTest) -> None:
    with services.db.transaction() as conn:
        connection_tests.record(conn, test)
