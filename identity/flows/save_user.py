"""Create, change, deactivate, reactivate and delete users on behalf of an administrator. Source: supporting contract 3.

Passwords are hashed by the tenant's scheme or the one the request names; a new user's before the transaction opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity import hashing
from identity.domain import passwords as password_rules
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Membership, Registration, Tenant, User
from identity.domain.password_change import reason_after_update
from identity.domain.user_rules import UserRules, login_id_problems, starts_verified, stored_email
from identity.domain.verification import must_verify_again
from identity.flows.begin_verification import begin, email_of
from identity.flows.replace_password import replace_password
from identity.flows.services import Services
from identity.flows.welcome_user import welcome_user
from identity.hashing import Hashed
from identity.store import audit, group_members, groups, passwords, refresh_tokens, registrations, tenants, users
from identity.store.db import Connection, UniqueConflict

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
    """Of a new user; later they change through the groups."""


@dataclass(frozen=True, slots=True)
class NewMembership:
    """A group that a new user is to be in."""

    group_id: UUID
    id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who passed every rule, ready to be stored."""

    user: User
    password: Hashed | None


def create_user(
    services: Services, tenant_id: UUID, user_id: UUID | None, change: UserChange, now: int
) -> tuple[User, str | None]:
    """The user, and the id of the e-mail verification where it takes a code too. Raises Invalid."""
    new = prepare_user(services, tenant_id, user_id, change, now)

    def work(conn: Connection) -> tuple[User, str | None]:
        user = insert_user(conn, new)
        return user, welcome(conn, services, user, change, now)

    with duplicates_named():
        return services.db.transact(work)


def prepare_user(services: Services, tenant_id: UUID, user_id: UUID | None, change: UserChange, now: int) -> NewUser:
    """Check and hash, store nothing. Raises Invalid."""
    with services.db.read() as conn:
        rules = UserRules.of(_tenant(conn, tenant_id).settings)
    profile = _checked_profile(change, rules, password_required=not change.send_set_password_email)
    verified, reason = starts_verified(rules, skip_verification=change.skip_verification)
    new_id = user_id or services.runtime.new_id()
    user = User(
        tenant_id=tenant_id,
        id=new_id,
        active=True,
        verified=verified,
        verified_instant=now if verified else None,
        verified_reason=reason,
        connector_id=BUILT_IN_CONNECTOR_ID,
        last_login_instant=None,
        insert_instant=now,
        last_update_instant=now,
        password_last_update_instant=now if change.password else None,
        password_change_reason=reason_after_update(None, profile["password_change_required"]),
        memberships=tuple(
            Membership(each.id or services.runtime.new_id(), each.group_id, new_id, now, each.data)
            for each in change.memberships
        ),
        **profile,
    )
    return NewUser(user, _hashed(services, change, rules))


def insert_user(conn: Connection, new: NewUser) -> User:
    """Store the user with password and memberships. Raises Invalid for a group that is not there."""
    user = new.user
    users.add(conn, user)
    if new.password is not None:
        passwords.save(conn, user.tenant_id, user.id, new.password, user.insert_instant)
    return _join_groups(conn, user) if user.memberships else user


def welcome(conn: Connection, services: Services, user: User, change: UserChange, now: int) -> str | None:
    """Write the mails that a new user gets; the id of the e-mail verification where it takes a code too."""
    return welcome_user(
        conn,
        services,
        user,
        application_id=change.application_id,
        sets_password=change.send_set_password_email,
        now=now,
    )


def _join_groups(conn: Connection, user: User) -> User:
    """Put a new user into groups, locked in the order of their ids as everybody does."""
    found = {
        group_id: groups.lock(conn, user.tenant_id, group_id)
        for group_id in sorted({membership.group_id for membership in user.memberships}, key=str)
    }
    problems = [
        (f"user.memberships[{index}].groupId", "invalid")
        for index, membership in enumerate(user.memberships)
        if found[membership.group_id] is None
    ]
    if problems:
        raise invalid_fields(problems)
    for membership in user.memberships:
        group_members.put(conn, user.tenant_id, membership)
    stored = users.get(conn, user.tenant_id, user.id)
    assert stored is not None  # this transaction made it
    return stored


def update_user(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    change_of: Callable[[User, list[Registration]], UserChange],
    now: int,
) -> Registered:
    """Replace what clients set; `change_of` sees the user as locked, so that a patch builds on the last write.

    Raises Invalid, NotFound.
    """

    def work(conn: Connection) -> Registered:
        stored, registered = locked(services, conn, tenant_id, user_id)
        change = change_of(stored, registered)
        tenant = _tenant(conn, stored.tenant_id)
        rules = UserRules.of(tenant.settings)
        user = _updated(stored, change, _checked_profile(change, rules), now)
        renewed = must_verify_again(tenant.settings, stored, user) and not change.skip_verification
        if renewed:
            user = replace(user, verified=False, verified_reason="Pending")
        users.update(conn, user)
        if renewed:
            begin(conn, services, email_of(tenant, user), now, mailed=True)
        if (password := _hashed(services, change, rules)) is not None:
            replace_password(conn, services, tenant, user, password, now)
        return user, registered

    with duplicates_named():
        return services.db.transact(work, turn=user_id)


def set_active(services: Services, tenant_id: UUID | None, user_id: UUID, active: bool, now: int) -> Registered:
    """Reactivate, or deactivate and end every session. Raises NotFound."""

    def work(conn: Connection) -> Registered:
        stored, registered = locked(services, conn, tenant_id, user_id)
        user = replace(stored, active=active, last_update_instant=now)
        users.update(conn, user)
        if not active:
            refresh_tokens.revoke_of_user(conn, user.tenant_id, user.id)
        return user, registered

    return services.db.transact(work)


def delete_user(services: Services, tenant_id: UUID | None, user_id: UUID, actor: str, now: int) -> None:
    """Remove the user and everything that hangs on them, for good. Raises NotFound."""

    def work(conn: Connection) -> None:
        stored, _ = locked(services, conn, tenant_id, user_id)
        users.remove(conn, stored)
        data = {"tenantId": str(stored.tenant_id), "userId": str(stored.id)}
        audit.add(conn, now, actor, f"Deleted user {stored.id}", data=data)

    services.db.transact(work)


def locked(services: Services, conn: Connection, tenant_id: UUID | None, user_id: UUID) -> Registered:
    """The user and registrations, held until the transaction ends. Raises NotFound."""
    if not users.lock(conn, tenant_id, user_id):
        raise NotFound
    user = users.get(conn, tenant_id, user_id)
    assert user is not None  # the lock holds the row
    return user, registrations.of_user(conn, services.sealer, user.tenant_id, user.id)


@contextmanager
def duplicates_named() -> Iterator[None]:
    """A broken uniqueness rule of users and registrations becomes the field error that names it."""
    try:
        yield
    except UniqueConflict as conflict:
        if conflict.constraint not in DUPLICATES:
            raise
        raise invalid_field(DUPLICATES[conflict.constraint], "duplicate") from conflict


def _tenant(conn: Connection, tenant_id: UUID) -> Tenant:
    """Raises NotFound: the tenant was deleted meanwhile."""
    tenant = tenants.get(conn, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


def _checked_profile(change: UserChange, rules: UserRules, *, password_required: bool = False) -> dict[str, Any]:
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
    elif password_required:
        found.append(("user.password", "blank"))
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


def _hashed(services: Services, change: UserChange, rules: UserRules) -> Hashed | None:
    if change.password is None:
        return None
    return hashing.hash_password(change.password, *_scheme(change, rules), services.runtime.random_bytes)
