"""Set up a second factor, which a code of it proves. Source: supporting contract section 12; login contract D10.

The first method comes with recovery codes. A login that waits because its user had no method goes on with a code of the
answer: the new method's own was just spent.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from uuid import UUID

from identity.domain.contact import is_email
from identity.domain.errors import NotFound, WrongCode, invalid_field
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
from identity.flows.challenge import Challenge, SentCode, digest_of
from identity.flows.guess_code import count_wrong
from identity.flows.method_owner import Owner
from identity.flows.new_identifier import end_of, new_identifier
from identity.flows.recovery_codes import save_recovery_codes
from identity.flows.sent_codes import GENERATOR, code_hash, target_of
from identity.flows.services import Services
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
    two_factor_id: str | None = field(default=None, repr=False)
    """The challenge of a login that demands a method; the answer then has a code to go on with."""


@dataclass(frozen=True, slots=True)
class Enabled:
    """What setting up a method gives: recovery codes with the first one, and the code for the login that waits."""

    recovery_codes: list[str] | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


def enable_method(services: Services, owner: Owner, new: NewMethod) -> Enabled:
    """Raises Invalid, NotFound, WrongCode."""
    proposed, secret = _proposed(services, owner, new)
    now, tenant_id, user_id = services.runtime.now(), owner.user.tenant_id, owner.user.id

    def work(conn: Connection) -> Enabled | None:
        before = guesses.lock(conn, tenant_id, user_id)
        if not users.lock(conn, tenant_id, user_id):
            raise NotFound
        methods = two_factor.methods_of(conn, tenant_id, user_id)
        _refuse_one_more(proposed.method, methods)
        waiting = _waiting_login(conn, owner, new, now)
        if secret is None and before.locked(now):
            return None
        if secret is None and not _sent_code_proves(conn, services, owner, proposed.method, new.code):
            count_wrong(conn, owner.tenant, user_id, before, now)
            return None
        stored = _with_id(services, proposed, [kept.method.id for kept in methods], secret, user_id)
        two_factor.add_method(conn, tenant_id, user_id, stored, now)
        two_factor.note_change(conn, tenant_id, user_id, now)
        if _revokes_on_enable(owner.tenant):
            refresh_tokens.revoke_of_user(conn, tenant_id, user_id)
        codes = None if methods else save_recovery_codes(conn, services, owner, now)
        return Enabled(codes, _code_for(conn, services, owner, new, waiting, now))

    enabled = services.db.transact(work, turn=user_id)
    if enabled is None:
        raise WrongCode
    return enabled


def _proposed(services: Services, owner: Owner, new: NewMethod) -> tuple[StoredMethod, bytes | None]:
    """The method without its id, and an authenticator's secret, proved by its code. Raises Invalid, WrongCode."""
    if new.method not in Policy.of(owner.tenant.settings, None).kinds:
        raise invalid_field("method", "disabled")
    if new.method == AUTHENTICATOR:
        shape = Authenticator(**authenticator_settings(owner.tenant.settings))
        secret = secret_from(new.secret, new.secret_base32)
        step = accepted_step(secret, typed(new.code), shape, services.runtime.now())
        if step is None:
            raise WrongCode
        method = TwoFactorMethod("", AUTHENTICATOR, name=new.name, authenticator=shape)
        return StoredMethod(method, last_step=step), secret
    if new.method == EMAIL:
        address = checked_email(new.email)
        return StoredMethod(TwoFactorMethod("", EMAIL, email=address, name=new.name)), None
    phone = checked_phone(new.mobile_phone)
    return StoredMethod(TwoFactorMethod("", new.method, mobile_phone=phone, name=new.name)), None


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


def _with_id(
    services: Services, proposed: StoredMethod, taken: list[str], secret: bytes | None, user_id: UUID
) -> StoredMethod:
    method = replace(proposed.method, id=new_method_id(taken, services.runtime.random_bytes))
    if secret is None:
        return replace(proposed, method=method)
    text = base64.b64encode(secret).decode()
    return replace(proposed, method=method, secret=services.sealer.seal(text, secret_place(user_id, method.id)))


def _waiting_login(conn: Connection, owner: Owner, new: NewMethod, now: int) -> ExternalIdentifier | None:
    """The challenge that demanded a method, locked. Raises Invalid when it is not this user's, or demands none."""
    if new.two_factor_id is None:
        return None
    found = external_identifiers.lock(conn, Kind.TWO_FACTOR, new.two_factor_id, now)
    if found is None or found.user_id != owner.user.id or not Challenge.of(found).configures:
        raise invalid_field("twoFactorId", "invalid")
    return found


def _code_for(
    conn: Connection,
    services: Services,
    owner: Owner,
    new: NewMethod,
    waiting: ExternalIdentifier | None,
    now: int,
) -> str | None:
    """A code for the login that waits: the new method's own was just spent."""
    if waiting is None or new.two_factor_id is None:
        return None
    code = new_identifier(services, owner.tenant, GENERATOR)
    sent = SentCode(digest_of(new.two_factor_id, code), end_of(owner.tenant, GENERATOR, now))
    challenge = replace(Challenge.of(waiting), sent=sent)
    external_identifiers.change(conn, Kind.TWO_FACTOR, new.two_factor_id, challenge.data())
    return code


def _revokes_on_enable(tenant: Tenant) -> bool:
    jwt = tenant.settings.get("jwt_configuration") or {}
    return bool((jwt.get("refresh_token_revocation_policy") or {}).get("on_multi_factor_enable"))
