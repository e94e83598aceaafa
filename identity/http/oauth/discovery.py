"""The OpenID Connect discovery document of a tenant. Source: supporting contract 21.3 (the exact list of members).

The issuer is the tenant's; the addresses are those of the public URL, never of the request's host (decision 16).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.keys import KeyAlgorithm, KeyType
from identity.domain.oauth import RESPONSE_MODES, Grant
from identity.flows.services import Services
from identity.store import tenants

CLAIMS = (
    "applicationId",
    "at_hash",
    "aud",
    "authenticationType",
    "birthdate",
    "c_hash",
    "email",
    "email_verified",
    "exp",
    "family_name",
    "given_name",
    "iat",
    "iss",
    "jti",
    "middle_name",
    "name",
    "nbf",
    "nonce",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "roles",
    "sub",
)
ALGORITHMS = sorted(each.jose for each in KeyAlgorithm if each.type is not KeyType.OKP)
"""Ed25519 keys are not announced: the contract's list ends before them."""


def discovery_document(services: Services, tenant_id: UUID | None) -> dict[str, Any] | None:
    """The document of the tenant, or of the default tenant; None when there is no such tenant."""
    with services.db.read() as conn:
        tenant = tenants.get(conn, tenant_id) if tenant_id else tenants.default(conn)
    if tenant is None:
        return None
    base = services.settings.base_url
    return {
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "backchannel_logout_supported": False,
        "claims_supported": list(CLAIMS),
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": [],
        "end_session_endpoint": f"{base}/oauth2/logout",
        "frontchannel_logout_supported": True,
        "grant_types_supported": [
            Grant.AUTHORIZATION_CODE.value,
            Grant.PASSWORD.value,
            Grant.IMPLICIT.value,
            Grant.REFRESH_TOKEN.value,
        ],
        "id_token_signing_alg_values_supported": ALGORITHMS,
        "issuer": tenant.issuer or base,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "response_modes_supported": sorted(RESPONSE_MODES),
        "response_types_supported": ["code", "id_token", "token id_token"],
        "scopes_supported": ["openid", "offline_access", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "userinfo_endpoint": f"{base}/oauth2/userinfo",
        "userinfo_signing_alg_values_supported": ALGORITHMS,
    }
