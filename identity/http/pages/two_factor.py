"""/oauth2/two-factor: the second factor of a sign-in, and the choice of how to give it.

A code is only ever sent by a form, so that no link and no reload sends one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Response

from identity.domain.errors import Invalid, NotFound, TooManyRequests
from identity.domain.masking import masked_email, masked_phone
from identity.domain.outcome import Door, Verdict
from identity.domain.second_factor import EMAIL, SENT_KINDS
from identity.domain.sign_in import SignIn, Stage
from identity.domain.standing import TwoFactorMethod
from identity.flows.second_factors.send_code import send_for_challenge
from identity.flows.second_factors.setup_code import code_after_setup
from identity.flows.second_factors.two_factor_login import TwoFactorRequest, two_factor_login
from identity.flows.second_factors.waiting_challenge import WaitingChallenge, waiting_challenge
from identity.http.address_limit import limiting_failed_logins
from identity.http.pages.catalogue import msgid
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
from identity.http.trust_cookie import set_trust_cookie

CODE = Stage.TWO_FACTOR.value
METHODS, SET_UP = f"{CODE}-methods", f"{CODE}-enable"
RECOVERY = "recovery"
"""In place of a method's id: a recovery code, which needs no method."""

LONGEST_CODE = 255
WRONG = msgid(
    "This code is not accepted. Please check it: only the newest code works, and each works once. After many wrong "
    "codes none is accepted for a while."
)
SPENT = msgid("Too many wrong codes were entered for this sign-in. Please begin again.")
CHOOSE = msgid("Please choose one of the ways below.")
NOT_SENT = msgid("No code can be sent this way at the moment. Please choose another way.")

blueprint = hosted_blueprint("two_factor")


def challenge_of(call: PageCall) -> WaitingChallenge | None:
    """What this sign-in waits for; None when it is over."""
    return waiting_challenge(call.services, call.sign_in.tenant_id, call.sign_in.ticket)


@page_route(blueprint, CODE, needs_sign_in=True)
def ask_for_code(call: PageCall) -> Response:
    challenge = challenge_of(call)
    if challenge is None:
        return over()
    if challenge.was_set_up or not challenge.methods:
        return to_page(call, SET_UP, call.sign_in)
    chosen = _chosen(call, challenge)
    return to_page(call, METHODS, call.sign_in) if chosen is None else _code_form(call, challenge, chosen)


@page_route(blueprint, CODE, methods=("POST",), door=Door.TWO_FACTOR)
def check_code(call: PageCall) -> Response:
    """The code of a method, or after a set-up the word that its recovery codes are kept."""
    challenge, two_factor_id = challenge_of(call), call.sign_in.ticket
    if challenge is None or two_factor_id is None:
        return over()
    code: str | None = call.text("code")[:LONGEST_CODE]
    if challenge.was_set_up and call.ticked("kept") and call.configuration is not None:
        code = code_after_setup(call.services, call.configuration.tenant, two_factor_id)
        if code is None:
            return over()
    if not code:
        return _code_form(call, challenge, _chosen(call, challenge), 400, {"code": BLANK})
    request = TwoFactorRequest(two_factor_id, code, visit_of_page(call), trust_computer=call.ticked("trust_computer"))
    outcome = limiting_failed_logins(
        call.services, call.request, lambda: two_factor_login(call.services, request, call.trace)
    )
    if outcome.verdict in (Verdict.WRONG_CODE, Verdict.NOT_FOUND):
        note_verdict(outcome)
        return over() if outcome.verdict is Verdict.NOT_FOUND else _refused(call)
    response = go_on(call, outcome)
    if outcome.two_factor_trust is not None:
        trust, seconds = outcome.two_factor_trust, outcome.two_factor_trust_seconds
        set_trust_cookie(call.services, call.request, response, trust, seconds)
    return response


@page_route(blueprint, METHODS, needs_sign_in=True)
def show_methods(call: PageCall) -> Response:
    challenge = challenge_of(call)
    if challenge is None:
        return over()
    return _methods_form(call, challenge) if challenge.methods else to_page(call, SET_UP, call.sign_in)


