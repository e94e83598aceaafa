"""What the control API accepts and shows: strict types, and unknown members are refused."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, post_load, validate, validates_schema
from marshmallow.fields import Boolean, Dict, Enum, Integer, List, Nested, String, Tuple

from identity.emulators.x.faults import KINDS, LONGEST_WAIT, Endpoint, Fault
from identity.emulators.x.options import Consumer, random_consumer

_MOST_BYTES = 64 * 1024 * 1024
_YEAR = 366 * 86_400
_PLAIN = validate.Regexp(re.compile(r"[^\x00-\x20\x7f]+\Z"), error="must not hold spaces or control characters")


def _number(low: int, high: int, **options: Any) -> Integer:
    return Integer(strict=True, validate=validate.Range(low, high), **options)


def _text(longest: int, shortest: int = 0, **options: Any) -> String:
    return String(validate=validate.Length(shortest, longest), **options)


def _flag(**options: Any) -> Boolean:
    return Boolean(truthy={True}, falsy={False}, **options)


class PersonChanges(Schema):
    """The members of a person that may change."""

    screen_name = String(validate=validate.Regexp(re.compile(r"[A-Za-z0-9_]{1,15}\Z")))
    name = _text(200)
    email = _text(320, allow_none=True)
    fault = String(allow_none=True, validate=validate.OneOf(sorted(KINDS)))
    note = _text(500)
    location = _text(500)
    description = _text(2_000)
    url = _text(500, allow_none=True)
    protected = _flag()
    verified = _flag()
    followers_count = _number(0, 10**9)
    friends_count = _number(0, 10**9)
    statuses_count = _number(0, 10**9)
    default_profile_image = _flag()
    created_at = _text(50)


class NewPerson(PersonChanges):
    """A person to add. Without `key` the screen name is the key."""

    key = String(validate=validate.Regexp(re.compile(r"[A-Za-z0-9_-]{1,64}\Z")))
    id = String(required=True, validate=validate.Regexp(re.compile(r"[1-9][0-9]{0,18}\Z")))
    screen_name = String(required=True, validate=validate.Regexp(re.compile(r"[A-Za-z0-9_]{1,15}\Z")))

    @post_load
    def complete(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fill the members that follow from others."""
        return {"key": values["screen_name"], "name": values["screen_name"]} | values


class NewPeople(Schema):
    """Many people at once."""

    people = List(Nested(NewPerson), required=True, validate=validate.Length(1, 1_000))


class FaultSchema(Schema):
    """A fault to switch on, and as it is shown."""

    id = Integer(dump_only=True)
    kind = String(required=True, validate=validate.OneOf(sorted(KINDS)))
    endpoint = Enum(Endpoint, by_value=True, allow_none=True)
    person = String(allow_none=True)
    times = _number(1, 1_000_000, allow_none=True)
    ms = _number(0, LONGEST_WAIT * 1000)
    seconds = _number(-_YEAR, _YEAR)
    reset_in_s = _number(0, _YEAR)
    status = _number(400, 599)
    code = Integer(strict=True, validate=validate.OneOf([63, 64]))
    bytes = _number(1, _MOST_BYTES)
    location = String(validate=validate.And(validate.Length(1, 2_000), _PLAIN))

    @validates_schema(skip_on_field_errors=True)
    def fits(self, values: dict[str, Any], **_: Any) -> None:
        """A parameter belongs to some kinds, and an endpoint must be one where the kind can strike."""
        kind = KINDS[values["kind"]]
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
        return Fault(KINDS[values.pop("kind")], parameters=values, **known)


class ConsumerSchema(Schema):
    """An application; one without a secret gets a random one."""

    key = String(required=True, validate=validate.And(validate.Length(1, 200), _PLAIN))
    secret = String(validate=validate.And(validate.Length(1, 200), _PLAIN))
    name = _text(200)
    callbacks = List(_text(2_000, 1), allow_none=True, validate=validate.Length(max=100))
    email_permission = _flag()

    @post_load
    def consumer(self, values: dict[str, Any], **_: Any) -> Consumer:
        """The application these members describe."""
        callbacks = values.pop("callbacks", None)
        values.setdefault("secret", random_consumer().secret)
        return Consumer(**values, callbacks=None if callbacks is None else tuple(callbacks))


class SettingsSchema(Schema):
    """The changeable settings, also the format of an options file."""

    consumers = List(Nested(ConsumerSchema), validate=validate.Length(1, 100))
    latency_ms = _number(0, LONGEST_WAIT * 1000)
    rate_limit = _number(1, 1_000_000, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def distinct(self, values: dict[str, Any], **_: Any) -> None:
        """A consumer key names one application."""
        keys = [consumer.key for consumer in values.get("consumers", ())]
        if len(keys) != len(set(keys)):
            raise ValidationError({"consumers": ["two applications have the same key"]})

    @post_load
    def bounded(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Sequences as tuples, as the settings keep them."""
        if "consumers" in values:
            values["consumers"] = tuple(values["consumers"])
        return values


class TokenWish(Schema):
    """A token to make for a person, or for several, without a browser."""

    kind = String(load_default="access", validate=validate.OneOf(["access", "request"]))
    person = String()
    people = List(String(), validate=validate.Length(1, 1_000))
    consumer = String()
    callback = _text(2_000, 1, load_default="oob")

    @validates_schema(skip_on_field_errors=True)
    def one_of_both(self, values: dict[str, Any], **_: Any) -> None:
        """Exactly one of `person` and `people`."""
        if ("person" in values) == ("people" in values):
            raise ValidationError({"person": ["give either person or people"]})


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
    endpoints = List(Enum(Endpoint, by_value=True))
    defaults = Dict()
