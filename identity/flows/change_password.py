"""203: whether a login must wait for a new password, and the id that lets the user set one (row 27)."""

from __future__ import annotations

from identity.domain.outcome import ChangeReason, LoginOutcome, Verdict
from identity.flows.login_attempt import Entry, Person
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.external_identifiers import ExternalIdentifier, Kind

NAME = "change_password_id"


def reason(services: Services, entry: Entry, person: Person) -> ChangeReason | None:
    """Why the password must be changed; never for a user without one (decision 7)."""
    user = person.user
    if user.password_last_update_instant is None or not user.password_change_required:
        return None
    return ChangeReason.ADMINISTRATIVE


def demand(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """An id that is good for one change of the password."""
    now = services.runtime.now()
    tenant = entry.configuration.tenant
    secret = new_identifier(services, tenant, NAME)
    identifier = ExternalIdentifier(
        Kind.CHANGE_PASSWORD,
        tenant.id,
        now,
        end_of(tenant, NAME, now),
        user_id=person.user.id,
        application_id=entry.application_id,
        state=entry.visit.state,
    )
    with services.db.transaction() as conn:
        external_identifiers.add(conn, secret, identifier)
    why = reason(services, entry, person)
    return LoginOutcome(Verdict.PASSWORD_CHANGE_REQUIRED, ticket=secret, change_reason=why)
