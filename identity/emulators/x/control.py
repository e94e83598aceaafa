"""The control API under /control: JSON for scripts that add people, mint tokens, switch faults and read calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError

from identity.emulators.x.emulator import Emulator, emulator
from identity.emulators.x.faults import KINDS, Fault
from identity.emulators.x.oauth import is_callback
from identity.emulators.x.options import OUT_OF_BAND, Consumer, Settings
from identity.emulators.x.people import MOST_PEOPLE, PeopleFull, Person
from identity.emulators.x.schemas import (
    CallSchema,
    ConsumerSchema,
    FaultSchema,
    KindSchema,
    NewPeople,
    NewPerson,
    PersonChanges,
    SettingsSchema,
    TokenWish,
)

blueprint = Blueprint("control", __name__, url_prefix="/control")

_LISTED = 1_000


class Bad(Exception):
    """The request cannot be followed: `errors` names the members and what is wrong; the status is 400 unless given."""

    def __init__(self, errors: dict[str, Any], status: int = 400) -> None:
        super().__init__(errors)
        self.errors = errors
        self.status = status


@blueprint.errorhandler(Bad)
def _bad(error: Bad) -> tuple[Response, int]:
    return jsonify(errors=error.errors), error.status


@blueprint.before_request
def _same_origin() -> None:
    """A page of another site, open in the developer's browser, must not steer the emulator."""
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and origin != request.host_url.rstrip("/"):
        raise Bad({"Origin": ["requests of other origins are refused"]}, 403)


def _document() -> dict[str, Any]:
    """The JSON object of the body, whatever its content type."""
    try:
        document = json.loads(request.get_data())
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair could not be shown on a page
    except (ValueError, RecursionError) as error:
        raise Bad({"body": ["must be JSON"]}) from error
    if not isinstance(document, dict):
        raise Bad({"body": ["must be a JSON object"]})
    return document


def _load(schema: Schema) -> Any:
    try:
        return schema.load(_document())
    except ValidationError as error:
        raise Bad(dict(error.messages_dict)) from error


@blueprint.get("/people")
def list_people() -> Response:
    """The first thousand people."""
    return jsonify(people=[asdict(person) for person in emulator().people.first(_LISTED)])


@blueprint.post("/people")
def add_people() -> tuple[Response, int]:
    """Add one person, or several as {"people": [...]}."""
    if "people" in _document():
        people = [Person(**values) for values in _load(NewPeople())["people"]]
        _add(people)
        return jsonify(people=[asdict(person) for person in people]), 201
    person = Person(**_load(NewPerson()))
    _add([person])
    return jsonify(asdict(person)), 201


def _add(people: list[Person]) -> None:
    try:
        taken = emulator().people.add(people)
    except PeopleFull as error:
        raise Bad({"people": [f"there may be {MOST_PEOPLE} people at most"]}) from error
    if taken is not None:
        raise Bad({"id": [f"the key {taken.key} or the id {taken.id} is taken"]})


@blueprint.patch("/people/<key>")
def change_person(key: str) -> Response:
    """Change members of a person."""
    changed = emulator().people.change(key, _load(PersonChanges()))
    if changed is None:
        raise Bad({"person": ["there is no such person"]}, 404)
    return jsonify(asdict(changed))


@blueprint.get("/faults")
def list_faults() -> Response:
    """The faults that are on, and the kinds there are."""
    return jsonify(
        faults=[shown_fault(fault) for fault in emulator().faults.all()],
        kinds=KindSchema(many=True).dump(KINDS.values()),
    )


def shown_fault(fault: Fault) -> dict[str, Any]:
    """A fault with its parameters as they act."""
    acting = {**fault.kind.defaults, **fault.parameters}
    plain = {"id": fault.id, "kind": fault.kind.name, "person": fault.person, "times": fault.times}
    return plain | {"endpoint": fault.endpoint.value if fault.endpoint else None} | acting


@blueprint.post("/faults")
def add_fault() -> tuple[Response, int]:
    """Switch a fault on."""
    fault: Fault = _load(FaultSchema())
    if fault.person is not None:
        fault = replace(fault, person=_known_person(fault.person).key)
    added = emulator().faults.add(fault)
    if added is None:
        raise Bad({"faults": ["too many faults are on"]})
    return jsonify(shown_fault(added)), 201


def _known_person(key: str) -> Person:
    person = emulator().people.find(key)
    if person is None:
        raise Bad({"person": [f"there is no person {key}"]})
    return person


@blueprint.delete("/faults")
def clear_faults() -> tuple[str, int]:
    """Switch all faults off; people keep their own."""
    emulator().faults.clear()
    return "", 204


@blueprint.delete("/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> tuple[str, int]:
    """Switch one fault off."""
    if not emulator().faults.remove(fault_id):
        raise Bad({"fault": ["there is no such fault"]}, 404)
    return "", 204


@blueprint.get("/calls")
def list_calls() -> Response:
    """The recent calls, newest first."""
    return jsonify(calls=CallSchema(many=True).dump(emulator().calls.newest(_LISTED)))


@blueprint.delete("/calls")
def clear_calls() -> tuple[str, int]:
    """Forget the recent calls."""
    emulator().calls.clear()
    return "", 204


@blueprint.get("/tokens")
def list_tokens() -> Response:
    """The newest tokens, without secrets and verifiers."""
    requests, accesses = emulator().tokens.newest(_LISTED)
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
    wish = _load(TokenWish())
    consumer = _wanted_consumer(wish.get("consumer"))
    mint = _mint_access if wish["kind"] == "access" else _mint_request(wish["callback"])
    if "person" in wish:
        return jsonify(mint(emulator(), consumer, _known_person(wish["person"]))), 201
    people = [_known_person(key) for key in wish["people"]]
    return jsonify(tokens=[mint(emulator(), consumer, person) for person in people]), 201


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


@blueprint.get("/settings")
def show_settings() -> Response:
    """The applications with their secrets, latency and rate limit."""
    return _shown_settings(emulator().settings)


def _shown_settings(settings: Settings) -> Response:
    consumers = ConsumerSchema(many=True).dump(settings.consumers)
    return jsonify(consumers=consumers, latency_ms=settings.latency_ms, rate_limit=settings.rate_limit)


@blueprint.put("/settings")
def change_settings() -> Response:
    """Change settings; what is left out stays."""
    changes = _load(SettingsSchema())
    emulator().settings = replace(emulator().settings, **changes)
    return _shown_settings(emulator().settings)


@blueprint.post("/reset")
def reset() -> tuple[str, int]:
    """Back to the seeded people, without tokens, faults and calls."""
    emulator().reset()
    return "", 204
