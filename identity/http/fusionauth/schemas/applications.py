"""Applications and their roles on the wire. Source: supporting contract section 5."""

from __future__ import annotations

from marshmallow import fields

from identity.http.fusionauth.schemas import application_parts as parts
from identity.http.fusionauth.schemas.common import (
    AccessControl,
    Enableable,
    SearchCriteria,
    Unverified,
    UnverifiedDeletePolicy,
    custom_data,
    link,
    off,
    one_of,
    verification_strategy,
)
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema


class ApplicationRole(WireSchema):
    description = Text(limit=1_000)
    id = Id()
    insert_instant = Instant(dump_only=True)
    is_default = off()
    is_super_role = off()
    last_update_instant = Instant(dump_only=True)
    name = Text(required=True, blank=False, limit=191)


class ApplicationScope(WireSchema):
    application_id = Id(dump_only=True)
    data = custom_data()
    default_consent_detail = Text(limit=1_000, load_default=None)
    default_consent_message = Text(limit=1_000, load_default=None)
    description = Text(limit=1_000, load_default=None)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    name = Text(limit=191, load_default=None)
    required = off()


class Application(WireSchema):
    access_control_configuration = Part(AccessControl)
    active = Flag(dump_only=True)
    authentication_token_configuration = Part(Enableable)
    base_url = link(data_key="baseURL")
    clean_speak_configuration = Part(parts.CleanSpeak)
    data = custom_data()
    email_configuration = Part(parts.ApplicationEmail)
    external_identifier_configuration = Part(parts.ApplicationExternalIdentifiers)
    form_configuration = Part(parts.ApplicationForms)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    jwt_configuration = Part(parts.ApplicationJwtConfiguration)
    lambda_configuration = Part(parts.ApplicationLambdas)
    last_update_instant = Instant(dump_only=True)
    login_configuration = Part(parts.ApplicationLogin)
    multi_factor_configuration = Part(parts.ApplicationMultiFactor)
    name = Text(required=True, blank=False, limit=191)
    oauth_configuration = Part(parts.OAuthConfiguration)
    passwordless_configuration = Part(parts.Passwordless)
    phone_configuration = Part(parts.ApplicationPhone)
    registration_configuration = Part(parts.RegistrationForm)
    registration_delete_policy = Part(UnverifiedDeletePolicy)
    roles = Many(fields.Nested(ApplicationRole), load_default=list)
    samlv2_configuration = Part(parts.Saml)
    scopes = Many(fields.Nested(ApplicationScope), dump_only=True)
    state = Text(dump_only=True)
    tenant_id = Id(dump_only=True)
    theme_id = Id()
    universal_configuration = Part(parts.Universal)
    unverified = Part(Unverified)
    verification_email_template_id = Id()
    verification_strategy = verification_strategy()
    verify_registration = off()
    web_authn_configuration = Part(parts.ApplicationWebAuthn)


class ApplicationRequest(WireSchema):
    application = fields.Nested(Application, required=True)
    source_application_id = Id()


class ApplicationResponse(WireSchema):
    application = fields.Nested(Application)
    applications = Many(fields.Nested(Application))


class RoleEnvelope(WireSchema):
    role = fields.Nested(ApplicationRole, required=True)


class ScopeRequest(WireSchema):
    scope = Part(ApplicationScope, required=True)


class ScopeAnswer(WireSchema):
    scope = fields.Nested(ApplicationScope)


class ApplicationCriteria(SearchCriteria):
    state = one_of("Active", "Inactive", "PendingDelete")
    tenant_id = Id()


class ApplicationSearchRequest(WireSchema):
    search = Part(ApplicationCriteria)


class ApplicationSearchResponse(WireSchema):
    applications = Many(fields.Nested(Application))
    total = Whole()


class OAuthConfigurationResponse(WireSchema):
    http_session_max_inactive_interval = Whole()
    logout_url = link(data_key="logoutURL")
    oauth_configuration = fields.Nested(parts.OAuthConfiguration)
