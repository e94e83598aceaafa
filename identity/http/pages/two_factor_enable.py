"""/oauth2/two-factor-enable: whoever needs a second factor and has none sets one up on the way (login contract D10).

Every step ends in a redirect to this same address, which shows how far it has come: so neither reload nor a second
press of a button does anything twice, and the recovery codes stay readable until the sign-in goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response

from identity.domain.errors import Invalid, NotFound, TooManyRequests, WrongCode
from identity.domain.second_factor import AUTHENTICATOR, EMAIL, SENT_KINDS
from identity.domain.sign_in import SignIn
from identity.domain.totp import base32
from identity.flows.second_factors.enable_method import NewMethod, enable_method
from identity.flows.second_factors.method_owner import Owner, owner_of
from identity.flows.second_factors.offered_secret import offered_secret, offered_uri
from identity.flows.second_factors.recovery_codes import recovery_codes_left
from identity.flows.second_factors.send_code import SendRequest, send_to_change
from identity.flows.second_factors.waiting_challenge import WaitingChallenge
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show, to_page
from identity.http.pages.qr_code import qr_code
from identity.http.pages.steps import BLANK, over, too_often, waiting
from identity.http.pages.two_factor import CODE, LONGEST_CODE, SET_UP, challenge_of

ADDRESS_FIELDS = {"email": "email", "mobilePhone": "mobile_phone"}
"""Fields of the form, by what the flows call them."""

LONGEST_ADDRESS = 255
MISSING = msgid("A second factor is needed")
NOTHING_OFFERED = msgid(
    "Your account needs a second factor to sign in, and none can be set up here at the moment. Please ask support."
)
WRONG = msgid("This code is not right. Please wait for the next one, or check the clock of your phone, and try again.")
WRONG_SENT = msgid("This code is not right, or too old: only the newest code works. Please try again.")
NOT_SENT = msgid("No code can be sent this way at the moment. Please choose another way.")

blueprint = hosted_blueprint("two_factor_enable")


@page_route(blueprint, SET_UP, needs_sign_in=True)
def show_set_up(call: PageCall) -> Response:
    challenge = challenge_of(call)
    if challenge is None:
        return over()
    if challenge.was_set_up:
        return _recovery_codes(call, challenge)
    if challenge.methods:  # set up elsewhere meanwhile
        return to_page(call, CODE, call.sign_in)
    if not challenge.configurable:
        return over(MISSING, NOTHING_OFFERED)
    return _proof_form(call, challenge) if _method(call, challenge) else _choice(call, challenge)


@page_route(blueprint, SET_UP, methods=("POST",))
def set_up(call: PageCall) -> Response:
    """One step on: a method is chosen, or the code proves it."""
    challenge = challenge_of(call)
    if challenge is None:
        return over()
    if challenge.was_set_up or challenge.methods:
        return to_page(call, SET_UP, call.sign_in)
    wanted = call.text("method")
    if wanted:
        return _choose(call, challenge, wanted)
    if call.ticked("another") or _method(call, challenge) is None:
        return to_page(call, SET_UP, _with_set_up(call.sign_in, None))
    return _prove(call, challenge)


def _choose(call: PageCall, challenge: WaitingChallenge, wanted: str) -> Response:
    if wanted not in challenge.configurable:
        return _choice(call, challenge, 400, {"": NOT_SENT})
    if wanted == AUTHENTICATOR:
        return to_page(call, SET_UP, _with_set_up(call.sign_in, {"method": wanted}))
    email, phone = (call.text(each)[: LONGEST_ADDRESS + 1] for each in ADDRESS_FIELDS.values())
    try:
        send_to_change(
            call.services,
            _owner(call, challenge),
            SendRequest(challenge.application_id, method=wanted, email=email, mobile_phone=phone),
        )
    except TooManyRequests as limited:
        return waiting(_again(call, challenge, 429, {"": too_often(call, limited)}), limited)
    except Invalid as refused:
        return _again(call, challenge, 400, _errors(refused))
    chosen = {"method": wanted, "address": email if wanted == EMAIL else phone}
    return to_page(call, SET_UP, _with_set_up(call.sign_in, chosen))


def _prove(call: PageCall, challenge: WaitingChallenge) -> Response:
    code = call.text("code")[:LONGEST_CODE]
    if not code:
        return _proof_form(call, challenge, 400, {"code": BLANK})
    try:
        enable_method(call.services, _owner(call, challenge), _new_method(call, challenge, code))
    except WrongCode:
        wrong = WRONG if _method(call, challenge) == AUTHENTICATOR else WRONG_SENT
        return _proof_form(call, challenge, 400, {"code": wrong})
    except Invalid as refused:
        if "twoFactorId" not in refused.field_errors:
            return _proof_form(call, challenge, 400, {"": next(iter(_errors(refused).values()))})
    except NotFound:
        return over()
    return to_page(call, SET_UP, _with_set_up(call.sign_in, None))


def _new_method(call: PageCall, challenge: WaitingChallenge, code: str) -> NewMethod:
    shown, two_factor_id = call.sign_in.shown["set_up"], call.sign_in.ticket
    assert two_factor_id is not None  # there is a challenge
    method, address = shown["method"], shown.get("address")
    return NewMethod(
        method=method,
        code=code,
        secret_base32=base32(offered_secret(call.services, two_factor_id)) if method == AUTHENTICATOR else None,
        email=address if method == EMAIL else None,
        mobile_phone=address if method not in (AUTHENTICATOR, EMAIL) else None,
        application_id=challenge.application_id,
        two_factor_id=two_factor_id,
    )


def _owner(call: PageCall, challenge: WaitingChallenge) -> Owner:
    """Raises NotFound: removed meanwhile."""
    return owner_of(call.services, challenge.user.tenant_id, challenge.user.id)


def _method(call: PageCall, challenge: WaitingChallenge) -> str | None:
    """What is being set up, if that is (still) possible."""
    chosen = (call.sign_in.shown.get("set_up") or {}).get("method")
    return chosen if chosen in challenge.configurable else None


def _with_set_up(sign_in: SignIn, set_up: dict[str, Any] | None) -> SignIn:
    return replace(sign_in, shown={**sign_in.shown, "set_up": set_up})


def _errors(refused: Invalid) -> dict[str, str]:
    """By the field of the form; what is about no field there is about the whole."""
    return {
        ADDRESS_FIELDS.get(path, ""): problems[0].message if path in ADDRESS_FIELDS else NOT_SENT
        for path, problems in refused.field_errors.items()
    }


def _again(call: PageCall, challenge: WaitingChallenge, status: int, errors: Mapping[str, str]) -> Response:
    """The page that the form was on: an address to send to is given on one, sent to again on the other."""
    is_proving = call.ticked("again") and _method(call, challenge) in SENT_KINDS
    return (_proof_form if is_proving else _choice)(call, challenge, status, errors)


def _choice(
    call: PageCall, challenge: WaitingChallenge, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    typed = {name: call.text(name) for name in ADDRESS_FIELDS.values()}
    known = {"email": challenge.user.email or "", "mobile_phone": challenge.user.mobile_phone or ""}
    return show(
        call,
        "two_factor_enable.html",
        status,
        errors=errors,
        values={name: typed[name] or known[name] for name in known},
        kinds=challenge.configurable,
    )


def _proof_form(
    call: PageCall, challenge: WaitingChallenge, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    shown, two_factor_id = call.sign_in.shown["set_up"], call.sign_in.ticket
    assert two_factor_id is not None and call.configuration is not None  # there is a challenge
    more: dict[str, Any] = {"address": shown.get("address", "")}
    if shown["method"] == AUTHENTICATOR:
        account = challenge.user.email or challenge.user.username or ""
        uri = offered_uri(call.services, call.configuration.tenant, two_factor_id, account)
        secret = base32(offered_secret(call.services, two_factor_id))
        more |= {"uri": uri, "picture": qr_code(uri), "secret": " ".join(_groups(secret))}
    return show(call, "two_factor_prove.html", status, errors=errors, kind=shown["method"], **more)


def _groups(secret: str) -> list[str]:
    return [secret[place : place + 4] for place in range(0, len(secret), 4)]


def _recovery_codes(call: PageCall, challenge: WaitingChallenge) -> Response:
    codes = recovery_codes_left(call.services, _owner(call, challenge))
    return show(call, "recovery_codes.html", codes=codes, may_trust=challenge.may_trust)
