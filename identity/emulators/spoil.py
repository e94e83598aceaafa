"""What a fault of the answer stage makes of an answer, for any emulator (identity/emulators/faults.py)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from identity.emulators.faults import Fault
from identity.emulators.replies import Reply, compact

HTML = "text/html;charset=utf-8"
PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"
_SHORTEST_JSON_PADDING = 32

Damage = Callable[[Fault, Reply], Reply]


def spoil(fault: Fault, reply: Reply, own: Mapping[str, Damage]) -> Reply:
    """The answer with the damage of this fault; `own` are the kinds that only this emulator has."""
    return {**_DAMAGE, **own}[fault.kind.name](fault, reply)


def edited(reply: Reply, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
    """The answer with another JSON document."""
    return replace(reply, body=compact(edit(json.loads(reply.body))))


def _garbage(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=b"\x00\xff{{{%zz&&& not what you asked for")


def _html(fault: Fault, _: Reply) -> Reply:
    return Reply(fault.number("status"), PAGE, HTML)


def _wrong_content_type(_: Fault, reply: Reply) -> Reply:
    return replace(reply, content_type="image/png")


def _huge(fault: Fault, reply: Reply) -> Reply:
    missing = max(fault.number("bytes") - len(reply.body), _SHORTEST_JSON_PADDING)
    if reply.is_json:
        return edited(reply, lambda document: document | {"padding": "x" * missing})
    return replace(reply, body=reply.body + b"&padding=" + b"x" * missing)


def _huge_gzip(fault: Fault, reply: Reply) -> Reply:
    padded = _huge(fault, reply)
    return replace(padded, body=gzip.compress(padded.body), headers=(*padded.headers, ("Content-Encoding", "gzip")))


def _redirect(fault: Fault, _: Reply) -> Reply:
    return Reply(302, b"", HTML, (("Location", fault.text("location")),))


def _hang(fault: Fault, reply: Reply) -> Reply:
    return replace(reply, waits=float(fault.number("seconds")), breaks=True)


def _reset(_: Fault, reply: Reply) -> Reply:
    return replace(reply, breaks=True)


_DAMAGE: dict[str, Damage] = {
    "garbage": _garbage,
    "html": _html,
    "wrong_content_type": _wrong_content_type,
    "huge": _huge,
    "huge_gzip": _huge_gzip,
    "redirect": _redirect,
    "hang": _hang,
    "reset": _reset,
}
