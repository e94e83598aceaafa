"""Step-up: begin a second factor through the API, outside of a login. Source: supporting contract section 12."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.standing import TwoFactorMethod
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.second_factors.challenge import Challenge, SentCode, digest_of
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.second_factors.sent_codes import GENERATOR
from identity.flows.second_factors.trust_tokens import trust_digest
from identity.flows.services import Services
from identity.store import external_identifiers, two_factor
from identity.store.external_identifiers import ExternalIdentifier, Kind

AUTHENTICATION_TYPE = "ONE_TIME_PASSWORD"
"""Of a login that began here: nobody gave a password."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """For whom, and for what, a second factor is begun."""

    tenant_id: UUID
    user_id: UUID
    application_id: UUID | None = None
    code: str | None = field(default=None, repr=False)
    """The caller's own code instead of a generated one."""

    state: str | None = None
    trust_challenge: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Started:
    """The challenge, the code that answers it, and the user's methods that do so as well."""

    two_factor_id: str = field(repr=False)
    code: str = field(repr=False)
    methods: Sequence[TwoFactorMethod]


def start_two_factor(services: Services, request: StartRequest) -> Started:
    """Raises Invalid, NotFound."""
    configuration = configuration_for(services, request.tenant_id, request.application_id)
    now = services.runtime.now()
    two_factor_id = services.runtime.new_secret()
    code = request.code or new_identifier(services, configuration.tenant, GENERATOR)
    with services.db.read() as conn:
        stored = two_factor.methods_of(conn, request.tenant_id, request.user_id)
    challenge = Challenge(
        authentication_type=AUTHENTICATION_TYPE,
        started=True,
        trust_challenge=request.trust_challenge and trust_digest(request.trust_challenge),
        sent=SentCode(digest_of(two_factor_id, code), end_of(configuration.tenant, GENERATOR, now)),
    )
    identifier = ExternalIdentifier(
        Kind.TWO_FACTOR,
        request.tenant_id,
        now,
        end_of(configuration.tenant, "two_factor_id", now),
        user_id=request.user_id,
        application_id=request.application_id,
        data=challenge.data(),
        state=request.state,
    )
    with services.db.transaction() as conn:
        external_identifiers.add(conn, two_factor_id, identifier)
    return Started(two_factor_id, code, policy_of(configuration).usable(kept.method for kept in stored))
