"""The nested members of a tenant. Source: supporting contract section 6; inert members: FusionAuth's OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from identity.domain.connectors import EVERY_DOMAIN
from identity.domain.contact import is_email
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.http.fusionauth.schemas.common import (
    MOST,
    EmailTemplates,
    Enableable,
    JwtConfiguration,
    PhoneTemplates,
    Unverified,
    custom_data,
    off,
    on,
    one_of,
    verification_strategy,
    whole,
)
from identity.wire import Free, Id, Many, Part, Text, Whole, WireSchema


class RevocationPolicy(WireSchema):
    on_login_prevented = on()
    on_multi_factor_enable = off()
    on_one_time_token_reuse = off()
    on_password_changed = on()


class TenantJwtConfiguration(JwtConfiguration):
    refresh_token_revocation_policy = Part(RevocationPolicy)


class TenantLambdas(WireSchema):
    login_validation_id = Id()
    multi_factor_requirement_id = Id()
    scim_enterprise_user_request_converter_id = Id()
    scim_enterprise_user_response_converter_id = Id()
    scim_group_request_converter_id = Id()
    scim_group_response_converter_id = Id()
    scim_user_request_converter_id = Id()
    scim_user_response_converter_id = Id()


class TenantLogin(WireSchema):
    require_authentication = on()


class TenantOAuth(WireSchema):
    client_credentials_access_token_populate_lambda_id = Id()


class SingleSignOn(WireSchema):
    allow_access_token_bootstrap = off()
    device_trust_time_to_live_in_seconds = whole(31_536_000)


class EmailHeader(WireSchema):
    name = Text(limit=200)
    value = Text(keep_empty=True)


class EmailUnverified(Unverified):
    allow_email_change_when_gated = off()


class EmailConfiguration(EmailTemplates):
    """Source: supporting contract 6.4."""

    additional_headers = Many(fields.Nested(EmailHeader), load_default=list, most=100)
    admin_two_factor_method_remove_email_template_id = Id()
    debug = off()
    default_from_email = Text(limit=254, load_default="change-me@example.com")
    default_from_name = Text(limit=254)
    host = Text(limit=255, load_default="localhost")
    implicit_email_verification_allowed = on()
    password = Text(limit=1_000)
    port = whole(25, most=65_535)
    properties = Text()
    security = one_of("NONE", "SSL", "TLS", default="NONE")
    unverified = Part(EmailUnverified)
    username = Text(limit=1_000)
    verification_email_template_id = Id()
    verification_strategy = verification_strategy()
    verify_email = off()
    verify_email_when_changed = off()


class PhoneUnverified(Unverified):
    allow_phone_number_change_when_gated = off()


class PhoneConfiguration(PhoneTemplates):
    admin_two_factor_method_remove_template_id = Id()
    implicit_phone_verification_allowed = on()
    messenger_id = Id()
    unverified = Part(PhoneUnverified)
    verification_strategy = verification_strategy()
    verify_phone_number = off()


class EventSetting(WireSchema):
    enabled = off()
    transaction_type = one_of("None", "Any", "SimpleMajority", "SuperMajority", "AbsoluteMajority", default="None")


class EventConfiguration(WireSchema):
    """Keyed by event type; a type that is left out is off."""

    events = fields.Dict(keys=Text(limit=100), values=fields.Nested(EventSetting), load_default=dict)


class ActionCancelPolicy(WireSchema):
    on_password_reset = off()


class FailedAuthentication(WireSchema):
    """The lockout. Source: supporting contract 6.5."""

    action_cancel_policy = Part(ActionCancelPolicy)
    action_duration = whole(3)
    action_duration_unit = one_of("MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS", default="MINUTES")
    email_user = off()
    reset_count_in_seconds = whole(60)
    too_many_attempts = whole(5)
    user_action_id = Id()


class FamilyConfiguration(Enableable):
    allow_child_registrations = on()
    confirm_child_email_template_id = Id()
    delete_orphaned_accounts = off()
    delete_orphaned_accounts_days = whole(30)
    family_request_email_template_id = Id()
    maximum_child_age = whole(12, least=0)
    minimum_owner_age = whole(21, least=0)
    parent_email_required = off()
    parent_registration_email_template_id = Id()


class TenantForms(WireSchema):
    admin_user_form_id = Id()


class MaximumPasswordAge(Enableable):
    days = whole(180)


class MinimumPasswordAge(Enableable):
    seconds = whole(30)


class AuthenticatorMethod(WireSchema):
    """How new authenticators count; a code has 31 bits, and a step is what a person can type in."""

    algorithm = one_of("HmacSHA1", "HmacSHA256", "HmacSHA512", default="HmacSHA1")
    code_length = whole(6, least=6, most=10)
    enabled = on()
    time_step = whole(30, least=10, most=300)


class EmailMethod(Enableable):
    template_id = Id()


class MessengerMethod(EmailMethod):
    messenger_id = Id()


class TenantMultiFactor(WireSchema):
    authenticator = Part(AuthenticatorMethod)
    debug = off()
    email = Part(EmailMethod)
    login_policy = one_of(
        "ChallengeOnHighRisk", "ChallengeOnMediumRisk", "Disabled", "Enabled", "Required", default="Enabled"
    )
    sms = Part(MessengerMethod)
    voice = Part(MessengerMethod)


class PasswordEncryption(WireSchema):
    """New tenants hash with argon2id and upgrade on login (decision 27)."""

    encryption_scheme = Text(limit=100, load_default="argon2id")
    encryption_scheme_factor = Whole(least=1, most=MOST)
    modify_encryption_scheme_on_login = on()


class BreachDetection(Enableable):
    match_mode = one_of("Low", "Medium", "High", default="Low")
    notify_user_email_template_id = Id()
    on_login = one_of("Off", "RecordOnly", "NotifyUser", "RequireChange", default="Off")


class RememberPreviousPasswords(Enableable):
    count = whole(1)


class PasswordValidationRules(WireSchema):
    breach_detection = Part(BreachDetection)
    disallow_user_login_id = off()
    max_length = whole(256)
    min_length = whole(8)
    remember_previous_passwords = Part(RememberPreviousPasswords)
    require_mixed_case = off()
    require_non_alpha = off()
    require_number = off()
    validate_on_login = off()


class RateLimit(Enableable):
    limit = whole(5)
    time_period_in_seconds = whole(60)


class RateLimits(WireSchema):
    failed_login = Part(RateLimit)
    forgot_password = Part(RateLimit)
    send_email_verification = Part(RateLimit)
    send_passwordless = Part(RateLimit)
    send_passwordless_phone = Part(RateLimit)
    send_phone_verification = Part(RateLimit)
    send_registration_verification = Part(RateLimit)
    send_two_factor = Part(RateLimit)


class TenantRegistration(WireSchema):
    blocked_domains = Many(Text(limit=254, blank=False), load_default=list)


class ScimServer(Enableable):
    client_entity_type_id = Id()
    schemas = Free()
    server_entity_type_id = Id()


class UniqueUsername(Enableable):
    number_of_digits = whole(5, most=10)
    separator = Text(limit=1, load_default="#")
    strategy = one_of("Always", "OnCollision", default="OnCollision")


class UsernameConfiguration(WireSchema):
    unique = Part(UniqueUsername)


class WebAuthnWorkflow(Enableable):
    authenticator_attachment_preference = one_of("any", "platform", "crossPlatform", default="any")
    user_verification_requirement = one_of("required", "preferred", "discouraged", default="required")


class ReauthenticationWorkflow(WebAuthnWorkflow):
    authenticator_attachment_preference = one_of("any", "platform", "crossPlatform", default="platform")


class TenantWebAuthn(Enableable):
    bootstrap_workflow = Part(WebAuthnWorkflow)
    debug = off()
    reauthentication_workflow = Part(ReauthenticationWorkflow)
    relying_party_id = Text(limit=255)
    relying_party_name = Text(limit=255)


class Fraction(fields.Float):
    """A JSON number from 0 to 1."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("invalidJSON")
        if not 0 <= value <= 1:
            raise ValidationError("invalid")
        return value


