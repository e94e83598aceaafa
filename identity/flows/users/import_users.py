"""Import users of another system: all of them or none. Source: supporting contract 3.6, record 0011.

Everything is checked and hashed before the transaction opens; inside it the rows go in table by table. There are no
user.create events: one user.bulk.create speaks of them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity import hashing
from identity.domain.contact import canonical
from identity.domain.errors import Invalid, Problem, invalid_field, invalid_fields
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Application, Membership, Registration, User
from identity.domain.user_rules import UserRules, login_id_problems, starts_verified, stored_email
from identity.flows.duplicates import duplicates_named
from identity.flows.events.announce import Announce, transact
from identity.flows.second_factors.brought_methods import (
    BroughtMethod,
    add_methods,
    add_recovery_codes,
    method_problems,
    prepared_methods,
)
from identity.flows.services import Services
from identity.flows.users.new_user import NewUser
from identity.flows.users.register_user import RegistrationChange, new_registration
from identity.flows.users.save_user import DUPLICATES, NewMembership
from identity.flows.users.user_events import users_imported
from identity.hashing import Hashed
from identity.store import applications, group_members, groups, passwords, registrations, tenants, users
from identity.store.db import Connection

Problems = list[tuple[str, str]]
MOST_HASHING = 600_000
"""Milliseconds that the passwords in clear of one import may take to hash: 20,000 of them as new tenants hash."""


@dataclass(frozen=True, slots=True)
class ImportedRegistration:
    """A registration as another system had it; what is None is as for a new one."""

    change: RegistrationChange
    verified: bool | None = None
    insert_instant: int | None = None
    last_login_instant: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A user as another system had them; what is None is as for a new one.

    With `encryption_scheme` the password is a hash, and `salt` must be given; without it the password is in clear.
    """

    profile: Mapping[str, Any]
    active: bool = False
    id: UUID | None = None
    tenant_id: UUID | None = None
    verified: bool | None = None
    insert_instant: int | None = None
    password: str | None = field(default=None, repr=False)
    encryption_scheme: str | None = None
    factor: int | None = None
    salt: str | None = field(default=None, repr=False)
    password_change_reason: str | None = None
    password_last_update_instant: int | None = None
    registrations: Sequence[ImportedRegistration] = ()
    memberships: Sequence[NewMembership] = ()
    two_factor_methods: Sequence[BroughtMethod] = ()
    recovery_codes: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """An import. Scheme and factor are for passwords in clear; the tenant's are used without them."""

    users: Sequence[ImportedUser]
    tenant_id: UUID
    """Of the users that name none themselves."""

    may_name_tenants: bool = False
    """Whether a user's own `tenant_id` counts; the header and the tenant of a key win over it."""

    encryption_scheme: str | None = None
    factor: int | None = None
    validate_db_constraints: bool = False


def import_users(services: Services, request: ImportRequest, now: int) -> list[User]:
    """Raises Invalid, WebhooksRefused; then nothing was stored."""
    rules = _rules(services, request)
    new, request = _prepared(services, request, rules, now), _settled(services, request)

    def work(conn: Connection, announce: Announce) -> list[User]:
        if request.validate_db_constraints:
            _check_taken(conn, new)
        registered = _registrations(services, conn, request, new, now)
        _check_groups(conn, new)
        users.add_many(conn, [each.user for each in new])
        passwords.add_many(conn, [(each.user, each.password) for each in new if each.password is not None])
        registrations.add_many(conn, services.sealer, registered)
        for each, asked in zip(new, request.users, strict=True):
            tenant_id, user_id = each.user.tenant_id, each.user.id
            if each.user.memberships:
                group_members.add_many(conn, tenant_id, each.user.memberships)
            add_methods(conn, tenant_id, user_id, each.methods, now)
            add_recovery_codes(conn, services, tenant_id, user_id, asked.recovery_codes, now)
        for tenant_id in rules:
            announce(tenant_id, users_imported(_of_tenant(tenant_id, new, registered)))
        return [each.user for each in new]

    with duplicates_named(DUPLICATES):
        return transact(services, work)


def _of_tenant(
    tenant_id: UUID, new: Sequence[NewUser], registered: Sequence[Registration]
) -> list[tuple[User, list[Registration]]]:
    """The users of one tenant, each with their registrations."""
    by_user: dict[UUID, list[Registration]] = {}
    for registration in registered:
        by_user.setdefault(registration.user_id, []).append(registration)
    return [(each.user, by_user.get(each.user.id, [])) for each in new if each.user.tenant_id == tenant_id]


def _settled(services: Services, request: ImportRequest) -> ImportRequest:
    """With the ids of all registrations: the work may be done twice, and the event names them."""

    def settled(asked: ImportedRegistration) -> ImportedRegistration:
        return replace(asked, change=replace(asked.change, id=asked.change.id or services.runtime.new_id()))

    users = [replace(user, registrations=[settled(each) for each in user.registrations]) for user in request.users]
    return replace(request, users=users)


