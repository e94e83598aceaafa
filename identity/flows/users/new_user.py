"""Create a user on behalf of an administrator: the row, what hangs on it, and the mails that follow.

Passwords are hashed and ids are made before the transaction opens. Source: supporting contract 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity.domain.errors import invalid_fields
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Membership, User
from identity.domain.password_change import reason_after_update
from identity.domain.user_rules import UserRules, starts_verified
from identity.flows.duplicates import duplicates_named
from identity.flows.events.announce import Announce, transact
from identity.flows.second_factors.brought_methods import add_methods, method_problems, prepared_methods
from identity.flows.services import Services
from identity.flows.users.duplicate_login_ids import duplicates_told
from identity.flows.users.save_user import DUPLICATES, UserChange, checked_profile, hashed_password, tenant_of
from identity.flows.users.user_events import user_created
from identity.flows.users.welcome_user import welcome_user
from identity.hashing import Hashed
from identity.store import group_members, groups, passwords, users
from identity.store.db import Connection
from identity.store.two_factor import StoredMethod


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who passed every rule, ready to be stored."""

    user: User
    password: Hashed | None
    methods: tuple[StoredMethod, ...] = ()


def create_user(
    services: Services, tenant_id: UUID, user_id: UUID | None, change: UserChange, now: int
) -> tuple[User, str | None]:
    """The user, and the id of the e-mail verification where it takes a code too. Raises Invalid, WebhooksRefused."""
    new = prepare_user(services, tenant_id, user_id, change, now)

    def work(conn: Connection, announce: Announce) -> tuple[User, str | None]:
        user = insert_user(conn, new)
        announce(tenant_id, user_created(user))
        return user, welcome(conn, services, user, change, now)

    with duplicates_named(DUPLICATES), duplicates_told(services, "create", [new.user]):
        return transact(services, work)


def prepare_user(services: Services, tenant_id: UUID, user_id: UUID | None, change: UserChange, now: int) -> NewUser:
    """Check and hash, store nothing. Raises Invalid."""
    with services.db.read() as conn:
        rules = UserRules.of(tenant_of(conn, tenant_id).settings)
    profile = checked_profile(change, rules, is_new=True)
    if problems := method_problems(change.two_factor_methods or ()):
        raise invalid_fields([(f"user.twoFactor.{member}", reason) for member, reason in problems])
    verified, reason = starts_verified(rules, skip_verification=change.skip_verification)
    new_id = user_id or services.runtime.new_id()
    methods = prepared_methods(services, new_id, change.two_factor_methods or ())
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
        two_factor_methods=tuple(stored.method for stored in methods),
        **profile,
    )
    return NewUser(user, hashed_password(services, change, rules), methods)


def insert_user(conn: Connection, new: NewUser) -> User:
    """Store the user with all that came with them. Raises Invalid for a group that is not there."""
    user, now = new.user, new.user.insert_instant
    users.add(conn, user)
    if new.password is not None:
        passwords.save(conn, user.tenant_id, user.id, new.password, now)
    add_methods(conn, user.tenant_id, user.id, new.methods, now)
    return _join_groups(conn, user) if user.memberships else user


def welcome(
    conn: Connection, services: Services, user: User, change: UserChange, now: int, *, mails_code: bool = True
) -> str | None:
    """Write the mails that a new user gets; the id of the e-mail verification where it takes a code too."""
    return welcome_user(
        conn,
        services,
        user,
        application_id=change.application_id,
        sets_password=change.send_set_password_email,
        now=now,
        mails_code=mails_code,
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
