"""Codes that are sent to an address: how they are made and kept, and which addresses take one."""

from __future__ import annotations

from uuid import UUID

from identity.domain.contact import canonical, is_email
from identity.domain.errors import invalid_field
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


def checked_email(email: str | None) -> str:
    """Raises Invalid."""
    if not (address := (email or "").strip()):
        raise invalid_field("email", "blank")
    if not is_email(address):
        raise invalid_field("email", "notEmail")
    return address


def checked_phone(mobile_phone: str | None) -> str:
    """Raises Invalid."""
    if not (phone := (mobile_phone or "").strip()):
        raise invalid_field("mobilePhone", "blank")
    return phone
