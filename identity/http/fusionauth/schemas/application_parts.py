"""The nested members of an application. Source: supporting contract section 5; inert members: FusionAuth's OpenAPI."""

from __future__ import annotations

from typing import Any

from marshmallow import post_load

from identity.http.fusionauth.schemas.common import (
    MOST,
    EmailTemplates,
    Enableable,
    JwtConfiguration,
    PhoneTemplates,
    Requirable,
    link,
    off,
    on,
    one_of,
)
from identity.wire import Flag, Id, Many, Part, Text, Whole, WireSchema

GRANTS = (
    "authorization_code",
    "implicit",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
)
CANONICAL_FORMS = ("exclusive", "exclusive_with_comments", "inclusive", "inclusive_with_comments")


def canonical_form(name: str) -> Any:
    return one_of(*CANONICAL_FORMS, default="exclusive_with_comments", data_key=name)


class ApplicationJwtConfiguration(JwtConfiguration):
    """Counts as a whole when it is enabled; otherwise the tenant's does."""

    enabled = off()


class ApplicationLambdas(WireSchema):
    access_token_populate_id = Id()
    id_token_populate_id = Id()
    multi_factor_requirement_id = Id()
    samlv2_populate_id = Id()
    self_service_registration_validation_id = Id()
    userinfo_populate_id = Id()


class ApplicationLogin(WireSchema):
    allow_token_refresh = off()
    generate_refresh_tokens = off()
    require_authentication = on()


class CleanSpeakUsernames(Enableable):
    application_id = Id()


class CleanSpeak(Enableable):
    api_key = Text(limit=1_000)
    application_ids = Many(Id(), load_default=list, most=100)
    url = link()
    username_moderation = Part(CleanSpeakUsernames)


class ApplicationEmail(EmailTemplates):
    email_verification_email_template_id = Id()


class ApplicationPhone(PhoneTemplates):
    """No more than the templates."""


class ApplicationExternalIdentifiers(WireSchema):
    two_factor_trust_id_time_to_live_in_seconds = Whole(least=1, most=MOST)


class SelfServiceForm(WireSchema):
    require_current_password_on_password_change = off()


class ApplicationForms(WireSchema):
    admin_registration_form_id = Id()
    self_service_form_configuration = Part(SelfServiceForm)
    self_service_form_id = Id()


class ChosenTemplate(WireSchema):
    template_id = Id()


class ApplicationMultiFactor(WireSchema):
    """Without a policy the tenant's holds."""

    email = Part(ChosenTemplate)
    login_policy = one_of("ChallengeOnHighRisk", "ChallengeOnMediumRisk", "Disabled", "Enabled", "Required")
    sms = Part(ChosenTemplate)
    trust_policy = one_of("Any", "This", "None")
    voice = Part(ChosenTemplate)


class OfferedScope(WireSchema):
    enabled = on()
    required = off()


class ProvidedScopes(WireSchema):
    address = Part(OfferedScope)
    email = Part(OfferedScope)
    phone = Part(OfferedScope)
    profile = Part(OfferedScope)


