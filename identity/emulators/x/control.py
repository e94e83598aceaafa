"""The control API of the emulated X under /control: what every emulator has, and its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from identity.emulators.control import LISTED, Bad, control_blueprint, load, minted
from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.oauth import is_callback
from identity.emulators.x.options import OUT_OF_BAND, Consumer
from identity.emulators.x.people import Person
from identity.emulators.x.schemas import (
    NewPerson,
    PersonChanges,
    SettingsSchema,
    TokenWish,
    XFaultSchema,
)

blueprint = control_blueprint(Person, NewPerson, PersonChanges, XFaultSchema, SettingsSchema)


@blueprint.get("/tokens")
def list_tokens() -> Response:
    """The newest tokens, without secrets and verifiers."""
    requests, accesses = emulator().tokens.newest(LISTED)
    shown = ("token", "consumer_key", "person")
    return jsonify(
        request_tokens=[_members(token, (*shown, "callback")) for token in requests],
        access_tokens=[_members(token, (*shown, "may_read_email")) for token in accesses],
    )


def _members(value: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


@blueprint.post("/tokens")
def mint_tokens() -> tuple[Response, int]:
    """Make an access-token pair, or a request token with its verifier, without a browser."""
    wish = load(TokenWish())
    consumer = _wanted_consumer(wish.get("consumer"))
    mint = _mint_access if wish["kind"] == "access" else _mint_request(wish["callback"])
    return minted(wish, lambda person: mint(emulator(), consumer, person))


def _wanted_consumer(key: str | None) -> Consumer:
    settings = emulator().settings
    consumer = settings.consumers[0] if key is None else settings.consumer(key)
    if consumer is None:
        raise Bad({"consumer": ["there is no such application"]})
    return consumer


Mint = Callable[[Emulator, Consumer, Person], dict[str, str | None]]


def _mint_access(state: Emulator, consumer: Consumer, person: Person) -> dict[str, str | None]:
    made = state.tokens.issue_access(consumer, person.key, person.id, state.clock())
    return {
        "oauth_token": made.token,
        "oauth_token_secret": made.secret,
        "user_id": person.id,
        "screen_name": person.screen_name,
    }


def _mint_request(callback: str) -> Mint:
    if callback != OUT_OF_BAND and not is_callback(callback):
        raise Bad({"callback": ["must be an absolute URL or oob"]})

    def mint(state: Emulator, consumer: Consumer, person: Person) -> dict[str, str | None]:
        made = state.tokens.issue_request(consumer, callback, state.clock())
        authorised = state.tokens.authorise(made.token, person.key, state.clock())
        verifier = authorised.verifier if authorised else None
        return {"oauth_token": made.token, "oauth_token_secret": made.secret, "oauth_verifier": verifier}

    return mint


@blueprint.delete("/tokens/<token>")
def revoke_token(token: str) -> tuple[str, int]:
    """Revoke an access or request token."""
    if not emulator().tokens.revoke(token):
        raise Bad({"token": ["there is no such token"]}, 404)
    return "", 204
