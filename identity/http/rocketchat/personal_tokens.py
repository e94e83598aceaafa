"""Personal access tokens: generate, regenerate, remove, list (rocket section 5.5)."""

from __future__ import annotations

from typing import Any

from flask import Response

from identity.domain.rocketchat_parameters import LONGEST_NAME, flag, required_text
from identity.domain.rocketchat_permissions import Permission
from identity.flows.rocketchat.personal_tokens import (
    MOST_PERSONAL_TOKENS,
    NameTaken,
    NoSuchToken,
    TooManyTokens,
    generate,
    personal_tokens,
    regenerate,
    remove,
)
from identity.http.rocketchat.answers import forbidden, moment, refused, success
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.parameters import refuse_bad_parameters
from identity.http.rocketchat.permissions import permits
from identity.http.rocketchat.routes import View, door_blueprint, rocket_route
from identity.store.rocketchat_tokens import ChatToken

blueprint = door_blueprint("personal_tokens")
refuse_bad_parameters(blueprint)
blueprint.register_error_handler(
    NameTaken, lambda _: refused("A token with this name already exists", "error-token-already-exists")
)
blueprint.register_error_handler(NoSuchToken, lambda _: refused("Token does not exist", "error-token-does-not-exists"))
blueprint.register_error_handler(
    TooManyTokens, lambda _: refused(f"Nobody has more than {MOST_PERSONAL_TOKENS} tokens", "error-too-many-tokens")
)
MISSING_PERMISSION = "User does not have the permissions required for this action [error-unauthorized]"


def for_token_makers(view: View) -> View:
    """The view, for callers who may have personal tokens."""

    def permitted(call: ChatCall) -> Response:
        if not permits(call, Permission.CREATE_PERSONAL_ACCESS_TOKENS):
            return refused("Not Authorized", "not-authorized")
        return view(call)

    permitted.__name__ = view.__name__
    return permitted


@rocket_route(blueprint, "GET", "/api/v1/users.getPersonalAccessTokens")
def list_personal_tokens(call: ChatCall) -> Response:
    if not permits(call, Permission.CREATE_PERSONAL_ACCESS_TOKENS):
        return forbidden(MISSING_PERMISSION)
    return success({"tokens": [_wire(token) for token in personal_tokens(call.services, call.caller)]})


@rocket_route(blueprint, "POST", "/api/v1/users.generatePersonalAccessToken", two_factor=True)
@for_token_makers
def generate_personal_token(call: ChatCall) -> Response:
    name, bypass = _name(call), flag(call.members.get("bypassTwoFactor"), "bypassTwoFactor")
    return success({"token": generate(call.services, call.caller, name, bypass_two_factor=bypass)})


@rocket_route(blueprint, "POST", "/api/v1/users.regeneratePersonalAccessToken", two_factor=True)
@for_token_makers
def regenerate_personal_token(call: ChatCall) -> Response:
    return success({"token": regenerate(call.services, call.caller, _name(call))})


@rocket_route(blueprint, "POST", "/api/v1/users.removePersonalAccessToken", two_factor=True)
@for_token_makers
def remove_personal_token(call: ChatCall) -> Response:
    remove(call.services, call.caller, _name(call))
    return success()


def _name(call: ChatCall) -> str:
    return required_text(call.members.get("tokenName"), "tokenName", LONGEST_NAME)


def _wire(token: ChatToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "createdAt": moment(token.insert_instant),
        "lastTokenPart": token.last_part,
        "bypassTwoFactor": token.bypass_two_factor,
    }
