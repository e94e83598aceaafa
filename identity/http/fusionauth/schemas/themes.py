"""Wire forms of themes: their texts are stored and given back as they are. Source: supporting contract 5.4."""

from __future__ import annotations

from typing import cast

from marshmallow import fields

from identity.http.fusionauth.schemas.common import SearchCriteria, custom_data, link, one_of
from identity.http.fusionauth.schemas.user_fields import TextMap
from identity.wire import Flag, Id, Instant, Many, Part, Text, Whole, WireSchema

LONGEST_PART = 512 * 1024
TYPES = ("advanced", "simple")

TEMPLATES = """
    accountEdit accountIndex accountTwoFactorDisable accountTwoFactorEdit
    accountTwoFactorEnable accountTwoFactorIndex accountWebAuthnAdd accountWebAuthnDelete
    accountWebAuthnIndex confirmationRequired emailComplete emailSent
    emailVerificationRequired emailVerify helpers index
    oauth2Authorize oauth2AuthorizedNotRegistered oauth2ChildRegistrationNotAllowed
    oauth2ChildRegistrationNotAllowedComplete
    oauth2CompleteRegistration oauth2Consent oauth2Device oauth2DeviceComplete
    oauth2Error oauth2Logout oauth2Passwordless oauth2Register
    oauth2StartIdPLink oauth2TwoFactor oauth2TwoFactorEnable oauth2TwoFactorEnableComplete
    oauth2TwoFactorMethods oauth2Wait oauth2WebAuthn oauth2WebAuthnReauth
    oauth2WebAuthnReauthEnable passwordChange passwordComplete passwordForgot
    passwordSent phoneComplete phoneSent phoneVerificationRequired
    phoneVerify registrationComplete registrationSent registrationVerificationRequired
    registrationVerify samlv2Logout unauthorized emailSend
    registrationSend
"""
VARIABLES = """
    alertBackgroundColor alertFontColor backgroundImageURL backgroundSize
    borderRadius deleteButtonColor deleteButtonFocusColor deleteButtonTextColor
    deleteButtonTextFocusColor errorFontColor errorIconColor fontColor
    fontFamily iconBackgroundColor iconColor infoIconColor
    inputBackgroundColor inputIconColor inputTextColor linkTextColor
    linkTextFocusColor logoImageSize logoImageURL monoFontColor
    monoFontFamily pageBackgroundColor panelBackgroundColor primaryButtonColor
    primaryButtonFocusColor primaryButtonTextColor primaryButtonTextFocusColor
"""


class FaviconSchema(WireSchema):
    href = link()
    rel = Text(limit=255)
    sizes = Text(limit=255)
    type = Text(limit=255)


Templates = WireSchema.from_dict(
    {name: Text(limit=LONGEST_PART, data_key=name) for name in TEMPLATES.split()}, name="ThemeTemplatesSchema"
)
Variables = WireSchema.from_dict(
    {name: Text(limit=2_000, data_key=name) for name in VARIABLES.split()}
    | {
        "favicons": Many(fields.Nested(FaviconSchema), most=100),
        "footerDisplay": Flag(data_key="footerDisplay"),
    },
    name="ThemeVariablesSchema",
)


class ThemeSchema(WireSchema):
    data = custom_data()
    default_messages = Text(limit=LONGEST_PART)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    localized_messages = TextMap(load_default=dict, limit=LONGEST_PART)
    name = Text(required=True, blank=False, limit=191)
    stylesheet = Text(limit=LONGEST_PART)
    templates = Part(cast(type[WireSchema], Templates))
    type = one_of(*TYPES)
    variables = fields.Nested(Variables)


class ThemeRequest(WireSchema):
    source_theme_id = Id()
    theme = Part(ThemeSchema, required=True)


class ThemeResponse(WireSchema):
    theme = fields.Nested(ThemeSchema)
    themes = Many(fields.Nested(ThemeSchema))
    total = Whole()


class ThemeCriteria(SearchCriteria):
    type = one_of(*TYPES)


class ThemeSearchRequest(WireSchema):
    search = Part(ThemeCriteria)
