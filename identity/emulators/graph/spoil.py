"""What the emulator's own kinds of fault do to an answer of Graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.emulators.faults import Fault
from identity.emulators.replies import Reply
from identity.emulators.spoil import Damage, edited


def _without(name: str) -> Damage:
    def damage(_: Fault, reply: Reply) -> Reply:
        return edited(reply, lambda document: {key: value for key, value in document.items() if key != name})

    return damage


def _with(**members: Any) -> Damage:
    def damage(_: Fault, reply: Reply) -> Reply:
        return edited(reply, lambda document: document | members)

    return damage


def _wrong_id_type(_: Fault, reply: Reply) -> Reply:
    return edited(reply, lambda user: user | {"id": int(user["id"])})


OWN_DAMAGE: Mapping[str, Damage] = {
    "no_email": _without("email"),
    "missing_id": _without("id"),
    "wrong_id_type": _wrong_id_type,
    "wrong_types": _with(name=["Alice"], email={"address": "alice@example.com"}, picture="none"),
    "no_picture": _without("data"),
    "missing_token": _without("access_token"),
    "wrong_token_type": _with(access_token=12345, expires_in="soon"),
}
