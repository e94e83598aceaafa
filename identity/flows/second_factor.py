"""242: whether a login needs a second factor, and the challenge that asks for it (login contract 3.5 row 26)."""

from __future__ import annotations

from identity.domain.outcome import LoginOutcome, Verdict
from identity.flows.login_attempt import Entry, Person
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.external_identifiers import ExternalIdentifier, Kind

MILLISECONDS = 1000


def needed(services: Services, entry: Entry, person: Person) -> bool:
    """Whether the person has to give a second factor now."""
    return bool(person.standing.methods) and not entry.second_factor_done


def challenge(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """A challenge that keeps what the completion needs, and the methods to choose from."""
    now = services.runtime.now()
    secret = services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.TWO_FACTOR,
        entry.tenant_id,
        now,
        now + entry.configuration.seconds_of("two_factor_id") * MILLISECONDS,
        user_id=person.user.id,
        application_id=entry.application_id,
        data={"authentication_type": entry.authentication_type},
        state=entry.visit.state,
    )
    with services.db.transaction() as conn:
        external_identifiers.add(conn, secret, identifier)
    return LoginOutcome(Verdict.SECOND_FACTOR_REQUIRED, ticket=secret, standing=person.standing)
