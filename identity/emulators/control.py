"""The control API under /control, as far as every emulator has the same: people, faults, settings, calls and reset."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError, validate
from marshmallow.fields import List, Nested

from identity.emulators.faults import Fault
from identity.emulators.people import MOST_PEOPLE, PeopleFull
from identity.emulators.schemas import CallSchema, FaultSchema, KindSchema
from identity.emulators.state import current

LISTED = 1_000


class Bad(Exception):
    """The request cannot be followed: `errors` names the members and what is wrong; the status is 400 unless given."""

    def __init__(self, errors: dict[str, Any], status: int = 400) -> None:
        super().__init__(errors)
        self.errors = errors
        self.status = status


def control_blueprint(
    person: Callable[..., Any],
    new_person: type[Schema],
    changes: type[Schema],
    fault: type[FaultSchema],
    settings: type[Schema],
) -> Blueprint:
    """The common part for an emulator with this class of person; schemas of its people, faults and settings."""
    blueprint = Blueprint("control", __name__, url_prefix="/control")
    blueprint.register_error_handler(Bad, _bad)
    blueprint.before_request(_same_origin)
    _add_people(blueprint, person, new_person, changes)
    _add_faults(blueprint, fault)
    _add_settings(blueprint, settings)
    blueprint.get("/calls")(_list_calls)
    blueprint.delete("/calls")(_clear_calls)
    blueprint.post("/reset")(_reset)
    return blueprint


def document() -> dict[str, Any]:
    """The JSON object of the body, whatever its content type. Raises Bad."""
    try:
        found = json.loads(request.get_data())
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair could not be shown on a page
    except (ValueError, RecursionError) as error:
        raise Bad({"body": ["must be JSON"]}) from error
    if not isinstance(found, dict):
        raise Bad({"body": ["must be a JSON object"]})
    return found


def load(schema: Schema) -> Any:
    """What the body says. Raises Bad."""
    try:
        return schema.load(document())
    except ValidationError as error:
        raise Bad(dict(error.messages_dict)) from error


def known_person(key: str) -> Any:
    """The person with this key or id. Raises Bad."""
    person = current().people.find(key)
    if person is None:
        raise Bad({"person": [f"there is no person {key}"]})
    return person


def minted(wish: dict[str, Any], mint: Callable[[Any], dict[str, Any]]) -> tuple[Response, int]:
    """The tokens of the one person, or of the several people, that the body names."""
    if "person" in wish:
        return jsonify(mint(known_person(wish["person"]))), 201
    people = [known_person(key) for key in wish["people"]]
    return jsonify(tokens=[mint(person) for person in people]), 201


def _bad(error: Bad) -> tuple[Response, int]:
    return jsonify(errors=error.errors), error.status


def _same_origin() -> None:
    """A page of another site, open in the developer's browser, must not steer the emulator."""
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and origin != request.host_url.rstrip("/"):
        raise Bad({"Origin": ["requests of other origins are refused"]}, 403)


def _add_people(
    blueprint: Blueprint, person: Callable[..., Any], new_person: type[Schema], changes: type[Schema]
) -> None:
    @blueprint.get("/people")
    def list_people() -> Response:
        """The first thousand people."""
        return jsonify(people=[asdict(found) for found in current().people.first(LISTED)])

    @blueprint.post("/people")
    def add_people() -> tuple[Response, int]:
        """Add one person, or several as {"people": [...]}."""
        if "people" in document():
            people = [person(**values) for values in _several(new_person)]
            _add(people)
            return jsonify(people=[asdict(added) for added in people]), 201
        one = person(**load(new_person()))
        _add([one])
        return jsonify(asdict(one)), 201

    @blueprint.patch("/people/<key>")
    def change_person(key: str) -> Response:
        """Change members of a person."""
        changed = current().people.change(key, load(changes()))
        if changed is None:
            raise Bad({"person": ["there is no such person"]}, 404)
        return jsonify(asdict(changed))


def _several(new_person: type[Schema]) -> list[dict[str, Any]]:
    several = List(Nested(new_person), required=True, validate=validate.Length(1, LISTED))
    people: list[dict[str, Any]] = load(Schema.from_dict({"people": several})())["people"]
    return people


def _add(people: list[Any]) -> None:
    try:
        taken = current().people.add(people)
    except PeopleFull as error:
        raise Bad({"people": [f"there may be {MOST_PEOPLE} people at most"]}) from error
    if taken is not None:
        raise Bad({"id": [f"the key {taken.key} or the id {taken.id} is taken"]})


def _add_faults(blueprint: Blueprint, schema: type[FaultSchema]) -> None:
    @blueprint.get("/faults")
    def list_faults() -> Response:
        """The faults that are on, and the kinds there are."""
        kinds = KindSchema(many=True).dump(current().kinds.values())
        return jsonify(faults=[_shown_fault(fault) for fault in current().faults.all()], kinds=kinds)

    @blueprint.post("/faults")
    def add_fault() -> tuple[Response, int]:
        """Switch a fault on."""
        fault: Fault = load(schema())
        if fault.person is not None:
            fault = replace(fault, person=known_person(fault.person).key)
        added = current().faults.add(fault)
        if added is None:
            raise Bad({"faults": ["too many faults are on"]})
        return jsonify(_shown_fault(added)), 201

    @blueprint.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        """Switch all faults off; people keep their own."""
        current().faults.clear()
        return "", 204

    @blueprint.delete("/faults/<int:fault_id>")
    def remove_fault(fault_id: int) -> tuple[str, int]:
        """Switch one fault off."""
        if not current().faults.remove(fault_id):
            raise Bad({"fault": ["there is no such fault"]}, 404)
        return "", 204


def _shown_fault(fault: Fault) -> dict[str, Any]:
    """A fault with its parameters as they act."""
    acting = {**fault.kind.defaults, **fault.parameters}
    plain = {"id": fault.id, "kind": fault.kind.name, "person": fault.person, "times": fault.times}
    return plain | {"endpoint": fault.endpoint.value if fault.endpoint else None} | acting


def _add_settings(blueprint: Blueprint, schema: type[Schema]) -> None:
    @blueprint.get("/settings")
    def show_settings() -> Response:
        """The apps with their secrets, latency, and what else can be set."""
        return jsonify(schema().dump(current().settings))

    @blueprint.put("/settings")
    def change_settings() -> Response:
        """Change settings; what is left out stays."""
        changes = load(schema())
        current().settings = replace(current().settings, **changes)
        return show_settings()


def _list_calls() -> Response:
    """The recent calls, newest first."""
    return jsonify(calls=CallSchema(many=True).dump(current().calls.newest(LISTED)))


def _clear_calls() -> tuple[str, int]:
    """Forget the recent calls."""
    current().calls.clear()
    return "", 204


def _reset() -> tuple[str, int]:
    """Back to the seeded people, without tokens, faults and calls."""
    current().reset()
    return "", 204
