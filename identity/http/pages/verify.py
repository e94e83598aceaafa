"""The pages behind the links of verification mails, for a browser that may never have signed in here.

A link is opened by programs that look for evil in mails, too; so opening it shows a page, and its button verifies.
Whoever asks for another mail is told the same whether anybody is known by the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from flask import Response

from identity.domain.contact import is_email
from identity.domain.errors import Invalid, NotFound, TooManyRequests
from identity.domain.sign_in import SignIn
from identity.flows.hosted.waiting_verification import waiting_verification
from identity.flows.put_off import put_off_resending
from identity.flows.verifications.mailed_verification import is_verified, mailed_verification, takes_code
from identity.flows.verifications.resend_verification import ResendRequest
from identity.http.pages.catalogue import msgid
from identity.http.pages.errors import error_page
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page
from identity.http.pages.steps import BLANK, too_often, waiting
from identity.http.pages.verification_words import BOTH, LONGEST_CODE, RULE, WRONG, Verified, event_info
from identity.http.pages.waiting_cookie import waiting_sign_in
from identity.store import tenants
from identity.store.external_identifiers import Kind
from identity.wire import parse_uuid

VERIFY, SEND, SENT, COMPLETE = f"{RULE}/verify", f"{RULE}/send", f"{RULE}/sent", f"{RULE}/complete"
NO_ADDRESS = msgid("This is not an e-mail address.")
NOT_HERE = msgid("This link is no longer valid")
SIGN_IN_AGAIN = msgid("It was used already, or it is too old. Please sign in to the application to get another one.")

blueprint = hosted_blueprint("verify")


@page_route(blueprint, f"{VERIFY}/<verification_id>")
def open_link(call: PageCall, what: str, verification_id: str) -> Response:
    """Take the id out of the address, and show what the link is for. It verifies nothing yet."""
    tenant_id, application_id = _named(call)
    found = mailed_verification(call.services, BOTH[what].kind, verification_id, tenant_id)
    if found is None:
        return to_page(call, f"/{what}/verify", SignIn(tenant_id=tenant_id, application_id=application_id))
    sign_in = SignIn(
        tenant_id=found.tenant_id,
        application_id=found.application_id,
        locale=call.sign_in.locale,
        ticket=verification_id,
        shown={"takes_code": takes_code(found), "user": str(found.user_id)},
    )
    return to_page(call, f"/{what}/verify", sign_in)


@page_route(blueprint, VERIFY)
def ask(call: PageCall, what: str) -> Response:
    """The question of the link; without a link that works, an address, to which another mail is sent."""
    sign_in = call.sign_in
    if mailed_verification(call.services, BOTH[what].kind, sign_in.ticket, sign_in.tenant_id) is not None:
        return _question(call, what)
    if sign_in.tenant_id is None:
        tenant_id, application_id = _named(call)
        call = replace(call, sign_in=replace(sign_in, tenant_id=tenant_id, application_id=application_id))
    return _address_form(call, what)


@page_route(blueprint, VERIFY, methods=("POST",))
def verify(call: PageCall, what: str) -> Response:
    """The button behind the link."""
    verified, sign_in = BOTH[what], call.sign_in
    code = call.text("code")[:LONGEST_CODE] or None
    if sign_in.shown.get("takes_code") and code is None:
        return _question(call, what, 400, {"code": BLANK})
    try:
        verified.verify(call.services, sign_in.tenant_id, sign_in.ticket or "", code, call.now, event_info(call))
    except Invalid:
        return _question(call, what, 400, {"code": WRONG})
    except NotFound:
        if not _was_done(call, verified):
            return to_page(call, f"/{what}/verify", replace(sign_in, ticket=None))
    return to_page(call, f"/{what}/complete", replace(sign_in, ticket=None))


@page_route(blueprint, COMPLETE, needs_sign_in=True)
def verified_page(call: PageCall, what: str) -> Response:
    waits = waiting_sign_in(call)
    step = waiting_verification(call.services, BOTH[what].kind, waits.proof) if waits is not None else None
    goes_on = waits is not None and step is not None and step.is_done
    return show(
        call,
        "verified.html",
        sign_in=waits if goes_on else None,
        headline=BOTH[what].done,
        go_on=f"/{what}/verification-required" if goes_on else None,
    )


@page_route(blueprint, SEND, methods=("POST",))
def send(call: PageCall, what: str) -> Response:
    """Send another e-mail, if there is somebody to whom it belongs."""
    address, kind = call.text("email"), BOTH[what].kind
    tenant_id, application_id = call.sign_in.tenant_id, call.sign_in.application_id
    if tenant_id is None or (kind is Kind.REGISTRATION_VERIFICATION and application_id is None):
        return _address_form(call, what)
    if not is_email(address):
        return _address_form(call, what, 400, {"email": NO_ADDRESS if address else BLANK})
    try:
        put_off_resending(call.services, ResendRequest(kind, tenant_id, address, application_id))
    except TooManyRequests as limited:
        return waiting(_address_form(call, what, 429, {"": too_often(call, limited)}), limited)
    return to_page(call, f"/{what}/sent", replace(call.sign_in, ticket=None))


@page_route(blueprint, SENT, needs_sign_in=True)
def sent(call: PageCall, what: str) -> Response:
    return show(call, "verification_sent.html", headline=BOTH[what].headline)


def _was_done(call: PageCall, verified: Verified) -> bool:
    """Whether this very link did it before: the button was pressed twice."""
    user_id, tenant_id = parse_uuid(call.sign_in.shown.get("user", "")), call.sign_in.tenant_id
    if user_id is None or tenant_id is None:
        return False
    return is_verified(call.services, verified.kind, tenant_id, user_id, call.sign_in.application_id)


def _named(call: PageCall) -> tuple[UUID | None, UUID | None]:
    """The tenant and the application that the link names; the only tenant there is, where it names none."""
    query, services = call.request.args, call.services
    tenant_id, client_id = parse_uuid(query.get("tenantId", "")), parse_uuid(query.get("client_id", ""))
    services.configurations.forget_unless_current()
    application = services.configurations.application(client_id) if client_id is not None else None
    if application is not None and tenant_id in (None, application.tenant.id):
        return application.tenant.id, client_id
    if tenant_id is not None:
        return (tenant_id if services.configurations.tenant(tenant_id) is not None else None), None
    with services.db.read() as conn:
        ids = tenants.first_ids(conn, 2)
    return (ids[0] if len(ids) == 1 else None), None


def _question(call: PageCall, what: str, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    return show(
        call,
        "verify.html",
        status,
        errors=errors,
        what=what,
        headline=BOTH[what].headline,
        takes_code=call.sign_in.shown.get("takes_code"),
    )


def _address_form(call: PageCall, what: str, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    sign_in = call.sign_in
    if sign_in.tenant_id is None or (what == "registration" and sign_in.application_id is None):
        return error_page(404, NOT_HERE, SIGN_IN_AGAIN)
    return show(
        call,
        "verification_again.html",
        status,
        errors=errors,
        values={"email": call.text("email")},
        what=what,
        headline=NOT_HERE,
    )
