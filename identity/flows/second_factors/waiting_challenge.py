"""A challenge as the page that asks for its answer sees it: whose it is, and how it can be answered now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.errors import Invalid, NotFound
from identity.domain.model import User
from identity.domain.standing import TwoFactorMethod
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.store import external_identifiers, users
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class WaitingChallenge:
    """`methods` can answer it; where there are none, `configurable` are the kinds that may be set up."""

    user: User
    application_id: UUID | None
    methods: tuple[TwoFactorMethod, ...]
    configurable: tuple[str, ...]
    was_set_up: bool
    """Whether the user has set up a method in answer to it."""

    may_trust: bool
    """Whether a computer can be trusted, so that the next login from it asks for no second factor."""


def waiting_challenge(services: Services, tenant_id: UUID | None, two_factor_id: str | None) -> WaitingChallenge | None:
    """None when it is answered, spent, too old or another tenant's, or when there is nothing left to answer it with.

    None as well when it was not begun by a login: then it is no sign-in that would go on.
    """
    if two_factor_id is None:
        return None
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, two_factor_id, services.runtime.now())
        user = users.get(conn, found.tenant_id, found.user_id) if found and found.user_id else None
    if found is None or user is None or tenant_id not in (None, found.tenant_id):
        return None
    try:
        policy = policy_of(configuration_for(services, found.tenant_id, found.application_id))
    except (Invalid, NotFound):  # the application was closed meanwhile
        return None
    challenge, methods = Challenge.of(found), policy.usable(user.two_factor_methods)
    if challenge.started or (not methods and not challenge.configures):
        return None
    return WaitingChallenge(
        user=user,
        application_id=found.application_id,
        methods=methods,
        configurable=policy.configurable(user.two_factor_methods),
        was_set_up=challenge.configured,
        may_trust=policy.may_trust,
    )