def _tenant_of(request: ImportRequest, user: ImportedUser) -> UUID:
    return (request.may_name_tenants and user.tenant_id) or request.tenant_id


def _rules(services: Services, request: ImportRequest) -> dict[UUID, UserRules]:
    """The rules of every tenant that is named. Raises Invalid."""
    found: dict[UUID, UserRules] = {}
    unknown: Problems = []
    with services.db.read() as conn:
        for index, user in enumerate(request.users):
            tenant_id = _tenant_of(request, user)
            if tenant_id in found:
                continue
            tenant = tenants.get(conn, tenant_id)
            if tenant is None:
                unknown.append((f"users[{index}].tenantId", "invalid"))
            else:
                found[tenant_id] = UserRules.of(tenant.settings)
    if unknown:
        raise invalid_fields(unknown)
    return found


def _prepared(services: Services, request: ImportRequest, rules: Mapping[UUID, UserRules], now: int) -> list[NewUser]:
    """Checked and hashed. Raises Invalid with everything that is wrong at once."""
    problems: Problems = []
    seen: dict[tuple[UUID, str, str], int] = {}
    for index, user in enumerate(request.users):
        tenant_id = _tenant_of(request, user)
        found = _problems(user, request, rules[tenant_id])
        keys = _keys(tenant_id, user)
        found += [(name, "duplicate") for name, key in keys.items() if seen.setdefault(key, index) != index]
        problems += [(f"users[{index}].{name}", reason) for name, reason in found]
    if problems:
        raise invalid_fields(problems)
    _refuse_too_much_work(request, rules)
    return [_new(services, request, user, rules[_tenant_of(request, user)], now) for user in request.users]


def _refuse_too_much_work(request: ImportRequest, rules: Mapping[UUID, UserRules]) -> None:
    """Passwords in clear are hashed while the caller waits, on processors that logins need as well. Raises Invalid."""
    schemes = Counter(
        _plain_scheme(request, rules[_tenant_of(request, user)])
        for user in request.users
        if user.password is not None and user.encryption_scheme is None
    )
    work = sum(number * hashing.milliseconds(*scheme) for scheme, number in schemes.items())
    if work > MOST_HASHING:
        raise invalid_field("users", "tooMany", "To hash these passwords takes too long: bring fewer users at a time.")


def _keys(tenant_id: UUID, user: ImportedUser) -> dict[str, tuple[UUID, str, str]]:
    """What no two users of one import may share, by the member's name."""
    email, username = stored_email(user.profile["email"]), (user.profile["username"] or "").strip()
    found = {}
    if user.id is not None:
        found["id"] = (user.id, "id", "")
    if email:
        found["email"] = (tenant_id, "email", canonical(email))
    if username:
        found["username"] = (tenant_id, "username", canonical(username))
    return found


def _problems(user: ImportedUser, request: ImportRequest, rules: UserRules) -> Problems:
    """(member, reason). The rules of the tenant for new passwords and domains do not look back at old users."""
    email, username = stored_email(user.profile["email"]), (user.profile["username"] or "").strip() or None
    found = [(path.removeprefix("user."), reason) for path, reason in login_id_problems(email, username)]
    found += [(f"twoFactor.{path}", reason) for path, reason in method_problems(user.two_factor_methods)]
    if user.password is None:
        return found
    if user.encryption_scheme is None:
        return found + hashing.problems(user.password, *_plain_scheme(request, rules))
    if user.salt is None:
        return [*found, ("salt", "blank")]
    return found + _hash_problems(user)


def _hash_problems(user: ImportedUser) -> Problems:
    scheme, factor = str(user.encryption_scheme), user.factor
    if found := hashing.scheme_problems(scheme, factor):
        return found
    try:
        _hashed_elsewhere(user)
    except ValueError:
        return [("password", "invalid")]
    return []


def _hashed_elsewhere(user: ImportedUser) -> Hashed:
    scheme = str(user.encryption_scheme)
    factor = hashing.SCHEMES[scheme].default if user.factor is None else user.factor
    return hashing.imported(scheme, factor, user.salt or "", user.password or "")


def _plain_scheme(request: ImportRequest, rules: UserRules) -> tuple[str, int | None]:
    if request.encryption_scheme is not None:
        return request.encryption_scheme, request.factor
    return rules.encryption_scheme, request.factor or rules.encryption_scheme_factor


