"""/email/verification-required and /registration/verification-required: the login goes on once that is verified.

Under FormField the code is entered here. Under ClickableLink the mail has a link; whoever has opened it says so here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Response

from identity.domain.errors import Invalid, NotFound, TooManyRequests
from identity.domain.mail import mail_address
from identity.domain.masking import masked_email
from identity.domain.outcome import Door, Verdict
from identity.flows.hosted.resume_proved import resume
from identity.flows.hosted.waiting_verification import WaitingVerification, waiting_verification
from identity.flows.verifications.resend_verification import mail_again
from identity.http.pages.go_on import go_on
from identity.http.pages.hosted import (
    PageCall,
    hosted_blueprint,
    note_verdict,
    page_route,
    show,
    to_page,
    visit_of_page,
)
from identity.http.pages.steps import BLANK, over, too_often, waiting
from identity.http.pages.verification_words import (
    BOTH,
    LONGEST_CODE,
    MAILED_AGAIN,
    RULE,
    USED_UP,
    WRONG,
    Verified,
    event_info,
)
from identity.http.pages.waiting_cookie import keep_waiting

PAGE = f"{RULE}/verification-required"
AGAIN = f"{RULE}/send-again"

blueprint = hosted_blueprint("verification_required")


@page_route(blueprint, PAGE, needs_sign_in=True)
def ask_to_verify(call: PageCall, what: str) -> Response:
    verified = BOTH[what]
    step = waiting_verification(call.services, verified.kind, call.sign_in.proof)
    if step is None:
        return over()
    response = _form(call, verified, step)
    keep_waiting(call, response, what)
    return response


@page_route(blueprint, PAGE, methods=("POST",), door=Door.PASSWORD)
def go_on_verified(call: PageCall, what: str) -> Response:
    """Verify by the code, or look whether it was done elsewhere; then the login goes on."""
    verified, proof = BOTH[what], call.sign_in.proof
    step = waiting_verification(call.services, verified.kind, proof)
    if step is None or proof is None:
        return over()
    errors = {} if step.is_done else _try(call, verified, step)
    if errors:
        call.trace.add("What has to be verified is not.", f"verification {verified.verdict.value}")
        return _form(call, verified, step, 400, errors)
    outcome = resume(call.services, proof, visit_of_page(call), call.trace)
    if outcome.verdict is Verdict.NOT_FOUND:
        note_verdict(outcome)
        return over()
    return go_on(call, outcome)


@page_route(blueprint, AGAIN, methods=("POST",))
def send_again(call: PageCall, what: str) -> Response:
    verified = BOTH[what]
    step = waiting_verification(call.services, verified.kind, call.sign_in.proof)
    if step is None:
        return over()
    path = f"/{what}/verification-required"
    if step.is_done:
        return to_page(call, path, call.sign_in)
    try:
        ticket = mail_again(call.services, step.subject)
    except TooManyRequests as limited:
        return waiting(_form(call, verified, step, 429, {"": too_often(call, limited)}), limited)
    shown = {**call.sign_in.shown, MAILED_AGAIN: True}
    return to_page(call, path, replace(call.sign_in, ticket=ticket or call.sign_in.ticket, shown=shown))


def _try(call: PageCall, verified: Verified, step: WaitingVerification) -> dict[str, str]:
    """What is wrong with the code; nothing when it was right."""
    if not step.subject.rules.takes_code or call.ticked("verified"):
        return {"": verified.not_yet}
    code = call.text("code")[:LONGEST_CODE]
    if not code:
        return {"code": BLANK}
    if call.sign_in.ticket is None:
        return {"code": USED_UP}
    tenant_id = step.subject.tenant.id
    try:
        verified.verify(call.services, tenant_id, call.sign_in.ticket, code, call.now, event_info(call))
    except Invalid:
        return {"code": WRONG}
    except NotFound:
        return {"code": USED_UP}
    return {}


def _form(
    call: PageCall,
    verified: Verified,
    step: WaitingVerification,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Response:
    return show(
        call,
        "verification_required.html",
        status,
        errors=errors,
        what=verified.what,
        headline=verified.headline,
        address=masked_email(mail_address(step.subject.user) or ""),
        takes_code=step.subject.rules.takes_code,
        mailed_again=call.sign_in.shown.get(MAILED_AGAIN),
    )