class Captcha(Enableable):
    captcha_method = one_of(
        "GoogleRecaptchaV2", "GoogleRecaptchaV3", "HCaptcha", "HCaptchaEnterprise", default="GoogleRecaptchaV3"
    )
    secret_key = Text(limit=1_000)
    site_key = Text(limit=1_000)
    threshold = Fraction(load_default=0.5)


class Domains(Many):
    """A set of e-mail domains, or `*` for every login id. An empty one counts as absent (supporting contract 1.1)."""

    def __init__(self) -> None:
        super().__init__(Text(limit=254, blank=False), load_default=lambda: [EVERY_DOMAIN], most=1_000)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        domains = list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))
        if any(domain != EVERY_DOMAIN and not is_email(f"somebody@{domain}") for domain in domains):
            raise ValidationError("invalid")
        return domains or [EVERY_DOMAIN]


class ConnectorPolicy(WireSchema):
    connector_id = Id(required=True)
    data = custom_data()
    domains = Domains()
    migrate = off()


class ConnectorPolicies(Many):
    """In the order in which they are asked; none means that the service checks all passwords itself."""

    def __init__(self) -> None:
        super().__init__(fields.Nested(ConnectorPolicy), load_default=built_in_connector_policy, most=100)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        return super()._deserialize(value, attr, data, **kwargs) or built_in_connector_policy()


def built_in_connector_policy() -> list[dict[str, object]]:
    """Every user is authenticated by this service itself, unless the tenant says otherwise."""
    return [{"connector_id": BUILT_IN_CONNECTOR_ID, "data": {}, "domains": [EVERY_DOMAIN], "migrate": False}]
