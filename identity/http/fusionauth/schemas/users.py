"""Users and registrations on the wire. Source: supporting contract 3.2, 3.3 and 4; the seed page's user object.

Answers are built by hand (`user_wire`, `registration_wire`): every login gives a user, and a schema costs ten times as
much. A test proves that both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow.fields import Nested

from identity.domain.bounds import LONGEST_URL, LONGEST_USERNAME, MOST_LANGUAGES
from identity.domain.contact import LONGEST_EMAIL
from identity.domain.model import Membership, Registration, User
from identity.domain.standing import TwoFactorMethod
from identity.flows.second_factors.brought_methods import BroughtMethod
from identity.flows.users.register_user import RegistrationChange
from identity.flows.users.save_user import NewMembership, UserChange
from identity.http.fusionauth.schemas.user_fields import Day, Email, Locale, TextMap, Zone
from identity.wire import Flag, Free, Id, Instant, Many, Part, Text, Whole, WireSchema

ACTIVE = "ACTIVE"


class RegistrationSchema(WireSchema):
    application_id = Id(load_default=None)
    authentication_token = Text(limit=4096, load_default=None)
    clean_speak_id = Id(load_default=None)
    data = Free(load_default=dict)
    id = Id(load_default=None)
    insert_instant = Instant(dump_only=True)
    last_login_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    preferred_languages = Many(Locale(blank=False), most=MOST_LANGUAGES, load_default=list)
    roles = Many(Text(blank=False), load_default=None)
    timezone = Zone(load_default=None)
    tokens = TextMap(load_default=dict)
    username = Text(limit=LONGEST_USERNAME, load_default=None)
    username_status = Text(dump_only=True)
    verified = Flag(dump_only=True)
    verified_instant = Instant(dump_only=True)


class IdentitySchema(WireSchema):
    display_value = Text(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    moderation_status = Text(dump_only=True)
    primary = Flag(dump_only=True)
    type = Text(dump_only=True)
    value = Text(dump_only=True)
    verified = Flag(dump_only=True)
    verified_instant = Instant(dump_only=True)
    verified_reason = Text(dump_only=True)


class MembershipSchema(WireSchema):
    """A place in a group; a new user may be put into groups, later they change through the groups."""

    data = Free(load_default=dict)
    group_id = Id(required=True)
    id = Id(load_default=None)
    insert_instant = Instant(dump_only=True)
    user_id = Id(dump_only=True)


class TwoFactorMethodSchema(WireSchema):
    """A second factor. A new user may bring some; a change of a user names those that stay by their ids."""

    authenticator = Free(dump_only=True)
    email = Text(limit=LONGEST_EMAIL, load_default=None)
    id = Text(load_default=None)
    last_used = Flag(dump_only=True)
    method = Text(load_default=None)
    mobile_phone = Text(load_default=None)
    name = Text(load_default=None)
    secret = Text(limit=4096, load_only=True, load_default=None)


class TwoFactorSchema(WireSchema):
    methods = Many(Nested(TwoFactorMethodSchema), most=100, load_default=None)
    recovery_codes = Many(Text(blank=False, limit=100), most=100, load_only=True, load_default=list)


class UserSchema(WireSchema):
    active = Flag(dump_only=True)
    birth_date = Day(load_default=None)
    clean_speak_id = Id(load_default=None)
    connector_id = Id(dump_only=True)
    data = Free(load_default=dict)
    email = Text(limit=LONGEST_EMAIL, load_default=None)
    encryption_scheme = Text(load_only=True, load_default=None)
    expiry = Instant(load_default=None)
    factor = Whole(load_only=True, load_default=None)
    first_name = Text(load_default=None)
    full_name = Text(load_default=None)
    id = Id(dump_only=True)
    identities = Many(Nested(IdentitySchema), dump_only=True)
    image_url = Text(limit=LONGEST_URL, load_default=None)
    insert_instant = Instant(dump_only=True)
    last_login_instant = Instant(dump_only=True)
    last_name = Text(load_default=None)
    last_update_instant = Instant(dump_only=True)
    memberships = Many(Nested(MembershipSchema), load_default=list)
    middle_name = Text(load_default=None)
    mobile_phone = Text(load_default=None)
    parent_email = Email(limit=LONGEST_EMAIL, load_default=None)
    password = Text(load_only=True, load_default=None)
    password_change_reason = Text(dump_only=True)
    password_change_required = Flag(load_default=False)
    password_last_update_instant = Instant(dump_only=True)
    preferred_languages = Many(Locale(blank=False), most=MOST_LANGUAGES, load_default=list)
    registrations = Many(Nested(RegistrationSchema), dump_only=True)
    tenant_id = Id(dump_only=True)
    timezone = Zone(load_default=None)
    two_factor = Part(TwoFactorSchema)
    username = Text(limit=LONGEST_USERNAME, load_default=None)
    username_status = Text(dump_only=True)
    verified = Flag(dump_only=True)
    verified_instant = Instant(dump_only=True)


class UserRequestSchema(WireSchema):
    """Body of create, PUT and PATCH of a user."""

    application_id = Id(load_default=None)
    disable_domain_block = Flag(load_default=False)
    send_set_password_email = Flag(load_default=False)
    skip_verification = Flag(load_default=False)
    user = Part(UserSchema, required=True)


class VerificationIdSchema(WireSchema):
    """A login id that is to be verified by this id and a code."""

    id = Text(dump_only=True)
    type = Text(dump_only=True)
    value = Text(dump_only=True)


class UserAnswerSchema(WireSchema):
    """The ids are in the answer to a create, where a code that is mailed is needed with them."""

    email_verification_id = Text(dump_only=True)
    user = Nested(UserSchema)
    verification_ids = Many(Nested(VerificationIdSchema), dump_only=True)


class RegistrationRequestSchema(WireSchema):
    """Body of the registration routes; `user` present asks for the combined create."""

    disable_domain_block = Flag(load_default=False)
    generate_authentication_token = Flag(load_default=False)
    registration = Part(RegistrationSchema, required=True)
    send_set_password_email = Flag(load_default=False)
    skip_registration_verification = Flag(load_default=False)
    skip_verification = Flag(load_default=False)
    user = Part(UserSchema, load_default=None)


class RegistrationAnswerSchema(WireSchema):
    """The token members are in the answer to a combined create; an id where a mailed code has to be given with it."""

    email_verification_id = Text(dump_only=True)
    refresh_token = Text(dump_only=True)
    refresh_token_id = Id(dump_only=True)
    registration = Nested(RegistrationSchema)
    registration_verification_id = Text(dump_only=True)
    token = Text(dump_only=True)
    token_expiration_instant = Instant(dump_only=True)
    user = Nested(UserSchema)
    verification_ids = Many(Nested(VerificationIdSchema), dump_only=True)


class UserDeleteSchema(WireSchema):
    hard_delete = Flag(load_default=False)


def user_change(request: Mapping[str, Any]) -> UserChange:
    """The loaded body of a user or registration request, as the flow wants it."""
    profile = dict(request["user"])
    memberships = [NewMembership(**each) for each in profile.pop("memberships")]
    brought = profile.pop("two_factor")["methods"]
    methods = None if brought is None else [BroughtMethod(**each) for each in brought]
    return UserChange(
        memberships=memberships,
        two_factor_methods=methods,
        password=profile.pop("password"),
        encryption_scheme=profile.pop("encryption_scheme"),
        factor=profile.pop("factor"),
        profile=profile,
        skip_verification=request["skip_verification"],
        disable_domain_block=request["disable_domain_block"],
        send_set_password_email=request["send_set_password_email"],
        application_id=request.get("application_id"),
    )


def email_verification_wire(user: User, secret: str | None) -> dict[str, Any]:
    """What the answer to a create says of the e-mail verification that it began."""
    if secret is None:
        return {}
    return {
        "emailVerificationId": secret,
        "verificationIds": [{"id": secret, "type": "email", "value": user.email}],
    }


def registration_change(request: Mapping[str, Any]) -> RegistrationChange:
    """The same for a registration, whose application must be known by now."""
    profile = dict(request["registration"])
    return RegistrationChange(
        application_id=profile.pop("application_id"),
        roles=profile.pop("roles"),
        id=profile.pop("id"),
        authentication_token=profile.pop("authentication_token"),
        profile=profile,
        generate_authentication_token=request["generate_authentication_token"],
        skip_registration_verification=request["skip_registration_verification"],
    )


def user_wire(user: User, registrations: Sequence[Registration]) -> dict[str, Any]:
    """The user object of an answer; absent members are left out."""
    return _present(
        {
            "active": user.active,
            "birthDate": user.birth_date,
            "cleanSpeakId": _text(user.clean_speak_id),
            "connectorId": str(user.connector_id),
            "data": user.data,
            "email": user.email,
            "expiry": user.expiry,
            "firstName": user.first_name,
            "fullName": user.full_name,
            "id": str(user.id),
            "identities": identities_wire(user),
            "imageUrl": user.image_url,
            "insertInstant": user.insert_instant,
            "lastLoginInstant": user.last_login_instant,
            "lastName": user.last_name,
            "lastUpdateInstant": user.last_update_instant,
            "memberships": [membership_wire(membership) for membership in user.memberships],
            "middleName": user.middle_name,
            "mobilePhone": user.mobile_phone,
            "parentEmail": user.parent_email,
            "passwordChangeReason": user.password_change_reason,
            "passwordChangeRequired": user.password_change_required,
            "passwordLastUpdateInstant": user.password_last_update_instant,
            "preferredLanguages": user.preferred_languages,
            "registrations": [registration_wire(registration) for registration in registrations],
            "tenantId": str(user.tenant_id),
            "timezone": user.timezone,
            "twoFactor": {"methods": [method_wire(method) for method in user.two_factor_methods]},
            "username": user.username,
            "usernameStatus": ACTIVE if user.username else None,
            "verified": user.verified,
            "verifiedInstant": user.verified_instant,
        }
    )


def membership_wire(membership: Membership) -> dict[str, Any]:
    return {
        "data": membership.data,
        "groupId": str(membership.group_id),
        "id": str(membership.id),
        "insertInstant": membership.insert_instant,
        "userId": str(membership.user_id),
    }


def method_wire(method: TwoFactorMethod) -> dict[str, Any]:
    """A second factor of an answer; its secret is nowhere in it."""
    shape = method.authenticator
    return _present(
        {
            "authenticator": shape
            and {"algorithm": shape.algorithm, "codeLength": shape.code_length, "timeStep": shape.time_step},
            "email": method.email,
            "id": method.id,
            "lastUsed": method.last_used,
            "method": method.method,
            "mobilePhone": method.mobile_phone,
            "name": method.name,
        }
    )


def registration_wire(registration: Registration) -> dict[str, Any]:
    """The registration object of an answer."""
    return _present(
        {
            "applicationId": str(registration.application_id),
            "authenticationToken": registration.authentication_token,
            "cleanSpeakId": _text(registration.clean_speak_id),
            "data": registration.data,
            "id": str(registration.id),
            "insertInstant": registration.insert_instant,
            "lastLoginInstant": registration.last_login_instant,
            "lastUpdateInstant": registration.last_update_instant,
            "preferredLanguages": registration.preferred_languages,
            "roles": sorted(registration.roles),
            "timezone": registration.timezone,
            "tokens": registration.tokens or None,
            "username": registration.username,
            "usernameStatus": ACTIVE if registration.username else None,
            "verified": registration.verified,
            "verifiedInstant": registration.verified_instant,
        }
    )


def identities_wire(user: User) -> list[dict[str, Any]]:
    """The login ids as identities[], ordered by type; a username can not be verified."""
    found = []
    if user.email:
        found.append(_identity(user, "email", user.email, user.verified, user.verified_reason))
    if user.username:
        found.append(_identity(user, "username", user.username, False, "Unverifiable"))
    return found


def _identity(user: User, kind: str, value: str, verified: bool, reason: str | None) -> dict[str, Any]:
    return _present(
        {
            "displayValue": value,
            "insertInstant": user.insert_instant,
            "lastUpdateInstant": user.last_update_instant,
            "moderationStatus": ACTIVE,
            "primary": True,
            "type": kind,
            "value": value,
            "verified": verified,
            "verifiedInstant": user.verified_instant if kind == "email" else None,
            "verifiedReason": reason,
        }
    )


def _present(wire: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wire.items() if value is not None}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
