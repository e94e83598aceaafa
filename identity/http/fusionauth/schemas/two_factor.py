"""Second factors on the wire. Source: supporting contract section 12; names and types: FusionAuth's OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow.fields import Nested

from identity.domain.contact import LONGEST_EMAIL
from identity.domain.second_factor import KINDS, Trust
from identity.http.fusionauth.schemas.common import one_of
from identity.http.fusionauth.schemas.login import EventInfoSchema, LoginFieldsSchema
from identity.http.fusionauth.schemas.user_fields import Email
from identity.wire import Flag, Free, Id, Instant, Many, OneOf, Part, Text, WireSchema

LONGEST_ID = 4_096
LONGEST_CODE = 255
LONGEST_PHONE = 255
LONGEST_NAME = 255


def _code(**options: Any) -> Text:
    return Text(limit=LONGEST_CODE, **options)


class TwoFactorLoginSchema(LoginFieldsSchema):
    application_id = Id()
    code = _code(required=True, blank=False)
    trust_computer = Flag(load_default=False)
    two_factor_id = Text(required=True, blank=False, limit=LONGEST_ID)
    user_id = Id()


class TwoFactorEnableSchema(WireSchema):
    """Body of POST /api/user/two-factor: a new method and the code that proves it."""

    application_id = Id(load_default=None)
    authenticator_id = Text(load_default=None)
    code = _code(required=True, blank=False)
    email = Email(limit=LONGEST_EMAIL, load_default=None)
    event_info = Part(EventInfoSchema)
    method = OneOf(KINDS, required=True)
    mobile_phone = Text(limit=LONGEST_PHONE, load_default=None)
    name = Text(limit=LONGEST_NAME, load_default=None)
    secret = Text(limit=1_000, load_default=None)
    secret_base32_encoded = Text(limit=1_000, load_default=None, data_key="secretBase32Encoded")
    two_factor_id = Text(limit=LONGEST_ID, load_default=None)


class TwoFactorRenameSchema(WireSchema):
    event_info = Part(EventInfoSchema)
    method_id = Text(required=True, blank=False, limit=LONGEST_CODE)
    name = Text(limit=LONGEST_NAME, load_default=None)


class TwoFactorDisableSchema(WireSchema):
    application_id = Id(load_default=None)
    code = _code(load_default=None)
    event_info = Part(EventInfoSchema)
    method_id = Text(limit=LONGEST_CODE, load_default=None)


class TwoFactorSendSchema(WireSchema):
    """Body of both send routes; which members count depends on the route."""

    application_id = Id(load_default=None)
    email = Email(limit=LONGEST_EMAIL, load_default=None)
    method = one_of(*KINDS)
    method_id = Text(limit=LONGEST_CODE, load_default=None)
    mobile_phone = Text(limit=LONGEST_PHONE, load_default=None)
    user_id = Id(load_default=None)


class TwoFactorStartSchema(WireSchema):
    application_id = Id(load_default=None)
    code = _code(load_default=None)
    login_id = Text(load_default=None)
    login_id_types = Many(OneOf(("email", "username")), load_default=list, most=10)
    state = Free()
    trust_challenge = Text(limit=LONGEST_ID, load_default=None)
    user_id = Id(load_default=None)


class TwoFactorStatusSchema(WireSchema):
    access_token = Text(limit=LONGEST_ID, load_default=None)
    action = one_of("changePassword", "login", "stepUp")
    application_id = Id(load_default=None)
    event_info = Part(EventInfoSchema)
    two_factor_trust_id = Text(limit=LONGEST_ID, load_default=None)
    user_id = Id(load_default=None)


class TwoFactorRecoveryCodesSchema(WireSchema):
    """Body of a request for fresh recovery codes: none is needed."""

    event_info = Part(EventInfoSchema)


class TwoFactorSecretAnswer(WireSchema):
    secret = Text()
    secret_base32_encoded = Text(data_key="secretBase32Encoded")


class TwoFactorEnableAnswer(WireSchema):
    code = Text()
    recovery_codes = Many(Text())


class TwoFactorRecoveryCodesAnswer(WireSchema):
    recovery_codes = Many(Text())


class TwoFactorStartAnswer(WireSchema):
    code = Text()
    methods = Many(Free())
    two_factor_id = Text()


class TwoFactorTrustSchema(WireSchema):
    application_id = Id()
    expiration = Instant()
    start_instant = Instant()


class TwoFactorStatusAnswer(WireSchema):
    trusts = Many(Nested(TwoFactorTrustSchema))
    two_factor_trust_id = Text()


def trusts_wire(trusts: Iterable[Trust]) -> list[dict[str, Any]]:
    """The trusts of a computer, an application each."""
    found = []
    for trust in trusts:
        named = {"applicationId": str(trust.application_id)} if trust.application_id else {}
        found.append(named | {"expiration": trust.expiry, "startInstant": trust.start_instant})
    return found
