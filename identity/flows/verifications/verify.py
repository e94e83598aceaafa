"""Verify an e-mail address or a registration: by the id that was mailed, with its code, or by an administrator.

Wrong codes are counted under the user's lock and for every id that takes the same code, so that neither parallel
guesses nor guesses at several ids exceed the limit; then the ids are dead. Source: supporting contract 13.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from identity.domain.errors import Invalid, NotFound, invalid_field
from identity.domain.events import NO_INFO, Event, EventInfo
from identity.domain.model import Registration, User
from identity.domain.verification import MOST_GUESSES, proved_address, verified_user
from identity.flows.events.announce import Announce, transact
from identity.flows.mail.report_change import report_verified
from identity.flows.services import Services
from identity.flows.users.save_user import locked, tenant_of
from identity.store import applications, external_identifiers, registrations, users, verifications
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind

COMPLETED = "Completed"
ADMINISTRATIVE = "Administrative"


def verify_email(
    services: Services, tenant_id: UUID | None, secret: str, code: str | None, now: int, info: EventInfo = NO_INFO
) -> None:
    """The e-mail address that the id was mailed to is verified. Raises NotFound, Invalid."""
    found = _proved(services, Kind.EMAIL_VERIFICATION, tenant_id, secret, code, now)

    def take(conn: Connection, user: User) -> None:
        if external_identifiers.take(conn, found.kind, secret, now) is None:
            raise NotFound
        _refuse_another_address(found, user)

    _verify_user(services, found.tenant_id, _owner(found), COMPLETED, now, info, take, found.application_id)


def verify_email_of(
    services: Services, tenant_id: UUID | None, user_id: UUID, now: int, info: EventInfo = NO_INFO
) -> None:
    """An administrator vouches for the user's e-mail address. Raises NotFound."""
    _verify_user(services, tenant_id, user_id, ADMINISTRATIVE, now, info, lambda *_: None)


def verify_registration(
    services: Services, tenant_id: UUID | None, secret: str, code: str | None, now: int, info: EventInfo = NO_INFO
) -> None:
    """The registration that the id is for is verified. Raises NotFound, Invalid."""
    found = _proved(services, Kind.REGISTRATION_VERIFICATION, tenant_id, secret, code, now)
    application_id = found.application_id
    assert application_id is not None  # it is made for a registration

    def work(conn: Connection, announce: Announce) -> None:
        user, registered = locked(services, conn, found.tenant_id, _owner(found))
        if external_identifiers.take(conn, found.kind, secret, now) is None:
            raise NotFound
        _refuse_another_address(found, user)
        stored = next((item for item in registered if item.application_id == application_id), None)
        if stored is None:
            raise NotFound
        verified = _verified_registration(stored, now)
        registrations.update(conn, services.sealer, verified)
        users.bump(conn, user.tenant_id, user.id)
        verifications.remove(conn, found.kind, user.tenant_id, user.id, application_id)
        shown = (user, [verified if item is stored else item for item in registered])
        payload = {"application_id": application_id, "registration": verified, "user": shown}
        announce(user.tenant_id, [Event("user.registration.verified", payload, user.id, info)])

    transact(services, work)


def email_verified(user: User, registered: Sequence[Registration], info: EventInfo) -> list[Event]:
    """Of the user, and of the identity that the address is."""
    shown: dict[str, object] = {"user": (user, registered)}
    found = [Event("user.email.verified", shown, user.id, info)]
    if user.email is not None:
        identity = {"login_id": user.email, "login_id_type": "email"}
        found.append(Event("user.identity.verified", identity | shown, user.id, info))
    return found


def _verified_registration(registration: Registration, now: int) -> Registration:
    first = now if registration.verified_instant is None else registration.verified_instant
    return replace(registration, verified=True, verified_instant=first, last_update_instant=now)


def _verify_user(
    services: Services,
    tenant_id: UUID | None,
    user_id: UUID,
    reason: str,
    now: int,
    info: EventInfo,
    allow: Callable[[Connection, User], None],
    application_id: UUID | None = None,
) -> None:
    """`allow` sees the user as locked and raises when the proof does not hold any more. Raises NotFound."""

    def work(conn: Connection, announce: Announce) -> None:
        user, registered = locked(services, conn, tenant_id, user_id)
        allow(conn, user)
        verifications.remove(conn, Kind.EMAIL_VERIFICATION, user.tenant_id, user.id, None)
        if not user.verified:
            verified = verified_user(user, reason, now)
            users.update(conn, verified)
            _report(conn, services, verified, application_id)
            announce(user.tenant_id, email_verified(verified, registered, info))

    transact(services, work)


def _report(conn: Connection, services: Services, user: User, application_id: UUID | None) -> None:
    tenant = tenant_of(conn, user.tenant_id)
    application = applications.get(conn, application_id, tenant.id) if application_id else None
    report_verified(conn, services, tenant, application, user)


def _proved(
    services: Services, kind: Kind, tenant_id: UUID | None, secret: str, code: str | None, now: int
) -> ExternalIdentifier:
    """What the id stands for, if the code is right where one is needed. Raises NotFound, Invalid."""

    def work(conn: Connection) -> tuple[ExternalIdentifier | None, Invalid | None]:
        found = external_identifiers.find(conn, kind, secret, now)
        if found is None or tenant_id not in (None, found.tenant_id):
            return None, None
        users.lock(conn, found.tenant_id, _owner(found))
        locked_id = external_identifiers.lock(conn, kind, secret, now)
        return (None, None) if locked_id is None else (locked_id, _try(conn, locked_id, code))

    found, refused = services.db.transact(work)  # a wrong guess is committed, so it is raised out here
    if found is None:
        raise NotFound
    if refused is not None:
        raise refused
    return found


def _try(conn: Connection, found: ExternalIdentifier, code: str | None) -> Invalid | None:
    """Compare the code, and count a wrong one for all ids that take it; the caller holds the user's row."""
    wanted = found.data.get("code")
    if wanted is None:
        return None
    if code is None:
        return invalid_field("oneTimeCode", "missing")
    if hmac.compare_digest(external_identifiers.hash_of(code).hex(), wanted):
        return None
    bound_to = found.application_id if found.kind is Kind.REGISTRATION_VERIFICATION else None
    verifications.count_wrong(conn, found.kind, found.tenant_id, _owner(found), bound_to, MOST_GUESSES)
    return invalid_field("oneTimeCode", "invalid")


def _refuse_another_address(found: ExternalIdentifier, user: User) -> None:
    """The address changed after the mail was sent: it proves nothing about the new one. Raises NotFound."""
    if found.data["address"] != proved_address(user):
        raise NotFound


def _owner(found: ExternalIdentifier) -> UUID:
    assert found.user_id is not None  # these kinds are made for users
    return found.user_id