class OAuthConfiguration(WireSchema):
    """Source: supporting contract 5.3. The client id is the application's id."""

    authorized_origin_urls = Many(link(blank=False), load_default=list, data_key="authorizedOriginURLs")
    authorized_redirect_urls = Many(link(blank=False), load_default=list, data_key="authorizedRedirectURLs")
    authorized_resource_uris = Many(link(blank=False), load_default=list)
    authorized_url_validation_policy = one_of(
        "ExactMatch", "AllowWildcards", default="ExactMatch", data_key="authorizedURLValidationPolicy"
    )
    client_authentication_policy = one_of("Required", "NotRequired", "NotRequiredWhenUsingPKCE")
    client_id = Text(dump_only=True)
    client_secret = Text(limit=1_000)
    consent_mode = one_of("AlwaysPrompt", "RememberDecision", "NeverPrompt", default="AlwaysPrompt")
    debug = off()
    device_verification_url = link(data_key="deviceVerificationURL")
    enabled_grants = Many(one_of(*GRANTS), load_default=list, most=20)
    generate_refresh_tokens = off()
    logout_behavior = one_of("AllApplications", "RedirectOnly", default="AllApplications")
    logout_url = link(data_key="logoutURL")
    proof_key_for_code_exchange_policy = one_of(
        "NotRequired", "Required", "NotRequiredWhenUsingClientAuthentication", default="NotRequired"
    )
    provided_scope_policy = Part(ProvidedScopes)
    relationship = one_of("FirstParty", "ThirdParty", default="FirstParty")
    require_client_authentication = Flag()
    require_registration = off()
    scope_handling_policy = one_of("Strict", "Compatibility", default="Strict")
    unknown_scope_policy = one_of("Reject", "Allow", "Remove", default="Reject")

    @post_load
    def agree(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The policy and its deprecated twin say the same; the policy wins."""
        old = "Required" if loaded.pop("require_client_authentication", True) else "NotRequired"
        policy = loaded.setdefault("client_authentication_policy", old)
        loaded["require_client_authentication"] = policy == "Required"
        return loaded


class Passwordless(Enableable):
    email_login_strategy = one_of("ClickableLink", "FormField", default="ClickableLink")
    phone_login_strategy = one_of("FormField", "ClickableLink", default="FormField")


class RegistrationForm(Enableable):
    """Self-service registration."""

    birth_date = Part(Requirable)
    complete_registration = off()
    confirm_password = off()
    first_name = Part(Requirable)
    form_id = Id()
    full_name = Part(Requirable)
    last_name = Part(Requirable)
    login_id_type = one_of("email", "phoneNumber", "username", default="email")
    middle_name = Part(Requirable)
    mobile_phone = Part(Requirable)
    preferred_languages = Part(Requirable)
    type = one_of("basic", "advanced", default="basic")


class SamlEncryption(Enableable):
    digest_algorithm = Text(limit=100, load_default="SHA256")
    encryption_algorithm = Text(limit=100, load_default="AES256GCM")
    key_location = Text(limit=100, load_default="Child")
    key_transport_algorithm = Text(limit=100, load_default="RSA_OAEP")
    key_transport_encryption_key_id = Id()
    mask_generation_function = Text(limit=100, load_default="MGF1_SHA1")


class SamlInitiatedLogin(Enableable):
    name_id_format = Text(limit=1_000)


class SamlLoginHint(Enableable):
    parameter_name = Text(limit=100, load_default="login_hint")


class SamlSingleLogout(Enableable):
    key_id = Id()
    url = link()
    xml_signature_c14n_method = canonical_form("xmlSignatureC14nMethod")


class SamlLogout(WireSchema):
    behavior = one_of("AllParticipants", "OnlyOriginator", default="AllParticipants")
    default_verification_key_id = Id()
    key_id = Id()
    require_signed_requests = off()
    single_logout = Part(SamlSingleLogout)
    xml_signature_c14n_method = canonical_form("xmlSignatureC14nMethod")


class Saml(Enableable):
    assertion_encryption_configuration = Part(SamlEncryption)
    audience = Text(limit=1_000)
    authorized_redirect_urls = Many(link(blank=False), load_default=list, data_key="authorizedRedirectURLs")
    callback_url = link(data_key="callbackURL")
    debug = off()
    default_verification_key_id = Id()
    initiated_login = Part(SamlInitiatedLogin)
    issuer = Text(limit=1_000)
    key_id = Id()
    login_hint_configuration = Part(SamlLoginHint)
    logout = Part(SamlLogout)
    logout_url = link(data_key="logoutURL")
    require_signed_requests = off()
    xml_signature_c14n_method = canonical_form("xmlSignatureC14nMethod")
    xml_signature_location = one_of("Assertion", "Response", default="Assertion")


class Universal(WireSchema):
    universal = off()


class ApplicationWebAuthn(Enableable):
    bootstrap_workflow = Part(Enableable)
    reauthentication_workflow = Part(Enableable)
