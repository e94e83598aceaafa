"""What a stranger asks for is done after the answer: so its time tells no more than its text (security T19).

The request goes into the outbox, for a known and an unknown name alike, and the courier looks for the user. The mails a
name may get are counted at once.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from identity.domain.errors import Invalid, NotFound
from identity.domain.events import EventInfo
from identity.domain.model import Tenant
from identity.flows import courier
from identity.flows.passwords.forgot_password import ForgotRequest, forgot_password, spend_mail
from identity.flows.rocketchat.email_code import CodeRequest, send_email_code, spend_code_for
from identity.flows.services import Services
from identity.flows.verifications.resend_verification import ResendRequest, resend
from identity.flows.verifications.verification import spend_mail as spend_verification_mail
from identity.store import tenants
from identity.store.external_identifiers import Kind
from identity.store.outbox import Parcel

KIND = "request"


def put_off_forgotten(services: Services, request: ForgotRequest) -> None:
    """Raises NotFound, TooManyRequests."""
    spend_mail(services, _tenant(services, request.tenant_id), request.login_id)
    _post(services, request)


def put_off_resending(services: Services, request: ResendRequest) -> None:
    """Raises NotFound, TooManyRequests."""
    spend_verification_mail(services, request.kind, _tenant(services, request.tenant_id), request.email)
    _post(services, request)


def put_off_code(services: Services, request: CodeRequest) -> None:
    """Raises NotFound, TooManyRequests."""
    spend_code_for(services, _tenant(services, request.tenant_id), request.email_or_username)
    _post(services, request)


def deliver(services: Services, parcel: Parcel) -> None:
    """Do what was asked, if there is somebody. Tenants and applications that are gone took it with them."""
    asked = orjson.loads(courier.text_of(services, parcel))
    now = services.runtime.now()
    try:
        if "login_id" in asked:
            forgot_password(services, _forgotten(asked), now)
        elif "email_or_username" in asked:
            send_email_code(services, CodeRequest(**_with_ids(asked)))
        else:
            resend(services, _resending(asked), now)
    except (NotFound, Invalid):
        return


def _tenant(services: Services, tenant_id: UUID) -> Tenant:
    with services.db.read() as conn:
        tenant = tenants.get(conn, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


def _post(services: Services, request: ForgotRequest | ResendRequest | CodeRequest) -> None:
    text = orjson.dumps(asdict(request)).decode()
    with services.db.transaction() as conn:
        key = f"{KIND} {services.runtime.new_id()}"  # nobody waits for anybody
        courier.post(conn, services, kind=KIND, ordering_key=key, text=text, tenant_id=request.tenant_id)


def _forgotten(asked: dict[str, Any]) -> ForgotRequest:
    return ForgotRequest(**_with_ids(asked) | {"info": EventInfo(**asked["info"])})


def _resending(asked: dict[str, Any]) -> ResendRequest:
    return ResendRequest(**_with_ids(asked) | {"kind": Kind(asked["kind"])})


def _with_ids(asked: dict[str, Any]) -> dict[str, Any]:
    application_id = asked["application_id"]
    ids = {"application_id": UUID(application_id) if application_id else None, "tenant_id": UUID(asked["tenant_id"])}
    return asked | ids