@page_route(blueprint, METHODS, methods=("POST",))
def choose_method(call: PageCall) -> Response:
    """Go to the form for this method's code, which is sent first where the method needs that."""
    challenge, two_factor_id = challenge_of(call), call.sign_in.ticket
    if challenge is None or two_factor_id is None:
        return over()
    wanted = call.text("method")
    method = _method(challenge, wanted)
    if wanted != RECOVERY and method is None:
        return _methods_form(call, challenge, 400, {"": CHOOSE})
    if method is None or method.method not in SENT_KINDS:
        return to_page(call, CODE, _with_choice(call.sign_in, wanted))
    try:
        send_for_challenge(call.services, call.sign_in.tenant_id, two_factor_id, method.id)
    except NotFound:
        return over()
    except Invalid:
        return _methods_form(call, challenge, 400, {"": NOT_SENT})
    except TooManyRequests as limited:
        return waiting(_not_again(call, challenge, method, too_often(call, limited)), limited)
    sent = int(call.sign_in.shown.get("sent", 0)) + 1 if call.sign_in.shown.get("chosen") == method.id else 1
    return to_page(call, CODE, _with_choice(call.sign_in, method.id, sent))


def _refused(call: PageCall) -> Response:
    """A wrong code: once more, unless it was one too many."""
    challenge = challenge_of(call)
    if challenge is None:
        return over(text=SPENT)
    return _code_form(call, challenge, _chosen(call, challenge), 400, {"code": WRONG})


def _not_again(call: PageCall, challenge: WaitingChallenge, method: TwoFactorMethod, why: str) -> Response:
    """No further code for now; one that was sent before may still be entered."""
    if call.sign_in.shown.get("chosen") == method.id:
        return _code_form(call, challenge, method, 429, {"": why})
    return _methods_form(call, challenge, 429, {"": why})


def _with_choice(sign_in: SignIn, chosen: str, sent: int = 0) -> SignIn:
    return replace(sign_in, shown={**sign_in.shown, "chosen": chosen, "sent": sent})


def _method(challenge: WaitingChallenge, method_id: str | None) -> TwoFactorMethod | None:
    return next((each for each in challenge.methods if each.id == method_id), None)


def _chosen(call: PageCall, challenge: WaitingChallenge) -> TwoFactorMethod | str | None:
    """The method that was chosen, RECOVERY, or the only one when it makes codes by itself; None: ask."""
    chosen = call.sign_in.shown.get("chosen")
    if chosen == RECOVERY:
        return RECOVERY
    method = _method(challenge, chosen)
    if method is None and len(challenge.methods) == 1 and challenge.methods[0].method not in SENT_KINDS:
        return challenge.methods[0]
    return method


def _code_form(
    call: PageCall,
    challenge: WaitingChallenge,
    chosen: TwoFactorMethod | str | None,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Response:
    method = chosen if isinstance(chosen, TwoFactorMethod) else None
    return show(
        call,
        "two_factor.html",
        status,
        errors=errors,
        values={"trust_computer": "true"} if call.ticked("trust_computer") else {},
        kind=method.method if method else chosen or "",
        address=_address(method) if method else "",
        method_id=method.id if method and method.method in SENT_KINDS else "",
        sent=call.sign_in.shown.get("sent", 0),
        may_trust=challenge.may_trust,
    )


def _methods_form(
    call: PageCall, challenge: WaitingChallenge, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    offered = [{"id": each.id, "kind": each.method, "address": _address(each)} for each in challenge.methods]
    return show(call, "two_factor_methods.html", status, errors=errors, offered=offered, recovery=RECOVERY)


def _address(method: TwoFactorMethod) -> str:
    if method.method == EMAIL:
        return masked_email(method.email or "")
    return masked_phone(method.mobile_phone or "") if method.method in SENT_KINDS else method.name or ""
