"""What the control API of every emulator accepts and shows: strict types, and unknown members are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum as Endpoints
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_load, validate, validates_schema
from marshmallow.fields import Boolean, Dict, Enum, Integer, List, String, Tuple

from identity.emulators.faults import LONGEST_WAIT, Fault, Kind

YEAR = 366 * 86_400
PLAIN = validate.Regexp(re.compile(r"[^\x00-\x20\x7f]+\Z"), error="must not hold spaces or control characters")
_MOST_BYTES = 64 * 1024 * 1024


def number(low: int, high: int, **options: Any) -> Integer:
    return Integer(strict=True, validate=validate.Range(low, high), **options)


def text(longest: int, shortest: int = 0, **options: Any) -> String:
    return String(validate=validate.Length(shortest, longest), **options)


def plain(longest: int, **options: Any) -> String:
    """A text without spaces."""
    return String(validate=validate.And(validate.Length(1, longest), PLAIN), **options)


def flag(**options: Any) -> Boolean:
    return Boolean(truthy={True}, falsy={False}, **options)


def one_of(kinds: Mapping[str, Kind], **options: Any) -> String:
    """The name of a kind of fault."""
    return String(validate=validate.OneOf(sorted(kinds)), **options)


class FaultSchema(Schema):
    """A fault to switch on; an emulator adds `kind` and `endpoint`, and the parameters of its own kinds."""

    kinds: ClassVar[Mapping[str, Kind]]

    person = String(allow_none=True)
    times = number(1, 1_000_000, allow_none=True)
    ms = number(0, LONGEST_WAIT * 1000)
    seconds = number(-YEAR, YEAR)
    status = number(400, 599)
    bytes = number(1, _MOST_BYTES)
    location = plain(2_000)

    @validates_schema(skip_on_field_errors=True)
    def fits(self, values: dict[str, Any], **_: Any) -> None:
        """A parameter belongs to some kinds, and an endpoint must be one where the kind can strike."""
        kind = self.kinds[values["kind"]]
        foreign = values.keys() - {"kind", "endpoint", "person", "times"} - kind.defaults.keys()
        if foreign:
            raise ValidationError({name: [f"is not taken by the kind {kind.name}"] for name in sorted(foreign)})
        if values.get("endpoint") not in {None, *kind.endpoints}:
            usable = ", ".join(endpoint.value for endpoint in kind.endpoints)
            raise ValidationError({"endpoint": [f"the kind {kind.name} strikes at: {usable}"]})
        if kind.name == "hang" and not 0 <= values.get("seconds", 0) <= LONGEST_WAIT:
            raise ValidationError({"seconds": [f"must be 0 to {LONGEST_WAIT} for the kind hang"]})

    @post_load
    def fault(self, values: dict[str, Any], **_: Any) -> Fault:
        """The fault these members describe."""
        known = {name: values.pop(name, None) for name in ("endpoint", "person", "times")}
        return Fault(self.kinds[values.pop("kind")], parameters=values, **known)


class CallSchema(Schema):
    """A recent call as it is shown."""

    id = Integer()
    at = Integer()
    method = String()
    path = String()
    status = Integer()
    result = String()
    reason = String()
    consumer = String()
    person = String(allow_none=True)
    parameters = List(Tuple((String(), String())))
    base_string = String()


class KindSchema(Schema):
    """A kind of fault as it is shown."""

    name = String()
    summary = String()
    endpoints = List(Enum(Endpoints, by_value=True))
    defaults = Dict()
