"""Routes of the Rocket.Chat door that ask for a second factor although the caller is signed in (rocket section 7)."""

from __future__ import annotations

from flask import Response

from identity.domain.second_factor import typed
from identity.flows.rocketchat.step_up import step_up
from identity.http.rocketchat.answers import details_of, refused
from identity.http.rocketchat.call import ChatCall

CODE_HEADER, METHOD_HEADER = "x-2fa-code", "x-2fa-method"


def missing_proof(call: ChatCall) -> Response | None:
    """The refusal of a call that does not prove a second factor; None for one that does, or whose token need not.

    Raises NotFound: the user was removed meanwhile.
    """
    if call.caller.token.bypass_two_factor:
        return None
    headers = call.request.headers
    code = typed(headers.get(CODE_HEADER, "")).strip() or None
    wanted = headers.get(METHOD_HEADER)
    asked = step_up(call.services, call.configuration, call.caller.user.id, code, wanted)
    return None if asked is None else refused(asked.message, asked.missing.value, details_of(asked))
