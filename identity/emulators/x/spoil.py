"""What each kind of fault makes of a call: the refusal it answers instead, or the damage it does to the answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from identity.emulators.x.faults import Fault
from identity.emulators.x.replies import JSON, TEXT, Reply, error_reply, form_reply, json_reply

_PAGE = b"<!DOCTYPE html><html><head><title>X</title></head><body><h1>Something went wrong</h1></body></html>"
_SHORTEST_JSON_PADDING = 32


def refusal(fault: Fault, now: float) -> Reply:
    """X's answer for a fault of the refusal stage."""
    kind = fault.kind
    if kind.code is None:
        return Reply(fault.number("status"), _PAGE, TEXT)
    code = fault.number("code") if "code" in kind.defaults else kind.code
    status = fault.number("status") if "status" in kind.defaults else None
    reply = error_reply(code, status)
    if "reset_in_s" in kind.defaults:
        return replace(reply, headers=rate_limit_headers(75, 0, int(now) + fault.number("reset_in_s")))
    return reply


def rate_limit_headers(limit: int, remaining: int, reset: int) -> tuple[tuple[str, str], ...]:
    """X's three rate-limit headers; `reset` is in epoch seconds."""
    return (
        ("x-rate-limit-limit", str(limit)),
        ("x-rate-limit-remaining", str(remaining)),
        ("x-rate-limit-reset", str(reset)),
    )


def spoil(fault: Fault, reply: Reply) -> Reply:
    """The answer with the damage of a fault of the answer stage."""
    return _DAMAGE[fault.kind.name](fault, reply)


def _no_email(_: Fault, reply: Reply) -> Reply:
    return _edit_json(reply, lambda user: user | ({"email": None} if "email" in user else {}))


def _missing_id(_: Fault, reply: Reply) -> Reply:
    return _edit_json(reply, lambda user: {name: value for name, value in user.items() if name != "id_str"})


def _wrong_id_type(_: Fault, reply: Reply) -> Reply:
    return _edit_json(reply, lambda user: user | {"id_str": user["id"]})


def _callback_unconfirmed(_: Fault, reply: Reply) -> Reply:
    return form_reply(_form(reply) | {"oauth_callback_confirmed": "false"})


def _missing_secret(_: Fault, reply: Reply) -> Reply:
    return form_reply({name: value for name, value in _form(reply).items() if name != "oauth_token_secret"})


def _garbage(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=b"\x00\xff{{{%zz&&& not what you asked for")


def _html(fault: Fault, _: Reply) -> Reply:
    return Reply(fault.number("status"), _PAGE, TEXT)


def _wrong_content_type(_: Fault, reply: Reply) -> Reply:
    return replace(reply, content_type="image/png")


def _huge(fault: Fault, reply: Reply) -> Reply:
    missing = max(fault.number("bytes") - len(reply.body), _SHORTEST_JSON_PADDING)
    if reply.content_type == JSON:
        return _edit_json(reply, lambda user: user | {"padding": "x" * missing})
    return replace(reply, body=reply.body + b"&padding=" + b"x" * missing)


def _huge_gzip(fault: Fault, reply: Reply) -> Reply:
    padded = _huge(fault, reply)
    return replace(padded, body=gzip.compress(padded.body), headers=(*padded.headers, ("Content-Encoding", "gzip")))


def _redirect(fault: Fault, _: Reply) -> Reply:
    return Reply(302, b"", TEXT, (("Location", fault.text("location")),))


def _hang(fault: Fault, reply: Reply) -> Reply:
    return replace(reply, waits=float(fault.number("seconds")), breaks=True)


def _reset(_: Fault, reply: Reply) -> Reply:
    return replace(reply, breaks=True)


_DAMAGE: dict[str, Callable[[Fault, Reply], Reply]] = {
    "no_email": _no_email,
    "missing_id": _missing_id,
    "wrong_id_type": _wrong_id_type,
    "callback_unconfirmed": _callback_unconfirmed,
    "missing_secret": _missing_secret,
    "garbage": _garbage,
    "html": _html,
    "wrong_content_type": _wrong_content_type,
    "huge": _huge,
    "huge_gzip": _huge_gzip,
    "redirect": _redirect,
    "hang": _hang,
    "reset": _reset,
}


def _edit_json(reply: Reply, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
    return replace(reply, body=json_reply(edit(json.loads(reply.body))).body)


def _form(reply: Reply) -> dict[str, str]:
    return dict(parse_qsl(reply.body.decode()))
