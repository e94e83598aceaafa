"""externalIdentifierConfiguration of a tenant: how long each id and code lives and how it is made.

Source: supporting contract 6.3.
"""

from __future__ import annotations

from identity.http.fusionauth.schemas.common import one_of, whole
from identity.wire import Part, WireSchema

KINDS = ("randomDigits", "randomBytes", "randomAlpha", "randomAlphaNumeric")


class Id32(WireSchema):
    """An id in a link."""

    length = whole(32, most=256)
    type = one_of(*KINDS, default="randomBytes")


class TypedCode(WireSchema):
    """A code that a person types."""

    length = whole(6, most=256)
    type = one_of(*KINDS, default="randomAlphaNumeric")


class Digits(WireSchema):
    length = whole(6, most=256)
    type = one_of(*KINDS, default="randomDigits")


class ExternalIdentifiers(WireSchema):
    authorization_grant_id_time_to_live_in_seconds = whole(30, most=600)
    change_password_id_generator = Part(Id32)
    change_password_id_time_to_live_in_seconds = whole(600)
    device_code_time_to_live_in_seconds = whole(300)
    device_user_code_id_generator = Part(TypedCode)
    email_verification_id_generator = Part(Id32)
    email_verification_id_time_to_live_in_seconds = whole(86_400)
    email_verification_one_time_code_generator = Part(TypedCode)
    external_authentication_id_time_to_live_in_seconds = whole(300)
    identity_provider_connection_test_time_to_live_in_seconds = whole(1_800)
    login_intent_time_to_live_in_seconds = whole(1_800)
    one_time_password_time_to_live_in_seconds = whole(60)
    passwordless_login_generator = Part(Id32)
    passwordless_login_one_time_code_generator = Part(Digits)
    passwordless_login_time_to_live_in_seconds = whole(180)
    pending_account_link_time_to_live_in_seconds = whole(3_600)
    phone_verification_id_generator = Part(Id32)
    phone_verification_id_time_to_live_in_seconds = whole(86_400)
    phone_verification_one_time_code_generator = Part(TypedCode)
    registration_verification_id_generator = Part(Id32)
    registration_verification_id_time_to_live_in_seconds = whole(86_400)
    registration_verification_one_time_code_generator = Part(TypedCode)
    remember_oauth_scope_consent_choice_time_to_live_in_seconds = whole(
        2_592_000, data_key="rememberOAuthScopeConsentChoiceTimeToLiveInSeconds"
    )
    samlv2_auth_n_request_id_time_to_live_in_seconds = whole(300)
    setup_password_id_generator = Part(Id32)
    setup_password_id_time_to_live_in_seconds = whole(86_400)
    trust_token_time_to_live_in_seconds = whole(180)
    two_factor_id_time_to_live_in_seconds = whole(300)
    two_factor_one_time_code_id_generator = Part(Digits)
    two_factor_one_time_code_id_time_to_live_in_seconds = whole(60)
    two_factor_trust_id_time_to_live_in_seconds = whole(2_592_000)
    web_authn_authentication_challenge_time_to_live_in_seconds = whole(180)
    web_authn_registration_challenge_time_to_live_in_seconds = whole(180)