def _new(services: Services, request: ImportRequest, user: ImportedUser, rules: UserRules, now: int) -> NewUser:
    user_id = user.id or services.runtime.new_id()
    inserted = now if user.insert_instant is None else user.insert_instant
    verified, reason = starts_verified(rules, skip_verification=False)
    if user.verified is not None:
        verified, reason = user.verified, "Import" if user.verified else "Pending"
    hashed = _hashed(services, request, user, rules)
    profile = dict(user.profile)
    profile["email"] = stored_email(profile["email"])
    profile["username"] = (profile["username"] or "").strip() or None
    changed = user.password_last_update_instant if user.encryption_scheme is not None else None
    methods = prepared_methods(services, user_id, user.two_factor_methods)
    stored = User(
        tenant_id=_tenant_of(request, user),
        id=user_id,
        active=user.active,
        verified=verified,
        verified_instant=inserted if verified else None,
        verified_reason=reason,
        connector_id=BUILT_IN_CONNECTOR_ID,
        last_login_instant=None,
        insert_instant=inserted,
        last_update_instant=now,
        password_last_update_instant=(now if changed is None else changed) if hashed else None,
        password_change_reason=user.password_change_reason if profile["password_change_required"] else None,
        memberships=tuple(
            Membership(each.id or services.runtime.new_id(), each.group_id, user_id, now, each.data)
            for each in user.memberships
        ),
        two_factor_methods=tuple(method.method for method in methods),
        **profile,
    )
    return NewUser(stored, hashed, methods)


def _hashed(services: Services, request: ImportRequest, user: ImportedUser, rules: UserRules) -> Hashed | None:
    if user.password is None:
        return None
    if user.encryption_scheme is not None:
        return _hashed_elsewhere(user)
    return hashing.hash_password(user.password, *_plain_scheme(request, rules), services.runtime.random_bytes)


def _check_taken(conn: Connection, new: Sequence[NewUser]) -> None:
    """Name every user whose id, e-mail or username is taken. Raises Invalid."""
    problems: Problems = []
    taken = users.taken(conn, [each.user for each in new])
    for index, each in enumerate(new):
        user = each.user
        if user.id in taken.ids:
            problems.append((f"users[{index}].id", "duplicate"))
        if user.email and (user.tenant_id, canonical(user.email)) in taken.emails:
            problems.append((f"users[{index}].email", "duplicate"))
        if user.username and (user.tenant_id, canonical(user.username)) in taken.usernames:
            problems.append((f"users[{index}].username", "duplicate"))
    if problems:
        raise invalid_fields(problems)


def _registrations(
    services: Services, conn: Connection, request: ImportRequest, new: Sequence[NewUser], now: int
) -> list[Registration]:
    """The registrations of all, with their applications held. Raises Invalid."""
    wanted = {
        (each.user.tenant_id, asked.change.application_id)
        for each, user in zip(new, request.users, strict=True)
        for asked in user.registrations
    }
    known = {key: _held(conn, *key) for key in sorted(wanted, key=str)}
    made: list[Registration] = []
    for index, (each, user) in enumerate(zip(new, request.users, strict=True)):
        for number, asked in enumerate(user.registrations):
            with _at(f"users[{index}].registrations[{number}]"):
                application = known[each.user.tenant_id, asked.change.application_id]
                if application is None:
                    raise invalid_field("registration.applicationId", "invalid")
                made.append(_registration(services, each.user, application, asked, now))
    return made


def _held(conn: Connection, tenant_id: UUID, application_id: UUID) -> Application | None:
    applications.hold(conn, tenant_id, application_id)
    return applications.get(conn, application_id, tenant_id)


def _registration(
    services: Services, user: User, application: Application, asked: ImportedRegistration, now: int
) -> Registration:
    registration = new_registration(services, user, application, asked.change, now)
    verified = registration.verified if asked.verified is None else asked.verified
    inserted = now if asked.insert_instant is None else asked.insert_instant
    return replace(
        registration,
        verified=verified,
        verified_instant=inserted if verified else None,
        insert_instant=inserted,
        last_login_instant=asked.last_login_instant,
    )


def _check_groups(conn: Connection, new: Sequence[NewUser]) -> None:
    """Lock the groups in the order of their ids. Raises Invalid for one that is not there."""
    wanted = {(membership.group_id, each.user.tenant_id) for each in new for membership in each.user.memberships}
    known = {key: groups.lock(conn, key[1], key[0]) for key in sorted(wanted, key=str)}
    problems = [
        (f"users[{index}].memberships[{number}].groupId", "invalid")
        for index, each in enumerate(new)
        for number, membership in enumerate(each.user.memberships)
        if known[membership.group_id, each.user.tenant_id] is None
    ]
    if problems:
        raise invalid_fields(problems)


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Errors of one registration, under the path where an import has it."""
    try:
        yield
    except Invalid as error:
        raise Invalid(
            {
                name.replace("registration", path, 1): [
                    Problem(each.code.replace("registration", path, 1), each.message) for each in problems
                ]
                for name, problems in error.field_errors.items()
            }
        ) from error
