"""The import of users and of refresh tokens on the wire. Source: supporting contract 3.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import Nested

from identity.domain.outcome import ChangeReason
from identity.flows.second_factors.brought_methods import BroughtMethod
from identity.flows.users.import_refresh_tokens import ImportedToken
from identity.flows.users.import_users import ImportedRegistration, ImportedUser
from identity.flows.users.register_user import RegistrationChange
from identity.flows.users.save_user import NewMembership
from identity.http.fusionauth.schemas.users import RegistrationSchema, UserSchema
from identity.wire import Flag, Free, Id, Instant, Many, Part, Text, Whole, WireSchema

MOST_USERS = 20_000


class ChangeReasonText(Text):
    """One of the values of changePasswordReason."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        if value not in {reason.value for reason in ChangeReason}:
            raise ValidationError("invalidJSON")
        return super()._deserialize(value, attr, data, **kwargs)


class ImportedRegistrationSchema(RegistrationSchema):
    application_id = Id(required=True)
    insert_instant = Instant(load_default=None)
    last_login_instant = Instant(load_default=None)
    verified = Flag(load_default=None)


class ImportedUserSchema(UserSchema):
    active = Flag(load_default=False)
    id = Id(load_default=None)
    insert_instant = Instant(load_default=None)
    password_change_reason = ChangeReasonText(load_default=ChangeReason.ADMINISTRATIVE.value)
    password_last_update_instant = Instant(load_default=None)
    registrations = Many(Nested(ImportedRegistrationSchema), load_default=list)
    salt = Text(limit=4096, keep_empty=True, load_only=True, load_default=None)
    tenant_id = Id(load_default=None)
    verified = Flag(load_default=None)


class UserImportSchema(WireSchema):
    """`encryptionScheme` and `factor` are for the passwords that come in plain text."""

    encryption_scheme = Text(load_default=None)
    factor = Whole(load_default=None)
    users = Many(Nested(ImportedUserSchema), most=MOST_USERS, required=True)
    validate_db_constraints = Flag(load_default=False)


class ImportedMetaData(WireSchema):
    data = Free(load_default=dict)
    device = Free(load_default=dict)
    scopes = Many(Text(blank=False), load_default=list)


class ImportedTokenSchema(WireSchema):
    application_id = Id(required=True)
    data = Free(load_default=dict)
    id = Id(load_default=None)
    insert_instant = Instant(load_default=None)
    meta_data = Part(ImportedMetaData)
    start_instant = Instant(load_default=None)
    tenant_id = Id(load_default=None)
    token = Text(limit=4096, blank=False, required=True)
    user_id = Id(required=True)


class RefreshTokenImportSchema(WireSchema):
    refresh_tokens = Many(Nested(ImportedTokenSchema), most=MOST_USERS, required=True)
    validate_db_constraints = Flag(load_default=False)


def imported_user(loaded: dict[str, Any]) -> ImportedUser:
    """One loaded user, as the flow wants it."""
    profile = dict(loaded)
    taken = {
        name: profile.pop(name)
        for name in (
            "active",
            "encryption_scheme",
            "factor",
            "id",
            "insert_instant",
            "password",
            "password_change_reason",
            "password_last_update_instant",
            "salt",
            "tenant_id",
            "verified",
        )
    }
    brought = profile.pop("two_factor")
    return ImportedUser(
        two_factor_methods=tuple(BroughtMethod(**each) for each in brought["methods"] or ()),
        recovery_codes=tuple(brought["recovery_codes"]),
        memberships=tuple(NewMembership(**each) for each in profile.pop("memberships")),
        registrations=tuple(_registration(each) for each in profile.pop("registrations")),
        profile=profile,
        **taken,
    )


def _registration(loaded: dict[str, Any]) -> ImportedRegistration:
    profile = dict(loaded)
    taken = {name: profile.pop(name) for name in ("insert_instant", "last_login_instant", "verified")}
    change = RegistrationChange(
        application_id=profile.pop("application_id"),
        roles=profile.pop("roles"),
        id=profile.pop("id"),
        authentication_token=profile.pop("authentication_token"),
        profile=profile,
    )
    return ImportedRegistration(change, **taken)


def imported_token(loaded: dict[str, Any]) -> ImportedToken:
    meta_data = {name: value for name, value in loaded["meta_data"].items() if value}
    return ImportedToken(**{**loaded, "meta_data": meta_data})
