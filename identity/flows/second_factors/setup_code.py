"""The code by which a login goes on whose user had to set up a second factor first (login contract D10).

The new method's own code was spent to prove it. What stands for it is handed out, for this challenge alone.
"""

from __future__ import annotations

from dataclasses import replace

from identity.domain.model import Tenant
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.second_factors.challenge import Challenge, SentCode, digest_of
from identity.flows.second_factors.sent_codes import GENERATOR
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind


def hand_out_code(
    conn: Connection, services: Services, tenant: Tenant, two_factor_id: str, waiting: ExternalIdentifier
) -> str:
    """A code for the challenge, which the caller has locked, and in answer to which a method was set up."""
    code = new_identifier(services, tenant, GENERATOR)
    sent = SentCode(digest_of(two_factor_id, code), end_of(tenant, GENERATOR, services.runtime.now()))
    challenge = replace(Challenge.of(waiting), sent=sent, configured=True)
    external_identifiers.change(conn, Kind.TWO_FACTOR, two_factor_id, challenge.data())
    return code


def code_after_setup(services: Services, tenant: Tenant, two_factor_id: str) -> str | None:
    """As much, a while later: None unless a method was set up in answer to this very challenge, which still waits."""
    now = services.runtime.now()

    def work(conn: Connection) -> str | None:
        waiting = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if waiting is None or waiting.tenant_id != tenant.id or not Challenge.of(waiting).configured:
            return None
        return hand_out_code(conn, services, tenant, two_factor_id, waiting)

    return services.db.transact(work)
