"""A ping: somebody who is logged in elsewhere came to an application, and that counts as a login there.

No token and no step is handed out; the record and the instants of the last login are written. Source: supporting
contract 15.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.outcome import REFUSALS, Door, LoginFacts, Verdict, judge
from identity.flows.services import Services
from identity.store import applications, configuration, logins, users
from identity.store.db import InUse, StoreUnavailable

AUTHENTICATION_TYPE = "PING"
MOST_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Ping:
    """Who came where. `tenant_id` is the tenant the call is scoped to, if it is."""

    user_id: UUID
    application_id: UUID
    tenant_id: UUID | None = None
    ip_address: str | None = None
    user_agent: str | None = None


def ping(services: Services, request: Ping) -> Verdict:
    """LOGGED_IN or NOT_REGISTERED. Raises Invalid (no such application), NotFound: nobody who may log in there."""
    for _ in range(MOST_ATTEMPTS):
        verdict = _attempt(services, request)
        if verdict is not None:
            return verdict
    raise StoreUnavailable("the ping lost every race for its user")


def _attempt(services: Services, request: Ping) -> Verdict | None:
    """None when the user changed meanwhile."""
    now = services.runtime.now()
    with services.db.read() as conn:
        version = configuration.version(conn)
        user = users.get(conn, request.tenant_id, request.user_id)
        if user is None:
            raise NotFound
        application = applications.get(conn, request.application_id, user.tenant_id)
        if application is None or not application.active:
            raise invalid_field("applicationId", "invalid")
        known = logins.find_by_id(conn, user.tenant_id, user.id)
        if known is None:  # deleted this very moment
            raise NotFound
        verdict = judge(
            LoginFacts(
                door=Door.COMPLETE_LOGIN,
                now=now,
                active=known.user.active,
                expiry=known.user.expiry,
                registered=known.registration_for(application.id) is not None,
                prevented=bool(known.standing.preventing(now, application.id)),
            )
        )
        if verdict in REFUSALS:
            raise NotFound
        completion = logins.Completion(
            configuration_version=version,
            now=now,
            tenant_id=application.tenant_id,
            user_id=known.user.id,
            login_version=known.standing.login_version,
            application_id=application.id,
            record_id=services.runtime.new_id(),
            ip_address=request.ip_address,
            user_agent=request.user_agent,
            authentication_type=AUTHENTICATION_TYPE,
        )
        try:
            return verdict if logins.complete(conn, completion) else None
        except InUse:
            return None
