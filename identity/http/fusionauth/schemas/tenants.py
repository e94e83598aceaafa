"""Tenants on the wire. Source: supporting contract section 6."""

from __future__ import annotations

from marshmallow import fields

from identity.http.fusionauth.schemas import tenant_parts as parts
from identity.http.fusionauth.schemas.common import (
    AccessControl,
    SearchCriteria,
    UnverifiedDeletePolicy,
    custom_data,
    link,
    whole,
)
from identity.http.fusionauth.schemas.external_identifiers import ExternalIdentifiers
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema


class Tenant(WireSchema):
    access_control_configuration = Part(AccessControl)
    base_url = link(data_key="baseURL")
    captcha_configuration = Part(parts.Captcha)
    configured = Flag(dump_only=True)
    connector_policies = parts.ConnectorPolicies()
    data = custom_data()
    email_configuration = Part(parts.EmailConfiguration)
    event_configuration = Part(parts.EventConfiguration)
    external_identifier_configuration = Part(ExternalIdentifiers)
    failed_authentication_configuration = Part(parts.FailedAuthentication)
    family_configuration = Part(parts.FamilyConfiguration)
    form_configuration = Part(parts.TenantForms)
    http_session_max_inactive_interval = whole(3_600, least=0)  # 0 switches single sign-on off
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    issuer = link()
    jwt_configuration = Part(parts.TenantJwtConfiguration)
    lambda_configuration = Part(parts.TenantLambdas)
    last_update_instant = Instant(dump_only=True)
    login_configuration = Part(parts.TenantLogin)
    logout_url = link(data_key="logoutURL")
    maximum_password_age = Part(parts.MaximumPasswordAge)
    minimum_password_age = Part(parts.MinimumPasswordAge)
    multi_factor_configuration = Part(parts.TenantMultiFactor)
    name = Text(required=True, blank=False, limit=191)
    oauth_configuration = Part(parts.TenantOAuth)
    password_encryption_configuration = Part(parts.PasswordEncryption)
    password_validation_rules = Part(parts.PasswordValidationRules)
    phone_configuration = Part(parts.PhoneConfiguration)
    rate_limit_configuration = Part(parts.RateLimits)
    registration_configuration = Part(parts.TenantRegistration)
    scim_server_configuration = Part(parts.ScimServer)
    sso_configuration = Part(parts.SingleSignOn)
    state = Text(dump_only=True)
    theme_id = Id()
    user_delete_policy = Part(UnverifiedDeletePolicy)
    username_configuration = Part(parts.UsernameConfiguration)
    web_authn_configuration = Part(parts.TenantWebAuthn)


class TenantRequest(WireSchema):
    source_tenant_id = Id()
    tenant = fields.Nested(Tenant, required=True)
    webhook_ids = Many(Id(), load_default=list, most=1_000)


class TenantResponse(WireSchema):
    tenant = fields.Nested(Tenant)
    tenants = Many(fields.Nested(Tenant))


class TenantSearchRequest(WireSchema):
    search = Part(SearchCriteria)


class TenantSearchResponse(WireSchema):
    tenants = Many(fields.Nested(Tenant))
    total = Whole()


class TenantDeleteRequest(WireSchema):
    in_background = Flag(load_default=False, data_key="async")


class PasswordValidationRulesResponse(WireSchema):
    password_validation_rules = fields.Nested(parts.PasswordValidationRules)
