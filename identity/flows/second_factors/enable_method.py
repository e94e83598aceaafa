"""Set up a second factor, which a code of it proves. Source: supporting contract section 12; login contract D10.

The first method comes with recovery codes. A login that waits because its user had no method goes on with a code of the
answer: the new method's own was just spent.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from identity.domain.errors import NotFound, WrongCode, invalid_field
from identity.domain.mail import Purpose
from identity.domain.model import Tenant
from identity.domain.second_factor import (
    AUTHENTICATOR,
    EMAIL,
    MOST_METHODS,
    Policy,
    authenticator_settings,
    new_method_id,
    typed,
)
from identity.domain.standing import TwoFactorMethod
from identity.domain.totp import Authenticator, accepted_step, secret_from
from identity.flows.events.announce import Announce, transact
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.guess_code import count_wrong
from identity.flows.second_factors.method_owner import Owner, changed_methods, configuration_for, mail_change
from identity.flows.second_factors.recovery_codes import save_recovery_codes
from identity.flows.second_factors.sent_codes import checked_email, checked_phone, code_hash, target_of
from identity.flows.second_factors.setup_code import hand_out_code
from identity.flows.services import Services
from identity.flows.tokens.revocation_event import revocation_event
from identity.store import external_identifiers, guesses, refresh_tokens, two_factor, users
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind
from identity.store.two_factor import StoredMethod, secret_place


@dataclass(frozen=True, slots=True)
class NewMethod:
    """What a request to set up a method says."""

    method: str
    code: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    secret_base32: str | None = field(default=None, repr=False)
    email: str | None = None
    mobile_phone: str | None = None
    name: str | None = None
    application_id: UUID | None = None
    """Whose mail template tells the user."""

    two_factor_id: str | None = field(default=None, repr=False)
    """The challenge of a login that demands a method; the answer then has a code to go on with."""

    vouched: bool = False
    """Whether the address is known to be the user's own, so that no code has to show it."""


@dataclass(frozen=True, slots=True)
class Enabled:
    """What setting up a method gives: recovery codes with the first one, and the code for the login that waits."""

    recovery_codes: list[str] | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


def enable_method(services: Services, owner: Owner, new: NewMethod) -> Enabled:
    """Raises Invalid, NotFound, WebhooksRefused, WrongCode."""
    stored, is_proved = _proposed(services, owner, new)
    application = configuration_for(services, owner.user.tenant_id, new.application_id).application
    now, tenant_id, user_id = services.runtime.now(), owner.user.tenant_id, owner.user.id
    revokes = _revokes_on_enable(owner.tenant)
    events = changed_methods("add", owner, [stored.method], (*owner.user.two_factor_methods, stored.method))
    if revokes:
        events.append(revocation_event(services, owner.user, owner.registrations))

    def work(conn: Connection, announce: Announce) -> Enabled | None:
        before = guesses.lock(conn, tenant_id, user_id)
        if not users.lock(conn, tenant_id, user_id):
            raise NotFound
        methods = two_factor.methods_of(conn, tenant_id, user_id)
        _refuse_one_more(stored.method, methods)
        waiting = _waiting_login(conn, owner, new, methods, now)
        if not is_proved and before.locked(now):
            return None
        if not is_proved and not _sent_code_proves(conn, services, owner, stored.method, new.code):
            count_wrong(conn, owner.tenant, user_id, before, now)
            return None
        two_factor.add_method(conn, tenant_id, user_id, stored, now)
        two_factor.note_change(conn, tenant_id, user_id, now)
        if revokes:
            refresh_tokens.revoke_of_user(conn, tenant_id, user_id)
        codes = None if methods else save_recovery_codes(conn, services, owner, now)
        mail_change(conn, services, owner, application, Purpose.TWO_FACTOR_METHOD_ADD, stored.method)
        announce(tenant_id, events)
        if waiting is None or new.two_factor_id is None:
            return Enabled(codes)
        return Enabled(codes, hand_out_code(conn, services, owner.tenant, new.two_factor_id, waiting))

    enabled: Enabled | None = transact(services, work, run=partial(services.db.transact, turn=user_id))
    if enabled is None:
        raise WrongCode
    return enabled


def _proposed(services: Services, owner: Owner, new: NewMethod) -> tuple[StoredMethod, bool]:
    """The method, and whether it is proved already, as an authenticator is by its code. Raises Invalid, WrongCode."""
    if new.method not in Policy.of(owner.tenant.settings, None).kinds:
        raise invalid_field("method", "disabled")
    taken = [method.id for method in owner.user.two_factor_methods]
    bare = TwoFactorMethod(new_method_id(taken, services.runtime.random_bytes), new.method, name=new.name)
    if new.method == AUTHENTICATOR:
        return _authenticator(services, owner, new, bare), True
    if new.method == EMAIL:
        return StoredMethod(replace(bare, email=checked_email(new.email))), new.vouched
    return StoredMethod(replace(bare, mobile_phone=checked_phone(new.mobile_phone))), False


def _authenticator(services: Services, owner: Owner, new: NewMethod, bare: TwoFactorMethod) -> StoredMethod:
    """Raises Invalid, WrongCode."""
    shape = Authenticator(**authenticator_settings(owner.tenant.settings))
    secret = secret_from(new.secret, new.secret_base32)
    step = accepted_step(secret, typed(new.code), shape, services.runtime.now())
    if step is None:
        raise WrongCode
    sealed = services.sealer.seal(base64.b64encode(secret).decode(), secret_place(owner.user.id, bare.id))
    return StoredMethod(replace(bare, authenticator=shape), sealed, step)


def _refuse_one_more(method: TwoFactorMethod, methods: list[StoredMethod]) -> None:
    """Raises Invalid."""
    if len(methods) >= MOST_METHODS:
        raise invalid_field("method", "tooMany")
    if method.method == AUTHENTICATOR:
        return
    if target_of(method) in {target_of(kept.method) for kept in methods}:
        raise invalid_field("email" if method.method == EMAIL else "mobilePhone", "duplicate")


def _sent_code_proves(conn: Connection, services: Services, owner: Owner, method: TwoFactorMethod, code: str) -> bool:
    now, user = services.runtime.now(), owner.user
    target = target_of(method)
    digest = code_hash(services, user.id, target, code)
    return two_factor.take_code(conn, user.tenant_id, user.id, target, digest, now)


def _waiting_login(
    conn: Connection, owner: Owner, new: NewMethod, methods: list[StoredMethod], now: int
) -> ExternalIdentifier | None:
    """The challenge that demands a method, locked.

    Raises Invalid when it is not this user's, or demands none: of a user who has a method by now it demands that one.
    """
    if new.two_factor_id is None:
        return None
    found = external_identifiers.lock(conn, Kind.TWO_FACTOR, new.two_factor_id, now)
    if found is None or found.user_id != owner.user.id or not Challenge.of(found).configures:
        raise invalid_field("twoFactorId", "invalid")
    if Policy.of(owner.tenant.settings, None).usable(kept.method for kept in methods):
        raise invalid_field("twoFactorId", "invalid")
    return found


def _revokes_on_enable(tenant: Tenant) -> bool:
    jwt = tenant.settings.get("jwt_configuration") or {}
    return bool((jwt.get("refresh_token_revocation_policy") or {}).get("on_multi_factor_enable"))
