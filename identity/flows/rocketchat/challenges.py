"""The challenge that waits for a user's second factor at the Rocket.Chat door: one per user, found again by its user.

A client of that door is given no two-factor id: it comes again, with who it is and the code in one request. So the id
is derived from the user with the server's key and never leaves. What was sent and what was tried stays with it, so that
a new request is no new chance (decision record 0028).
"""

from __future__ import annotations

import base64
from dataclasses import replace
from uuid import UUID

from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.new_identifier import end_of
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.start_two_factor import AUTHENTICATION_TYPE
from identity.flows.services import Services
from identity.store import external_identifiers, guesses
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind

PURPOSE = "challenge of the Rocket.Chat door"


def challenge_id(services: Services, tenant_id: UUID, user_id: UUID) -> str:
    """Always the same for the same user; it never leaves the service."""
    digest = services.sealer.derive(PURPOSE, tenant_id.bytes + user_id.bytes)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def find_challenge(services: Services, tenant_id: UUID, user_id: UUID) -> Challenge | None:
    """What waits for this user, if something does."""
    two_factor_id = challenge_id(services, tenant_id, user_id)
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, two_factor_id, services.runtime.now())
    return None if found is None else Challenge.of(found)


def challenged_user(services: Services, ticket: str) -> UUID | None:
    """Whose challenge it is; None when it is gone."""
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, ticket, services.runtime.now())
    return None if found is None else found.user_id


def take_over(services: Services, ticket: str) -> ExternalIdentifier | None:
    """Let the challenge of a login that came this far be the one that waits, with what was sent and tried before.

    None when it is gone already: the user's password was changed, for example.
    """
    now = services.runtime.now()
    with services.db.read() as conn:
        found = external_identifiers.find(conn, Kind.TWO_FACTOR, ticket, now)
    if found is None:
        return None
    tenant_id, user_id = found.tenant_id, found.user_id
    assert user_id is not None  # every challenge is somebody's
    two_factor_id = challenge_id(services, tenant_id, user_id)

    def work(conn: Connection) -> ExternalIdentifier | None:
        guesses.lock(conn, tenant_id, user_id)
        fresh = external_identifiers.take(conn, Kind.TWO_FACTOR, ticket, now)
        if fresh is None:
            return None
        waiting = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        kept = fresh if waiting is None else _with_what_was_tried(fresh, waiting)
        external_identifiers.put(conn, two_factor_id, kept)
        return kept

    return services.db.transact(work, turn=user_id)


def _with_what_was_tried(fresh: ExternalIdentifier, waiting: ExternalIdentifier) -> ExternalIdentifier:
    before = Challenge.of(waiting)
    challenge = replace(Challenge.of(fresh), sent=before.sent, wrong=before.wrong, wrong_codes=before.wrong_codes)
    return replace(fresh, data=challenge.data(), expiry=max(fresh.expiry, waiting.expiry))


def begin_or_find(services: Services, configuration: TenantConfiguration, user_id: UUID) -> ExternalIdentifier:
    """The challenge that waits; one that no login began if there is none, for a proof outside of a login.

    Raises InUse: the user was removed meanwhile.
    """
    now, tenant = services.runtime.now(), configuration.tenant
    two_factor_id = challenge_id(services, tenant.id, user_id)

    def work(conn: Connection) -> ExternalIdentifier:
        guesses.lock(conn, tenant.id, user_id)
        waiting = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if waiting is not None:
            return waiting
        begun = ExternalIdentifier(
            Kind.TWO_FACTOR,
            tenant.id,
            now,
            end_of(tenant, "two_factor_id", now),
            user_id=user_id,
            application_id=configuration.application_id,
            data=Challenge(authentication_type=AUTHENTICATION_TYPE, started=True).data(),
        )
        external_identifiers.put(conn, two_factor_id, begun)
        return begun

    return services.db.transact(work, turn=user_id)
