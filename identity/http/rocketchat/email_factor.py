"""users.2fa.*: the second factor by e-mail, switched on and off, and its code sent once more (rocket section 5.5)."""

from __future__ import annotations

from contextlib import suppress

from flask import Response

from identity.domain.bounds import storable
from identity.domain.errors import Invalid, TooManyRequests
from identity.domain.rocketchat_forms import LONGEST_LOGIN_ID
from identity.flows.put_off import put_off_code
from identity.flows.rocketchat.email_code import CodeRequest
from identity.flows.rocketchat.email_factor import UnverifiedEmail, disable_email, enable_email
from identity.http.rocketchat.answers import refused, success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.routes import door_blueprint, rocket_route

blueprint = door_blueprint("email_factor")


@rocket_route(blueprint, "POST", "/api/v1/users.2fa.enableEmail")
def enable(call: ChatCall) -> Response:
    try:
        enable_email(call.services, call.caller)
    except UnverifiedEmail:
        return refused("You need to verify your e-mail address first.", "error-invalid-user")
    except Invalid:
        return refused("Codes by e-mail are not offered, or there are too many methods.", "error-not-allowed")
    return success()


@rocket_route(blueprint, "POST", "/api/v1/users.2fa.disableEmail", two_factor=True)
def disable(call: ChatCall) -> Response:
    disable_email(call.services, call.caller)
    return success()


@rocket_route(blueprint, "POST", "/api/v1/users.2fa.sendEmailCode", signed_in=False)
def send_code(call: ChatCall) -> Response:
    """200 whoever is named, and however often: a stranger learns nothing here."""
    name = call.members.get("emailOrUsername")
    if not isinstance(name, str) or not name.strip():
        return refused("emailOrUsername is required.", "error-parameter-required")
    if len(name) <= LONGEST_LOGIN_ID and storable(name):
        tenant, application = call.configuration.tenant, call.configuration.application
        with suppress(TooManyRequests):
            put_off_code(call.services, CodeRequest(tenant.id, application.id, name))
    return success()
