"""Second factors that come with a new user: from an administrator who creates one, or from an import.

Nothing proves them but the administrator's word. Source: supporting contract 3.2 and 3.6.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.contact import is_email
from identity.domain.errors import Invalid
from identity.domain.second_factor import AUTHENTICATOR, EMAIL, KINDS, MOST_METHODS, new_method_id
from identity.domain.standing import TwoFactorMethod
from identity.domain.totp import Authenticator, secret_from
from identity.flows.services import Services
from identity.store import two_factor
from identity.store.db import Connection
from identity.store.two_factor import RecoveryCode, StoredMethod, recovery_place, secret_place

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class BroughtMethod:
    """A second factor as a request has it. The secret of an authenticator is base64."""

    method: str | None = None
    secret: str | None = field(default=None, repr=False)
    email: str | None = None
    mobile_phone: str | None = None
    name: str | None = None
    id: str | None = None
    """Of a method that the user has already."""


def method_problems(asked: Sequence[BroughtMethod]) -> Problems:
    """(member of twoFactor, reason)."""
    found: Problems = []
    for index, each in enumerate(asked):
        found += [(f"methods[{index}].{member}", reason) for member, reason in _problems(each)]
    return [*found, ("methods", "tooMany")] if len(asked) > MOST_METHODS else found


def prepared_methods(
    services: Services, user_id: UUID, asked: Sequence[BroughtMethod], taken: Sequence[str] = ()
) -> tuple[StoredMethod, ...]:
    """With ids that are not taken, secrets sealed. `method_problems` must have found none."""
    made: list[StoredMethod] = []
    for each in asked:
        others = [*taken, *(stored.method.id for stored in made)]
        method_id = new_method_id(others, services.runtime.random_bytes)
        made.append(_stored(services, user_id, method_id, each))
    return tuple(made)


def add_methods(conn: Connection, tenant_id: UUID, user_id: UUID, methods: Sequence[StoredMethod], now: int) -> None:
    for method in methods:
        two_factor.add_method(conn, tenant_id, user_id, method, now)


def add_recovery_codes(
    conn: Connection, services: Services, tenant_id: UUID, user_id: UUID, codes: Sequence[str], now: int
) -> None:
    if not codes:
        return
    sealed = []
    for code in dict.fromkeys(codes):
        code_id = services.runtime.new_id()
        sealed.append(RecoveryCode(code_id, services.sealer.seal(code, recovery_place(user_id, code_id))))
    two_factor.replace_recovery_codes(conn, tenant_id, user_id, sealed, now)


def _problems(asked: BroughtMethod) -> Problems:
    if asked.method not in KINDS:
        return [("method", "invalid" if asked.method else "blank")]
    if asked.method == AUTHENTICATOR:
        try:
            secret_from(asked.secret, None)
        except Invalid:
            return [("secret", "invalid" if asked.secret else "blank")]
        return []
    if asked.method == EMAIL:
        address = (asked.email or "").strip()
        return [] if is_email(address) else [("email", "notEmail" if address else "blank")]
    return [] if (asked.mobile_phone or "").strip() else [("mobilePhone", "blank")]


def _stored(services: Services, user_id: UUID, method_id: str, asked: BroughtMethod) -> StoredMethod:
    kind = str(asked.method)
    if kind == AUTHENTICATOR:
        method = TwoFactorMethod(method_id, kind, name=asked.name, authenticator=Authenticator())
        secret = base64.b64encode(secret_from(asked.secret, None)).decode()
        return StoredMethod(method, secret=services.sealer.seal(secret, secret_place(user_id, method_id)))
    email = (asked.email or "").strip() if kind == EMAIL else None
    phone = (asked.mobile_phone or "").strip() if kind != EMAIL else None
    return StoredMethod(TwoFactorMethod(method_id, kind, email=email, mobile_phone=phone, name=asked.name))
