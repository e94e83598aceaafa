"""Give the second factor for one thing outside of a login, such as a new password: the answer earns a trust token.

It is no login: nothing is recorded, and nobody is let in. Source: supporting contract sections 12 and 14.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.errors import NotFound, WrongCode
from identity.domain.outcome import Verdict
from identity.flows.second_factors.answer_challenge import answer_challenge
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.trust_tokens import issue_trust_token
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.external_identifiers import ExternalIdentifier, Kind


@dataclass(frozen=True, slots=True)
class StepUp:
    """An answer to a challenge that was begun for this user."""

    tenant_id: UUID
    user_id: UUID
    two_factor_id: str = field(repr=False)
    code: str = field(repr=False)


def step_up(services: Services, answer: StepUp) -> str:
    """The trust token. Raises WrongCode; NotFound: the challenge is unknown, too old, spent, or another user's."""
    found = _begun(services, answer)
    configuration = configuration_for(services, found.tenant_id, found.application_id)
    answered = answer_challenge(services, configuration, found, answer.two_factor_id, answer.code)
    if answered is Verdict.WRONG_CODE:
        raise WrongCode
    if not isinstance(answered, Challenge):
        raise NotFound
    return issue_trust_token(services, configuration.tenant, answer.user_id, answered.trust_challenge)


def _begun(services: Services, answer: StepUp) -> ExternalIdentifier:
    """Only what was begun for this: the challenge of a login is answered by going on with that login."""
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, answer.two_factor_id, services.runtime.now())
    if found is None or (found.tenant_id, found.user_id) != (answer.tenant_id, answer.user_id):
        raise NotFound
    if not Challenge.of(found).started:
        raise NotFound
    return found
