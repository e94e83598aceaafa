"""What the control API of the emulated Facebook accepts and shows beside what every emulator has."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, post_load, validate, validates_schema
from marshmallow.fields import Enum, List, Nested, String

from identity.emulators.faults import LONGEST_WAIT
from identity.emulators.graph.dialog import EMAIL, PUBLIC, is_address
from identity.emulators.graph.faults import KINDS, Endpoint
from identity.emulators.graph.options import App, random_app
from identity.emulators.schemas import YEAR, FaultSchema, flag, number, one_of, plain, text

ENDINGS = ("app_removed", "password_changed", "expired", "logged_out")
"""Why tokens end for good: kinds of fault as well."""
_DIGITS = validate.Regexp(re.compile(r"[1-9][0-9]{0,18}\Z"), error="must be 1 to 19 digits, the first not 0")


class PersonChanges(Schema):
    """The members of a person that may change."""

    name = text(200)
    first_name = text(100)
    middle_name = text(100)
    last_name = text(100)
    email = text(320, allow_none=True)
    fault = one_of(KINDS, allow_none=True)
    note = text(500)
    silhouette = flag()
    locale = String(validate=validate.Regexp(re.compile(r"[a-z]{2}_[A-Z]{2}\Z"), error="must look like en_US"))


class NewPerson(PersonChanges):
    """A person to add. Without `key` the id is the key."""

    key = String(
        validate=validate.Regexp(re.compile(r"[A-Za-z0-9_-]{1,64}\Z"), error="must be 1 to 64 of A-Z a-z 0-9 _ -")
    )
    id = String(required=True, validate=_DIGITS)

    @post_load
    def complete(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Fill the members that follow from others."""
        key = values.get("key", values["id"])
        return {"key": key, "name": key} | values


class GraphFaultSchema(FaultSchema):
    """A fault of one of the kinds of Graph."""

    kinds = KINDS
    kind = one_of(KINDS, required=True)
    endpoint = Enum(Endpoint, by_value=True, allow_none=True)


class AppSchema(Schema):
    """An app; one without a secret gets a random one."""

    id = String(required=True, validate=_DIGITS)
    secret = plain(200)
    name = text(200)
    redirect_uris = List(text(2_000, 1), allow_none=True, validate=validate.Length(max=100))
    require_proof = flag()
    email_permission = flag()

    @post_load
    def app(self, values: dict[str, Any], **_: Any) -> App:
        """The app these members describe."""
        uris = values.pop("redirect_uris", None)
        values.setdefault("secret", random_app().secret)
        return App(**values, redirect_uris=None if uris is None else tuple(uris))


class SettingsSchema(Schema):
    """The changeable settings, also the format of an options file."""

    apps = List(Nested(AppSchema), validate=validate.Length(1, 100))
    latency_ms = number(0, LONGEST_WAIT * 1000)
    short_seconds = number(1, YEAR)
    long_seconds = number(1, YEAR)

    @validates_schema(skip_on_field_errors=True)
    def distinct(self, values: dict[str, Any], **_: Any) -> None:
        """An id names one app."""
        ids = [app.id for app in values.get("apps", ())]
        if len(ids) != len(set(ids)):
            raise ValidationError({"apps": ["two apps have the same id"]})

    @post_load
    def bounded(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Sequences as tuples, as the settings keep them."""
        if "apps" in values:
            values["apps"] = tuple(values["apps"])
        return values


class TokenWish(Schema):
    """A token, or a code, to make for a person, or for several, without a browser."""

    kind = String(load_default="access", validate=validate.OneOf(["access", "code"]))
    person = String()
    people = List(String(), validate=validate.Length(1, 1_000))
    app = String()
    scopes = List(String(validate=validate.OneOf([PUBLIC, EMAIL])), load_default=[PUBLIC, EMAIL])
    long_lived = flag(load_default=False)
    expires_in = number(-YEAR, YEAR)
    redirect_uri = String()

    @validates_schema(skip_on_field_errors=True)
    def fits(self, values: dict[str, Any], **_: Any) -> None:
        """Exactly one of `person` and `people`; a code is for an address."""
        if ("person" in values) == ("people" in values):
            raise ValidationError({"person": ["give either person or people"]})
        if values["kind"] == "code" and not is_address(values.get("redirect_uri", "")):
            raise ValidationError({"redirect_uri": ["must be an absolute URL of http or https"]})


class Ending(Schema):
    """Whose tokens end, and why: all of them, those of one person, of one app, or of both."""

    reason = String(required=True, validate=validate.OneOf(ENDINGS))
    person = String()
    app = String()
