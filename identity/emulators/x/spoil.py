"""What X's own kinds of fault make of a call: the refusal answered instead, or the damage done to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from identity.emulators.faults import Fault
from identity.emulators.replies import Reply
from identity.emulators.spoil import PAGE, Damage, edited
from identity.emulators.x.replies import TEXT, error_reply, form_reply


def refusal(fault: Fault, now: float) -> Reply:
    """X's answer for a fault of the refusal stage."""
    kind = fault.kind
    if kind.code is None:
        return Reply(fault.number("status"), PAGE, TEXT)
    code = fault.number("code") if "code" in kind.defaults else kind.code
    status = fault.number("status") if "status" in kind.defaults else None
    reply = error_reply(code, status)
    if "reset_in_s" in kind.defaults:
        limits = rate_limit_headers(75, 0, int(now) + fault.number("reset_in_s"))
        return replace(reply, headers=(*reply.headers, *limits))
    return reply


def rate_limit_headers(limit: int, remaining: int, reset: int) -> tuple[tuple[str, str], ...]:
    """X's three rate-limit headers; `reset` is in epoch seconds."""
    return (
        ("x-rate-limit-limit", str(limit)),
        ("x-rate-limit-remaining", str(remaining)),
        ("x-rate-limit-reset", str(reset)),
    )


def _no_email(_: Fault, reply: Reply) -> Reply:
    return edited(reply, lambda user: user | ({"email": None} if "email" in user else {}))


def _missing_id(_: Fault, reply: Reply) -> Reply:
    return edited(reply, lambda user: {name: value for name, value in user.items() if name != "id_str"})


def _wrong_id_type(_: Fault, reply: Reply) -> Reply:
    return edited(reply, lambda user: user | {"id_str": user["id"]})


def _callback_unconfirmed(_: Fault, reply: Reply) -> Reply:
    return form_reply(_form(reply) | {"oauth_callback_confirmed": "false"})


def _missing_secret(_: Fault, reply: Reply) -> Reply:
    return form_reply({name: value for name, value in _form(reply).items() if name != "oauth_token_secret"})


def _form(reply: Reply) -> dict[str, str]:
    return dict(parse_qsl(reply.body.decode()))


OWN_DAMAGE: Mapping[str, Damage] = {
    "no_email": _no_email,
    "missing_id": _missing_id,
    "wrong_id_type": _wrong_id_type,
    "callback_unconfirmed": _callback_unconfirmed,
    "missing_secret": _missing_secret,
}
