"""Codes that are sent: for a challenge, and to set a method up or remove it. Source: supporting contract section 12.

A new code puts an end to the earlier ones for the same purpose. It is written as a hash in the transaction that queues
its mail or message, so that either both are there or nothing.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.second_factor import EMAIL, typed
from identity.domain.standing import TwoFactorMethod
from identity.flows.services import Services

PURPOSE = "two-factor code"
GENERATOR = "two_factor_one_time_code_id"
"""How the tenant makes codes, and how long they live."""


def target_of(method: TwoFactorMethod) -> str:
    """What a code that is sent to a new method proves."""
    return f"{method.method}:{canonical(method.email or '') if method.method == EMAIL else method.mobile_phone}"


def code_hash(services: Services, user_id: UUID, target: str, code: str) -> bytes:
    """What is kept of a code to set a method up or remove it; keyed, since a code is short."""
    return services.sealer.derive(PURPOSE, f"{user_id}/{target}/{typed(code)}".encode("utf-8", "surrogatepass"))
