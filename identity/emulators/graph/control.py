"""The control API of the emulated Facebook under /control: what every emulator has, and its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from identity.emulators.control import LISTED, Bad, control_blueprint, known_person, load, minted
from identity.emulators.graph.emulator import emulator
from identity.emulators.graph.faults import KINDS
from identity.emulators.graph.options import App
from identity.emulators.graph.people import Person
from identity.emulators.graph.protocol import document
from identity.emulators.graph.schemas import (
    Ending,
    GraphFaultSchema,
    NewPerson,
    PersonChanges,
    SettingsSchema,
    TokenWish,
)
from identity.emulators.graph.tokens import Code, Grant, Token

blueprint = control_blueprint(Person, NewPerson, PersonChanges, GraphFaultSchema, SettingsSchema)

LOGGED_OUT = 467

Mint = Callable[[Person], dict[str, Any]]


@blueprint.get("/tokens")
def list_tokens() -> Response:
    """The newest codes and tokens, by their first characters."""
    codes, tokens = emulator().tokens.newest(LISTED)
    return jsonify(
        codes=[_shown(code) | {"used": code.used} for code in codes],
        access_tokens=[_shown(token) | {"long_lived": token.long_lived, "ended": token.ended} for token in tokens],
    )


def _shown(found: Code | Token) -> dict[str, Any]:
    """Neither a code nor a token needs anything else to be used, so that whole they are nobody's business."""
    grant = found.grant
    return {"begins": found.text[:12], "app": grant.app_id, "person": grant.person, "scopes": list(grant.scopes)}


@blueprint.post("/tokens")
def mint_tokens() -> tuple[Response, int]:
    """Make an access token, or a code, without a browser."""
    wish = load(TokenWish())
    app = _app(wish.get("app"))
    return minted(wish, _mint_code(app, wish) if wish["kind"] == "code" else _mint_token(app, wish))


def _app(app_id: str | None) -> App:
    settings = emulator().settings
    app = settings.apps[0] if app_id is None else settings.app(app_id)
    if app is None:
        raise Bad({"app": ["there is no such app"]})
    return app


def _mint_token(app: App, wish: dict[str, Any]) -> Mint:
    state, long_lived = emulator(), wish["long_lived"]
    usual = state.settings.long_seconds if long_lived else state.settings.short_seconds
    seconds = wish.get("expires_in", usual)

    def mint(person: Person) -> dict[str, Any]:
        grant = Grant(app.id, person.key, tuple(wish["scopes"]))
        made = state.tokens.issue(grant, state.clock(), seconds, long_lived=long_lived)
        return document(made) | {"user_id": person.id_for(app.id)}

    return mint


def _mint_code(app: App, wish: dict[str, Any]) -> Mint:
    state, redirect_uri = emulator(), wish["redirect_uri"]

    def mint(person: Person) -> dict[str, Any]:
        grant = Grant(app.id, person.key, tuple(wish["scopes"]))
        made = state.tokens.issue_code(grant, redirect_uri, state.clock())
        return {"code": made.text, "redirect_uri": redirect_uri, "user_id": person.id_for(app.id)}

    return mint


@blueprint.post("/tokens/end")
def end_tokens() -> Response:
    """End tokens for a reason, as when somebody changes their password."""
    wish = load(Ending())
    person = known_person(wish["person"]).key if "person" in wish else None
    app_id = _app(wish["app"]).id if "app" in wish else None
    code = KINDS[wish["reason"]].code
    assert code is not None
    return jsonify(ended=emulator().tokens.end(code, person=person, app_id=app_id))


@blueprint.delete("/tokens/<token>")
def revoke_token(token: str) -> tuple[str, int]:
    """End one access token."""
    if not emulator().tokens.end(LOGGED_OUT, text=token):
        raise Bad({"token": ["there is no such token"]}, 404)
    return "", 204
