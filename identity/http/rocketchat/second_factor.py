"""Routes of the Rocket.Chat door that ask for a second factor although the caller is signed in (rocket section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from identity.http.rocketchat.answers import refused

if TYPE_CHECKING:
    from identity.http.rocketchat.routes import ChatCall

REQUIRED = "totp-required"


def missing_proof(call: ChatCall) -> Response | None:
    """The refusal of a call that does not prove a second factor; None for one that does."""
    details = {"method": "password", "codeGenerated": False, "availableMethods": []}
    return refused("TOTP Required", REQUIRED, details) if call.session else None
