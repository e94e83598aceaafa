"""Lambdas: functions that an administrator writes and that run at fixed points of a login.

Source: supporting contract 10, login contract 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class LambdaType(Enum):
    """At which point a lambda runs. The value is the wire name."""

    APPLE_RECONCILE = "AppleReconcile"
    CLIENT_CREDENTIALS_JWT_POPULATE = "ClientCredentialsJWTPopulate"
    EPIC_GAMES_RECONCILE = "EpicGamesReconcile"
    EXTERNAL_JWT_RECONCILE = "ExternalJWTReconcile"
    FACEBOOK_RECONCILE = "FacebookReconcile"
    GOOGLE_RECONCILE = "GoogleReconcile"
    HYPR_RECONCILE = "HYPRReconcile"
    JWT_POPULATE = "JWTPopulate"
    LDAP_CONNECTOR_RECONCILE = "LDAPConnectorReconcile"
    LINKED_IN_RECONCILE = "LinkedInReconcile"
    LOGIN_VALIDATION = "LoginValidation"
    MFA_REQUIREMENT = "MFARequirement"
    NINTENDO_RECONCILE = "NintendoReconcile"
    OPEN_ID_RECONCILE = "OpenIDReconcile"
    SAML_V2_POPULATE = "SAMLv2Populate"
    SAML_V2_RECONCILE = "SAMLv2Reconcile"
    SCIM_SERVER_GROUP_REQUEST_CONVERTER = "SCIMServerGroupRequestConverter"
    SCIM_SERVER_GROUP_RESPONSE_CONVERTER = "SCIMServerGroupResponseConverter"
    SCIM_SERVER_USER_REQUEST_CONVERTER = "SCIMServerUserRequestConverter"
    SCIM_SERVER_USER_RESPONSE_CONVERTER = "SCIMServerUserResponseConverter"
    SELF_SERVICE_REGISTRATION_VALIDATION = "SelfServiceRegistrationValidation"
    SONY_PSN_RECONCILE = "SonyPSNReconcile"
    STEAM_RECONCILE = "SteamReconcile"
    TWITCH_RECONCILE = "TwitchReconcile"
    TWITTER_RECONCILE = "TwitterReconcile"
    USER_INFO_POPULATE = "UserInfoPopulate"
    XBOX_RECONCILE = "XboxReconcile"

    @property
    def function(self) -> str:
        """The name of the function that the source must define."""
        return next(function for ending, function in FUNCTIONS.items() if self.value.endswith(ending))


FUNCTIONS = {
    "Reconcile": "reconcile",
    "Populate": "populate",
    "Validation": "validate",
    "MFARequirement": "checkRequired",
    "Converter": "convert",
}


@dataclass(frozen=True, slots=True)
class Lambda:
    """A lambda as stored; `body` is its source text."""

    id: UUID
    name: str
    type: LambdaType
    body: str
    debug: bool
    engine_type: str
    insert_instant: int
    last_update_instant: int
