"""Change users on behalf of an administrator, and what creating and changing them share. Source: supporting contract 3.

Passwords are hashed by the tenant's scheme or the one the request names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity import hashing
from identity.domain import passwords as password_rules
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import Registration, Tenant, User
from identity.domain.password_change import reason_after_update
from identity.domain.user_rules import UserRules, login_id_problems, stored_email
from identity.domain.verification import must_verify_again
from identity.flows.duplicates import duplicates_named
from identity.flows.events.announce import Announce, transact
from identity.flows.mail.report_change import report_other_address
from identity.flows.passwords.replace_password import replace_password
from identity.flows.second_factors.adjust_methods import Adjustment, Made, adjustment, apply_adjustment
from identity.flows.second_factors.brought_methods import BroughtMethod
from identity.flows.second_factors.method_owner import Owner
from identity.flows.services import Services
from identity.flows.users.duplicate_login_ids import duplicates_told
from identity.flows.users.user_events import user_updated
from identity.flows.verifications.begin_verification import begin, email_of
from identity.hashing import Hashed
from identity.store import registrations, tenants, users
from identity.store.db import Connection

DUPLICATES = {
    "users_pkey": "userId",
    "users_id_key": "userId",
    "users_tenant_id_email_canonical_key": "user.email",
    "users_tenant_id_username_canonical_key": "user.username",
    "registrations_pkey": "registration.applicationId",
    "registrations_id_key": "registration.id",
    "group_members_id_key": "user.memberships",
}
"""The field that each uniqueness rule of the database speaks of."""

Registered = tuple[User, list[Registration]]


@dataclass(frozen=True, slots=True)
class UserChange:
    """What a client asks a user to be. `profile` holds every member of `User` that clients set, defaults included."""

    profile: Mapping[str, Any]
    password: str | None = field(default=None, repr=False)
    encryption_scheme: str | None = None
    factor: int | None = None
    skip_verification: bool = False
    disable_domain_block: bool = False
    send_set_password_email: bool = False
    application_id: UUID | None = None
    """Whose mail templates are used."""

    memberships: Sequence[NewMembership] = ()
    """Of a new user: later they change through the groups."""

    two_factor_methods: Sequence[BroughtMethod] | None = None
    """None: they stay as they are."""


@dataclass(frozen=True, slots=True)
class NewMembership:
    """A group that a new user is to be in."""

    group_id: UUID
    id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def update_user(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    change_of: Callable[[User, list[Registration]], UserChange],
    now: int,
) -> Registered:
    """Replace what clients set; `change_of` sees the user as locked, so that a patch builds on the last write.

    Raises Invalid, NotFound, WebhooksRefused.
    """

    made: Made = {}
    wanted: list[User] = []

    def work(conn: Connection, announce: Announce) -> Registered:
        stored, registered = locked(services, conn, tenant_id, user_id)
        change = _possible(stored, change_of(stored, registered))
        tenant = tenant_of(conn, stored.tenant_id)
        rules = UserRules.of(tenant.settings)
        user = _updated(stored, change, checked_profile(change, rules), now)
        renewed = must_verify_again(tenant.settings, stored, user) and not change.skip_verification
        if renewed:
            user = replace(user, verified=False, verified_reason="Pending")
        wanted.append(user)
        users.update(conn, user)
        report_other_address(conn, services, tenant, stored, user)
        if renewed:
            begin(conn, services, email_of(tenant, user), now, mailed=True)
        if (password := hashed_password(services, change, rules)) is not None:
            replace_password(conn, services, tenant, user, password, now)
        if methods := _methods(services, stored, change, made):
            user = replace(user, two_factor_methods=methods.after)
            apply_adjustment(conn, services, Owner(user, tenant, tuple(registered)), methods, announce, now)
        announce(user.tenant_id, user_updated((stored, registered), (user, registered)))
        return user, registered

    with duplicates_named(DUPLICATES), duplicates_told(services, "update", wanted):
        return transact(services, work, turn=user_id)


def _possible(stored: User, change: UserChange) -> UserChange:
    """Raises Invalid: a directory keeps the password of its people."""
    if change.password is not None and stored.is_of_directory:
        raise invalid_field("user.password", "keptElsewhere")
    return change


def _methods(services: Services, stored: User, change: UserChange, made: Made) -> Adjustment:
    """Raises Invalid."""
    wanted = change.two_factor_methods
    return Adjustment() if wanted is None else adjustment(services, stored, wanted, made)


def locked(services: Services, conn: Connection, tenant_id: UUID | None, user_id: UUID) -> Registered:
    """The user and registrations, held until the transaction ends. Raises NotFound."""
    if not users.lock(conn, tenant_id, user_id):
        raise NotFound
    user = users.get(conn, tenant_id, user_id)
    assert user is not None  # the lock holds the row
    return user, registrations.of_user(conn, services.sealer, user.tenant_id, user.id)


def tenant_of(conn: Connection, tenant_id: UUID) -> Tenant:
    """Raises NotFound: the tenant was deleted meanwhile."""
    tenant = tenants.get(conn, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


def checked_profile(change: UserChange, rules: UserRules, *, is_new: bool = False) -> dict[str, Any]:
    """The members to store. Raises Invalid with everything that is wrong at once."""
    profile = dict(change.profile)
    profile["email"] = email = stored_email(profile["email"])
    profile["username"] = username = (profile["username"] or "").strip() or None
    blocked = frozenset[str]() if change.disable_domain_block else rules.blocked_domains
    found = login_id_problems(email, username, blocked)
    if change.password is not None:
        broken = password_rules.problems(change.password, rules.password, (email, username))
        found += [("user.password", reason) for reason in broken]
        found += [
            (f"user.{name}", reason)
            for name, reason in hashing.problems(change.password, *_scheme(change, rules))
            if ("user.password", reason) not in found
        ]
    elif is_new and not change.send_set_password_email:
        found.append(("user.password", "blank"))
    elif is_new and not email and not profile["data"].get("email"):
        found.append(("user.email", "blank"))  # there is nowhere to send the mail
    if found:
        raise invalid_fields(found)
    return profile


def _updated(stored: User, change: UserChange, profile: dict[str, Any], now: int) -> User:
    why = reason_after_update(stored, profile["password_change_required"])
    user = replace(stored, **profile, password_change_reason=why, last_update_instant=now)
    if change.password is not None:
        user = replace(user, password_last_update_instant=now)
    if change.skip_verification and not stored.verified:
        user = replace(
            user, verified=True, verified_reason="Skipped", verified_instant=_first(stored.verified_instant, now)
        )
    return user


def _first(instant: int | None, now: int) -> int:
    """verifiedInstant is set once and stays (decision 3)."""
    return now if instant is None else instant


def _scheme(change: UserChange, rules: UserRules) -> tuple[str, int | None]:
    """The scheme and factor to hash with: the request's, else the tenant's; None is the scheme's own default."""
    scheme = change.encryption_scheme or rules.encryption_scheme
    if change.factor is not None:
        return scheme, change.factor
    return scheme, rules.encryption_scheme_factor if scheme == rules.encryption_scheme else None


def hashed_password(services: Services, change: UserChange, rules: UserRules) -> Hashed | None:
    if change.password is None:
        return None
    return hashing.hash_password(change.password, *_scheme(change, rules), services.runtime.random_bytes)
