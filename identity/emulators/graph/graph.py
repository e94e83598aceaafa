"""The reads of Graph that a login makes: the person, their picture, what a token is; and taking an app away."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response

from identity.emulators.graph.faults import Endpoint
from identity.emulators.graph.fields import picture, picture_size, user
from identity.emulators.graph.options import App
from identity.emulators.graph.people import Person
from identity.emulators.graph.protocol import (
    GraphExchange,
    Parameters,
    answer,
    check_proof,
    good_token,
    token_text,
    trouble,
    user_token,
)
from identity.emulators.graph.replies import (
    NO_TOKEN,
    OTHER_APP,
    UNPARSABLE_TOKEN,
    GraphError,
    json_reply,
    no_such_object,
    refuse,
)
from identity.emulators.graph.tokens import Token
from identity.emulators.replies import Reply
from identity.emulators.spoil import HTML

blueprint = Blueprint("graph", __name__)

FALSE = ("0", "false")
APP_REMOVED = 458


@blueprint.get("/<node>")
def me(node: str) -> Response:
    """The person of the token, as `me` or by the id that the app knows."""

    def work(exchange: GraphExchange, given: Parameters) -> Reply:
        token, app, person = _self(exchange, given, node)
        return json_reply(user(person, app, token.grant.scopes, given.get("fields", "")))

    return answer(Endpoint.ME, work)


@blueprint.get("/<node>/picture")
def profile_picture(node: str) -> Response:
    """Their picture: a redirect to it, or with `redirect=false` where it is."""

    def work(exchange: GraphExchange, given: Parameters) -> Reply:
        _, app, person = _self(exchange, given, node)
        data = picture(person, app, *picture_size(given))
        if given.get("redirect", "").lower() in FALSE:
            return json_reply({"data": data})
        return Reply(302, b"", HTML, (("Location", data["url"]),))

    return answer(Endpoint.PICTURE, work)


@blueprint.get("/<node>/permissions")
def permissions(node: str) -> Response:
    """What the person has granted to the app."""

    def work(exchange: GraphExchange, given: Parameters) -> Reply:
        token, _, _ = _self(exchange, given, node)
        return json_reply({"data": [{"permission": scope, "status": "granted"} for scope in token.grant.scopes]})

    return answer(Endpoint.PERMISSIONS, work)


@blueprint.delete("/<node>/permissions")
def remove_app(node: str) -> Response:
    """The person takes the app's rights away: its tokens end."""

    def work(exchange: GraphExchange, given: Parameters) -> Reply:
        token, app, _ = _self(exchange, given, node)
        exchange.emulator.tokens.end(APP_REMOVED, person=token.grant.person, app_id=app.id)
        return json_reply({"success": True})

    return answer(Endpoint.PERMISSIONS, work)


@blueprint.get("/debug_token")
def debug_token() -> Response:
    """What a token is, told to its own app."""
    return answer(Endpoint.DEBUG_TOKEN, _debug)


def _self(exchange: GraphExchange, given: Parameters, node: str) -> tuple[Token, App, Person]:
    """Raises Refused."""
    token, app = user_token(exchange, given)
    person = exchange.emulator.people.find(token.grant.person)
    if person is None:  # the people were reset while this call ran
        raise refuse(UNPARSABLE_TOKEN, "the person of this token is gone")
    if node not in {"me", person.id_for(app.id)}:
        raise refuse(no_such_object(node[:100]))
    return token, app, person


def _debug(exchange: GraphExchange, given: Parameters) -> Reply:
    text = given.get("input_token", "")
    if not text:
        raise refuse(GraphError(100, "(#100) The parameter input_token is required"))
    app = _asking_app(exchange, given)
    token = exchange.emulator.tokens.token(text)
    if token is None:
        return json_reply({"data": _invalid({"scopes": []}, UNPARSABLE_TOKEN)})
    if token.grant.app_id != app.id:
        raise refuse(OTHER_APP)
    return json_reply({"data": _described(exchange, token, app)})


def _asking_app(exchange: GraphExchange, given: Parameters) -> App:
    """The app whose token, or whose user's token, the call was made with. Raises Refused."""
    text = token_text(given)
    if not text:
        raise refuse(NO_TOKEN)
    if "|" in text:
        app = exchange.emulator.settings.app(text.partition("|")[0])
        if app is None or not any(hmac.compare_digest(own.encode(), text.encode()) for own in app.tokens):
            raise refuse(UNPARSABLE_TOKEN, "unknown app access token")
    else:
        _, app = good_token(exchange.emulator, text, exchange.now)
    check_proof(app, text, given.get("appsecret_proof"))
    return app


def _described(exchange: GraphExchange, token: Token, app: App) -> dict[str, Any]:
    person = exchange.emulator.people.find(token.grant.person)
    found: dict[str, Any] = {
        "app_id": app.id,
        "type": "USER",
        "application": app.name,
        "data_access_expires_at": int(token.issued_at) + 90 * 86_400,
        "expires_at": int(token.expires_at),
        "is_valid": True,
        "scopes": list(token.grant.scopes),
        "user_id": person.id_for(app.id) if person else "",
    }
    if token.long_lived:
        found["issued_at"] = int(token.issued_at)
    error = trouble(token, exchange.now)
    return found if error is None else _invalid(found, error)


def _invalid(found: dict[str, Any], error: GraphError) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.subcode is not None:
        told["subcode"] = error.subcode
    return found | {"error": told, "is_valid": False}
