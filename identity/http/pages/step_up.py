"""/password/second-factor: whoever has a second factor gives it before the password changes by a mailed link.

The sign-in carries the challenge as its ticket and the id of the change as its proof; afterwards the id is the ticket
again, and the trust token its proof.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from identity.domain.errors import Invalid, NotFound, TooManyRequests, WrongCode
from identity.domain.masking import masked_email
from identity.domain.second_factor import EMAIL, SENT_KINDS
from identity.domain.sign_in import Stage
from identity.flows.passwords.password_right import PasswordRight, right_by_id
from identity.flows.second_factors.send_code import send_for_challenge
from identity.flows.second_factors.start_two_factor import StartRequest, start_two_factor
from identity.flows.second_factors.step_up import StepUp, step_up
from identity.http.address_limit import limiting_wrong_codes
from identity.http.pages.catalogue import msgid
from identity.http.pages.form_errors import TOO_OFTEN
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page
from identity.http.pages.steps import BLANK, waiting

PATH = "/password/second-factor"
CODE, METHOD = "code", "methodId"

blueprint = hosted_blueprint("step_up")


def begin_step_up(call: PageCall, right: PasswordRight) -> Response:
    """Raises Invalid, NotFound."""
    request = StartRequest(right.tenant_id, right.user_id, right.application_id)
    started = start_two_factor(call.services, request)
    sent = [
        {"id": each.id, "address": masked_email(each.email or "") if each.method == EMAIL else ""}
        for each in started.methods
        if each.method in SENT_KINDS
    ]
    sign_in = replace(
        call.sign_in,
        tenant_id=right.tenant_id,
        ticket=started.two_factor_id,
        proof=call.sign_in.ticket,
        shown={**call.sign_in.shown, "sent_by": sent},
    )
    return to_page(call, PATH, sign_in)


@page_route(blueprint, PATH, methods=("GET", "POST"), needs_sign_in=True)
def second_factor(call: PageCall) -> Response:
    if call.request.method != "POST":
        return show(call, "step_up.html")
    try:
        return _sent(call) if METHOD in call.form else _answered(call)
    except TooManyRequests as refused:
        response = show(call, "step_up.html", 429, errors={"": TOO_OFTEN})
        return waiting(response, refused)
    except NotFound:  # the challenge is over: the page of the change begins another, if its id still works
        return to_page(call, Stage.CHANGE_PASSWORD.value, replace(call.sign_in, ticket=call.sign_in.proof, proof=None))


def _sent(call: PageCall) -> Response:
    """Raises NotFound, TooManyRequests."""
    sign_in, method_id = call.sign_in, call.text(METHOD)
    try:
        send_for_challenge(call.services, sign_in.tenant_id, sign_in.ticket or "", method_id)
    except Invalid:
        errors = {"": msgid("No code could be sent. Please choose another way.")}
        return show(call, "step_up.html", 400, errors=errors)
    return to_page(call, PATH, replace(sign_in, shown={**sign_in.shown, "sent_to": method_id}))


def _answered(call: PageCall) -> Response:
    """Raises NotFound."""
    sign_in, code = call.sign_in, call.text(CODE)
    if not code:
        return show(call, "step_up.html", 400, errors={CODE: BLANK})
    right = right_by_id(call.services, sign_in.tenant_id, sign_in.proof or "", call.now)
    answer = StepUp(right.tenant_id, right.user_id, sign_in.ticket or "", code)
    try:
        token = limiting_wrong_codes(call.services, call.request, lambda: step_up(call.services, answer))
    except WrongCode:
        errors = {CODE: msgid("This code is not right, or not valid any more.")}
        return show(call, "step_up.html", 400, errors=errors)
    return to_page(call, Stage.CHANGE_PASSWORD.value, replace(sign_in, ticket=sign_in.proof, proof=token))
