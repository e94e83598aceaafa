"""A proved login that waits for an address or a registration to be verified, as the page of that step sees it."""

from __future__ import annotations

from dataclasses import dataclass

from identity.flows.hosted.resume_proved import peek
from identity.flows.services import Services
from identity.flows.verifications.begin_verification import Subject, email_of, registration_of
from identity.store import applications, registrations, tenants, users
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class WaitingVerification:
    """What is to be verified, and whether it is by now, or need not be any more."""

    subject: Subject
    is_done: bool


def waiting_verification(services: Services, kind: Kind, proof: str | None) -> WaitingVerification | None:
    """None when the proof is over, or what was to be verified is gone."""
    found = peek(services, proof)
    if found is None or found.user_id is None:
        return None
    with services.db.read() as conn:
        tenant = tenants.get(conn, found.tenant_id)
        user = users.get(conn, found.tenant_id, found.user_id)
        application = (
            applications.get(conn, found.application_id, found.tenant_id) if found.application_id is not None else None
        )
        registration = (
            registrations.get(conn, services.sealer, found.tenant_id, found.user_id, found.application_id)
            if found.application_id is not None
            else None
        )
    if tenant is None or user is None:
        return None
    if kind is Kind.EMAIL_VERIFICATION:
        return _waiting(email_of(tenant, user, application), is_verified=user.verified)
    if application is None or registration is None:
        return None
    return _waiting(registration_of(tenant, user, application), is_verified=registration.verified)


def _waiting(subject: Subject, *, is_verified: bool) -> WaitingVerification:
    return WaitingVerification(subject, is_verified or not (subject.rules.wanted and subject.rules.gated))
