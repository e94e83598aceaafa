"""docs/inert-fields.md names every member of tenants and applications that nothing acts on, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from marshmallow import Schema, fields

from identity.domain.events import TYPES
from identity.http.fusionauth.schemas.applications import Application
from identity.http.fusionauth.schemas.tenants import Tenant

LIST = Path(__file__).parents[2] / "docs" / "inert-fields.md"
ACTING = (
    "application.active",
    "application.authenticationTokenConfiguration",
    "application.data",
    "application.emailConfiguration.emailVerificationEmailTemplateId",
    "application.emailConfiguration.emailVerifiedEmailTemplateId",
    "application.emailConfiguration.forgotPasswordEmailTemplateId",
    "application.emailConfiguration.passwordResetSuccessEmailTemplateId",
    "application.emailConfiguration.passwordUpdateEmailTemplateId",
    "application.emailConfiguration.setPasswordEmailTemplateId",
    "application.emailConfiguration.twoFactorMethodAddEmailTemplateId",
    "application.emailConfiguration.twoFactorMethodRemoveEmailTemplateId",
    "application.externalIdentifierConfiguration",
    "application.id",
    "application.insertInstant",
    "application.jwtConfiguration",
    "application.lambdaConfiguration.selfServiceRegistrationValidationId",
    "application.lambdaConfiguration.userinfoPopulateId",
    "application.lastUpdateInstant",
    "application.loginConfiguration",
    "application.multiFactorConfiguration.email",
    "application.multiFactorConfiguration.loginPolicy",
    "application.multiFactorConfiguration.sms",
    "application.multiFactorConfiguration.trustPolicy",
    "application.name",
    "application.oauthConfiguration.authorizedOriginURLs",
    "application.oauthConfiguration.authorizedRedirectURLs",
    "application.oauthConfiguration.clientAuthenticationPolicy",
    "application.oauthConfiguration.clientId",
    "application.oauthConfiguration.clientSecret",
    "application.oauthConfiguration.enabledGrants",
    "application.oauthConfiguration.generateRefreshTokens",
    "application.oauthConfiguration.logoutBehavior",
    "application.oauthConfiguration.logoutURL",
    "application.oauthConfiguration.proofKeyForCodeExchangePolicy",
    "application.oauthConfiguration.providedScopePolicy.address.enabled",
    "application.oauthConfiguration.providedScopePolicy.email.enabled",
    "application.oauthConfiguration.providedScopePolicy.phone.enabled",
    "application.oauthConfiguration.providedScopePolicy.profile.enabled",
    "application.oauthConfiguration.requireClientAuthentication",
    "application.oauthConfiguration.requireRegistration",
    "application.oauthConfiguration.scopeHandlingPolicy",
    "application.oauthConfiguration.unknownScopePolicy",
    "application.registrationConfiguration.birthDate",
    "application.registrationConfiguration.completeRegistration",
    "application.registrationConfiguration.confirmPassword",
    "application.registrationConfiguration.enabled",
    "application.registrationConfiguration.firstName",
    "application.registrationConfiguration.fullName",
    "application.registrationConfiguration.lastName",
    "application.registrationConfiguration.loginIdType",
    "application.registrationConfiguration.middleName",
    "application.registrationConfiguration.mobilePhone",
    "application.registrationConfiguration.preferredLanguages",
    "application.registrationDeletePolicy.unverified.enabled",
    "application.registrationDeletePolicy.unverified.numberOfDaysToRetain",
    "application.roles",
    "application.scopes.applicationId",
    "application.scopes.id",
    "application.scopes.insertInstant",
    "application.scopes.lastUpdateInstant",
    "application.scopes.name",
    "application.state",
    "application.tenantId",
    "application.themeId",
    "application.unverified",
    "application.verificationEmailTemplateId",
    "application.verificationStrategy",
    "application.verifyRegistration",
    "tenant.baseURL",
    "tenant.configured",
    "tenant.connectorPolicies",
    "tenant.data",
    "tenant.emailConfiguration.additionalHeaders",
    "tenant.emailConfiguration.debug",
    "tenant.emailConfiguration.defaultFromEmail",
    "tenant.emailConfiguration.defaultFromName",
    "tenant.emailConfiguration.emailUpdateEmailTemplateId",
    "tenant.emailConfiguration.emailVerifiedEmailTemplateId",
    "tenant.emailConfiguration.forgotPasswordEmailTemplateId",
    "tenant.emailConfiguration.host",
    "tenant.emailConfiguration.implicitEmailVerificationAllowed",
    "tenant.emailConfiguration.password",
    "tenant.emailConfiguration.passwordResetSuccessEmailTemplateId",
    "tenant.emailConfiguration.passwordUpdateEmailTemplateId",
    "tenant.emailConfiguration.port",
    "tenant.emailConfiguration.security",
    "tenant.emailConfiguration.setPasswordEmailTemplateId",
    "tenant.emailConfiguration.twoFactorMethodAddEmailTemplateId",
    "tenant.emailConfiguration.twoFactorMethodRemoveEmailTemplateId",
    "tenant.emailConfiguration.unverified.behavior",
    "tenant.emailConfiguration.username",
    "tenant.emailConfiguration.verificationEmailTemplateId",
    "tenant.emailConfiguration.verificationStrategy",
    "tenant.emailConfiguration.verifyEmail",
    "tenant.emailConfiguration.verifyEmailWhenChanged",
    "tenant.eventConfiguration",
    "tenant.externalIdentifierConfiguration.authorizationGrantIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.changePasswordIdGenerator",
    "tenant.externalIdentifierConfiguration.changePasswordIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.emailVerificationIdGenerator",
    "tenant.externalIdentifierConfiguration.emailVerificationIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.emailVerificationOneTimeCodeGenerator",
    "tenant.externalIdentifierConfiguration.externalAuthenticationIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.identityProviderConnectionTestTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.oneTimePasswordTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.pendingAccountLinkTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.registrationVerificationIdGenerator",
    "tenant.externalIdentifierConfiguration.registrationVerificationIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.registrationVerificationOneTimeCodeGenerator",
    "tenant.externalIdentifierConfiguration.setupPasswordIdGenerator",
    "tenant.externalIdentifierConfiguration.setupPasswordIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.trustTokenTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.twoFactorIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.twoFactorOneTimeCodeIdGenerator",
    "tenant.externalIdentifierConfiguration.twoFactorOneTimeCodeIdTimeToLiveInSeconds",
    "tenant.externalIdentifierConfiguration.twoFactorTrustIdTimeToLiveInSeconds",
    "tenant.failedAuthenticationConfiguration",
    "tenant.httpSessionMaxInactiveInterval",
    "tenant.id",
    "tenant.insertInstant",
    "tenant.issuer",
    "tenant.jwtConfiguration",
    "tenant.lambdaConfiguration.loginValidationId",
    "tenant.lastUpdateInstant",
    "tenant.loginConfiguration",
    "tenant.logoutURL",
    "tenant.maximumPasswordAge",
    "tenant.minimumPasswordAge",
    "tenant.multiFactorConfiguration.authenticator",
    "tenant.multiFactorConfiguration.email",
    "tenant.multiFactorConfiguration.loginPolicy",
    "tenant.multiFactorConfiguration.sms",
    "tenant.name",
    "tenant.passwordEncryptionConfiguration",
    "tenant.passwordValidationRules",
    "tenant.rateLimitConfiguration",
    "tenant.registrationConfiguration",
    "tenant.state",
    "tenant.themeId",
    "tenant.userDeletePolicy.unverified.enabled",
    "tenant.userDeletePolicy.unverified.numberOfDaysToRetain",
)


def members(schema: Schema, path: str) -> Iterator[str]:
    """The dotted paths of all members that hold no others."""
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        below = f"{path}.{field.data_key}"
        if isinstance(inner, fields.Nested):
            yield from members(inner.schema, below)
        else:
            yield below


def every_member() -> list[str]:
    return [*members(Tenant(), "tenant"), *members(Application(), "application")]


def listed() -> list[str]:
    return re.findall(r"`((?:tenant|application)\.[^`]+)`", LIST.read_text(encoding="utf-8"))


def stands_for(name: str, member: str) -> bool:
    return fnmatch(member, name) or member.startswith(f"{name}.")


def test_every_member_of_a_tenant_and_an_application_acts_or_is_listed_as_inert() -> None:
    known = [*listed(), *ACTING]
    assert [member for member in every_member() if not any(stands_for(name, member) for name in known)] == []


def test_every_listed_event_is_a_type() -> None:
    table = LIST.read_text(encoding="utf-8").partition("## Webhooks")[2].partition("## Themes")[0]
    named = re.findall(r"`([^`]+)`", table)
    assert [name for name in named if not any(fnmatch(kind, name) for kind in TYPES)] == []
    assert named


def test_no_member_is_listed_that_acts() -> None:
    assert [name for name in listed() if any(stands_for(name, member) for member in ACTING)] == []


def test_every_listed_name_is_a_member() -> None:
    existing = every_member()
    assert [name for name in listed() if not any(stands_for(name, member) for member in existing)] == []
