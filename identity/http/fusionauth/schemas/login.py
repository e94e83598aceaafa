"""Wire form of Complete-Login. Source: login contract 3.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from identity.domain.bounds import storable
from identity.providers import FIXED_IDS, missing_data
from identity.wire import Flag, Free, Id, Many, OneOf, Part, Text, WireSchema

LONGEST_LOGIN_ID = 255
LOGIN_ID_TYPES = ("email", "username", "phoneNumber")
USUAL_TYPES = ("email", "username")
"""What a login id may be unless the request says otherwise; an empty list says nothing."""
TOKEN_LIMIT = 4096
"""One key or token field (security section 9)."""


class Strings(fields.Field[dict[str, str]]):
    """A JSON object whose values are strings; a number or boolean is of the wrong kind. null entries are dropped."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        errors = {}
        for key, entry in value.items():
            if entry is None:
                continue
            if not isinstance(entry, str):
                errors[key] = ["invalidJSON"]
            elif not storable(entry) or not storable(key):
                errors[key] = ["invalid"]
            elif len(entry) > TOKEN_LIMIT:
                errors[key] = ["tooLong"]
        if errors:
            raise ValidationError(errors)
        return {key: entry for key, entry in value.items() if entry is not None}


class DeviceSchema(WireSchema):
    name = Text(limit=255)
    description = Text(limit=255)
    type = Text(limit=255)
    last_accessed_address = Text(limit=255)


class LoginMetaDataSchema(WireSchema):
    device = Part(DeviceSchema)
    scopes = Many(Text(limit=255), most=100)
    data = Free(limit=16 * 1024)


class EventInfoSchema(WireSchema):
    ip_address = Text(limit=255)
    device_name = Text(limit=255)
    device_type = Text(limit=255)
    device_description = Text(limit=255)
    os = Text(limit=255)
    user_agent = Text()
    data = Free(limit=16 * 1024)


class LoginFieldsSchema(WireSchema):
    """What every login door takes beside its proof."""

    ip_address = Text(limit=255)
    event_info = Part(EventInfoSchema)
    meta_data = Part(LoginMetaDataSchema)
    new_device = Flag(load_default=False)
    no_jwt = Flag(load_default=False, data_key="noJWT")


class StartLoginSchema(LoginFieldsSchema):
    """The request that begins a login (login contract 4.1); most of it is meant for its completion, and dropped."""

    application_id = Id(required=True)
    identity_provider_id = Id(required=True)
    data = Strings(load_default=dict, metadata={"type": "object", "additionalProperties": {"type": "string"}})
    state = Free()


class StartLoginResponseSchema(WireSchema):
    authorization_url = Text(data_key="authorizationURL")
    code = Text()


class CompleteLoginSchema(LoginFieldsSchema):
    """The request. Members that only other products act on (botDetectionScore ...) are dropped like unknown ones."""

    application_id = Id(required=True)
    identity_provider_id = Id(required=True)
    data = Strings(load_default=dict, metadata={"type": "object", "additionalProperties": {"type": "string"}})
    no_link = Flag(load_default=False)
    connection_test_id = Id()

    @validates_schema(skip_on_field_errors=False)
    def has_data(self, values: dict[str, Any], **_: Any) -> None:
        """The members of `data` that the provider needs belong to the same answer as every other field (row 2)."""
        implementation = FIXED_IDS.get(values.get("identity_provider_id"))
        if implementation is not None and isinstance(values.get("data"), dict):
            missing = missing_data(implementation, values["data"])
            if missing:
                raise ValidationError({"data": {name: ["blank"] for name in missing}})


class PasswordLoginSchema(LoginFieldsSchema):
    """POST /api/login. A one-time password stands for login id and password. Source: supporting contract 15.1."""

    application_id = Id()
    login_id = Text(limit=LONGEST_LOGIN_ID)
    login_id_types = Many(OneOf(LOGIN_ID_TYPES), load_default=lambda: list(USUAL_TYPES))
    password = Text(keep_empty=True)
    one_time_password = Text(limit=TOKEN_LIMIT)
    two_factor_trust_id = Text(limit=TOKEN_LIMIT)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def has_proof(self, values: dict[str, Any], given: dict[str, Any], **_: Any) -> None:
        """A field that has an error already is not blank as well."""
        if values.get("one_time_password") is None:
            empty = {"loginId": not values.get("login_id"), "password": not values.get("password")}
            missing = [name for name in empty if empty[name] and not str(given.get(name) or "").strip()]
            if missing:
                raise ValidationError({name: ["blank"] for name in missing})


class PingSchema(WireSchema):
    """PUT /api/login with a body."""

    application_id = Id(required=True)
    user_id = Id(required=True)
    ip_address = Text(limit=255)


class LoginResponseSchema(WireSchema):
    """Every success body is a part of this one (login contract 3.3)."""

    actions = Many(Free())
    change_password_id = Text()
    change_password_reason = Text()
    configurable_methods = Many(Text())
    email_verification_id = Text()
    identity_verification_id = Text()
    methods = Many(Free())
    pending_idp_link_id = Text(data_key="pendingIdPLinkId")
    refresh_token = Text()
    refresh_token_id = Id()
    registration_verification_id = Text()
    state = Free()
    token = Text()
    token_expiration_instant = fields.Integer()
    trust_token = Text()
    two_factor_id = Text()
    two_factor_trust_id = Text()
    user = Free()
