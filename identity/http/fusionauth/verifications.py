"""Verification of e-mail addresses and registrations: mail again, verify. Source: supporting contract 13.

Open to everybody: who knows a mailed id may use it. A key lets an administrator deliver ids, and vouch for a user.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.errors import Unauthorized, invalid_field
from identity.flows.put_off import put_off_resending
from identity.flows.verifications import verify
from identity.flows.verifications.resend_verification import ResendRequest, resend
from identity.http.fusionauth.respond import empty_reply, json_reply
from identity.http.fusionauth.routes import Call, Routes
from identity.http.fusionauth.schemas.verifications import VerificationAnswer, VerifyRequest, begun_wire
from identity.http.fusionauth.users import tenant_for
from identity.http.visit import event_info_of
from identity.store.external_identifiers import Kind

EMAIL = "/api/user/verify-email"
REGISTRATION = "/api/user/verify-registration"
VERIFY = VerifyRequest()
UNKNOWN = {404: "The id is unknown, expired or used.", 504: "A transactional webhook refused: nothing was changed."}
SENT = {
    401: "A key is needed to be told the id.",
    404: "There is no such user (only with a key).",
    429: "The address has had its mails for now.",
}

routes = Routes("Verification", "Prove that an e-mail address, or a registration, is the user's own.")


@routes.put(
    EMAIL,
    endpoint=None,
    gives=VerificationAnswer,
    statuses=SENT,
    query={
        "email": "The address to write to; required.",
        "applicationId": "The application whose mail template is used.",
        "sendVerifyEmail": "false: no mail, the answer has the id instead. It takes a key.",
    },
)
def resend_email_verification(call: Call) -> Response:
    """Mail a fresh verification id. Without a key the answer never tells whether the address is known."""
    return _resent(call, Kind.EMAIL_VERIFICATION, EMAIL, mailed=call.flag("sendVerifyEmail", True))


@routes.put(
    REGISTRATION,
    endpoint=None,
    gives=VerificationAnswer,
    statuses=SENT,
    query={
        "email": "The address to write to; required.",
        "applicationId": "The application of the registration; required.",
        "sendVerifyRegistrationEmail": "false: no mail, the answer has the id instead. It takes a key.",
        "sendVerifyPasswordEmail": "The same under the name that the official clients send.",
    },
)
def resend_registration_verification(call: Call) -> Response:
    """Mail a fresh verification id. Without a key the answer never tells whether the address is known."""
    if call.uuid("applicationId") is None:
        raise invalid_field("applicationId", "missing")
    mailed = call.flag("sendVerifyRegistrationEmail", True) and call.flag("sendVerifyPasswordEmail", True)
    return _resent(call, Kind.REGISTRATION_VERIFICATION, REGISTRATION, mailed=mailed)


@routes.post(EMAIL, f"{EMAIL}/<verification>", endpoint=None, takes=VerifyRequest, statuses=UNKNOWN)
def verify_email(call: Call, verification: str | None = None) -> None:
    """Verify an e-mail address by a mailed id, or with a key by the user's id."""
    given = call.load(VERIFY)
    info = event_info_of(call.request, given["event_info"])
    secret = given.get("verification_id") or verification
    if secret is not None:
        verify.verify_email(call.services, call.tenant_id, secret, given.get("one_time_code"), call.now, info)
    elif (user_id := given.get("user_id")) is not None:
        _require_key(call, EMAIL)
        verify.verify_email_of(call.services, call.tenant_id, user_id, call.now, info)
    else:
        raise invalid_field("verificationId", "missing")


@routes.post(REGISTRATION, f"{REGISTRATION}/<verification>", endpoint=None, takes=VerifyRequest, statuses=UNKNOWN)
def verify_registration(call: Call, verification: str | None = None) -> None:
    """Verify a registration by a mailed id."""
    given = call.load(VERIFY)
    info = event_info_of(call.request, given["event_info"])
    secret = given.get("verification_id") or verification
    if secret is None:
        raise invalid_field("verificationId", "missing")
    verify.verify_registration(call.services, call.tenant_id, secret, given.get("one_time_code"), call.now, info)


def _resent(call: Call, kind: Kind, endpoint: str, *, mailed: bool) -> Response:
    email, application_id = call.text("email"), call.uuid("applicationId")
    if email is None:
        raise invalid_field("email", "missing")
    keyed = call.caller is not None and call.caller.may(endpoint, "PUT")
    if not mailed and not keyed:
        raise Unauthorized
    tenant_id = tenant_for(call, application_id, "applicationId")
    request = ResendRequest(kind, tenant_id, email, application_id, keyed=keyed, mailed=mailed)
    if not keyed:
        put_off_resending(call.services, request)
        return empty_reply()
    begun = resend(call.services, request, call.now)
    if begun is None or (mailed and begun.code is None):
        return empty_reply()
    return json_reply(begun_wire(replace(begun, code=None) if mailed else begun))


def _require_key(call: Call, endpoint: str) -> None:
    if call.caller is None or not call.caller.may(endpoint, call.request.method):
        raise Unauthorized
