"""Put another password in the place of a user's present one: what is remembered, and what dies with the old one.

The caller holds the user's row lock. Source: supporting contract 6.2, 6.5 and 14.
"""

from __future__ import annotations

from collections.abc import Sequence

from identity import hashing
from identity.domain import passwords as password_rules
from identity.domain.model import Tenant, User
from identity.domain.password_change import ChangeRules
from identity.domain.user_rules import UserRules
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import external_identifiers, passwords, previous_passwords, refresh_tokens
from identity.store.db import Connection
from identity.store.external_identifiers import Kind

GRANTED_BY_THE_OLD = (
    Kind.CHANGE_PASSWORD,
    Kind.SETUP_PASSWORD,
    Kind.ONE_TIME_PASSWORD,
    Kind.PROVED_LOGIN,
    Kind.TWO_FACTOR,
)
"""What a password, or the want of one, brought forth, and what must not outlive it."""


def password_problems(password: str, tenant: Tenant, user: User) -> list[str]:
    """The reason words of every rule of the tenant that the password breaks."""
    rules = UserRules.of(tenant.settings)
    found = password_rules.problems(password, rules.password, (user.email, user.username))
    for _, reason in hashing.problems(password, rules.encryption_scheme, rules.encryption_scheme_factor):
        if reason not in found:
            found.append(reason)
    return found


def remembered(conn: Connection, tenant: Tenant, user: User) -> list[Hashed]:
    """The passwords that may not come back. To compare with them is slow: not while a transaction is open."""
    most = ChangeRules.of(tenant.settings).remembered
    return previous_passwords.of_user(conn, tenant.id, user.id, most) if most else []


def is_reused(password: str, before: Sequence[Hashed]) -> bool:
    return any(hashing.matches(password, each) for each in before)


def hash_for(services: Services, tenant: Tenant, password: str) -> Hashed:
    """The password as the tenant stores passwords now."""
    rules = UserRules.of(tenant.settings)
    scheme, factor = rules.encryption_scheme, rules.encryption_scheme_factor
    return hashing.hash_password(password, scheme, factor, services.runtime.random_bytes)


def replace_password(
    conn: Connection, services: Services, tenant: Tenant, user: User, hashed: Hashed, now: int
) -> None:
    """Store the new password, end the sessions that the policy ends, and close what the old one had opened."""
    most = ChangeRules.of(tenant.settings).remembered
    if most:
        previous_passwords.remember(conn, tenant.id, user.id, services.runtime.new_id(), most, now)
    passwords.save(conn, tenant.id, user.id, hashed, now)
    for kind in GRANTED_BY_THE_OLD:
        external_identifiers.remove_of_user(conn, kind, tenant.id, user.id)
    if UserRules.of(tenant.settings).revoke_tokens_on_password_change:
        refresh_tokens.revoke_of_user(conn, tenant.id, user.id)
