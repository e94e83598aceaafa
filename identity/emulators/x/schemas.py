"""What the control API of the emulated X accepts and shows beside what every emulator has."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, post_load, validate, validates_schema
from marshmallow.fields import Enum, Integer, List, Nested, String

from identity.emulators.faults import LONGEST_WAIT
from identity.emulators.schemas import YEAR, FaultSchema, flag, number, one_of, plain, text
from identity.emulators.x.faults import KINDS, Endpoint
from identity.emulators.x.options import Consumer, random_consumer


class PersonChanges(Schema):
    """The members of a person that may change."""

    screen_name = String(validate=validate.Regexp(re.compile(r"[A-Za-z0-9_]{1,15}\Z")))
    name = text(200)
    email = text(320, allow_none=True)
    fault = one_of(KINDS, allow_none=True)
    note = text(500)
    location = text(500)
    description = text(2_000)
    url = text(500, allow_none=True)
    protected = flag()
    verified = flag()
    followers_count = number(0, 10**9)
    friends_count = number(0, 10**9)
    statuses_count = number(0, 10**9)
    default_profile_image = flag()
    created_at = text(50)


class NewPerson(PersonChanges):
    """A person to add. Without `key` the screen name is the key."""

    key = String(validate=validate.Regexp(re.compile(r"[A-Za-z0-9_-]{1,64}\Z")))
    id = String(required=True, validate=validate.Regexp(re.compile(r"[1-9][0-9]{0,18}\Z")))
    screen_name = String(required=True, validate=validate.Regexp(re.compile(r"[A-Za-z0-9_]{1,15}\Z")))

    @post_load
    def complete(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fill the members that follow from others."""
        return {"key": values["screen_name"], "name": values["screen_name"]} | values


class XFaultSchema(FaultSchema):
    """With the parameters of X's own kinds."""

    kinds = KINDS
    kind = one_of(KINDS, required=True)
    endpoint = Enum(Endpoint, by_value=True, allow_none=True)
    reset_in_s = number(0, YEAR)
    code = Integer(strict=True, validate=validate.OneOf([63, 64]))


class ConsumerSchema(Schema):
    """An application; one without a secret gets a random one."""

    key = plain(200, required=True)
    secret = plain(200)
    name = text(200)
    callbacks = List(text(2_000, 1), allow_none=True, validate=validate.Length(max=100))
    email_permission = flag()

    @post_load
    def consumer(self, values: dict[str, Any], **_: Any) -> Consumer:
        """The application these members describe."""
        callbacks = values.pop("callbacks", None)
        values.setdefault("secret", random_consumer().secret)
        return Consumer(**values, callbacks=None if callbacks is None else tuple(callbacks))


class SettingsSchema(Schema):
    """The changeable settings, also the format of an options file."""

    consumers = List(Nested(ConsumerSchema), validate=validate.Length(1, 100))
    latency_ms = number(0, LONGEST_WAIT * 1000)
    rate_limit = number(1, 1_000_000, allow_none=True)

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
    callback = text(2_000, 1, load_default="oob")

    @validates_schema(skip_on_field_errors=True)
    def one_of_both(self, values: dict[str, Any], **_: Any) -> None:
        """Exactly one of `person` and `people`."""
        if ("person" in values) == ("people" in values):
            raise ValidationError({"person": ["give either person or people"]})
