"""The discovery document: the exact list of supporting contract 21.3, for every tenant, whatever the Host header."""

from __future__ import annotations

from uuid import uuid4

import pytest
import requests

from tests.sessions import Sessions

PATH = "/.well-known/openid-configuration"
ALGORITHMS = ["ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512"]
CLAIMS = """applicationId at_hash aud authenticationType birthdate c_hash email email_verified exp family_name
given_name iat iss jti middle_name name nbf nonce phone_number phone_number_verified picture preferred_username
roles sub"""


def test_the_document_has_the_members_of_the_contract_and_no_others(sessions: Sessions) -> None:
    answer = sessions.call("GET", PATH, key="")
    assert answer.status_code == 200
    base = sessions.world.service.services.settings.base_url
    assert answer.json() == {
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "backchannel_logout_supported": False,
        "claims_supported": CLAIMS.split(),
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": [],
        "end_session_endpoint": f"{base}/oauth2/logout",
        "frontchannel_logout_supported": True,
        "grant_types_supported": ["authorization_code", "password", "implicit", "refresh_token"],
        "id_token_signing_alg_values_supported": ALGORITHMS,
        "issuer": "acme.com",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "response_modes_supported": ["form_post", "fragment", "query"],
        "response_types_supported": ["code", "id_token", "token id_token"],
        "scopes_supported": ["openid", "offline_access", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "userinfo_endpoint": f"{base}/oauth2/userinfo",
        "userinfo_signing_alg_values_supported": ALGORITHMS,
    }


def test_the_document_may_be_kept_a_while_and_read_by_every_page(sessions: Sessions) -> None:
    for path in (PATH, f"/{sessions.tenant_id}{PATH}"):
        answer = sessions.call("GET", path, key="", headers={"Origin": "https://anywhere.example"})
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Pragma" not in answer.headers


def test_a_tenant_has_a_document_of_its_own(sessions: Sessions) -> None:
    issuer = f"https://{uuid4()}.example"
    made = sessions.call("POST", "/api/tenant", {"tenant": {"name": issuer, "issuer": issuer}}).json()["tenant"]
    for path in (f"/{made['id']}{PATH}", f"{PATH}?tenantId={made['id']}"):
        assert sessions.call("GET", path, key="").json()["issuer"] == issuer
    assert sessions.call("DELETE", f"/api/tenant/{made['id']}").status_code == 200


@pytest.mark.parametrize("tenant", ["00000000-0000-4000-8000-00000000dead", "nonsense"])
def test_a_tenant_that_is_none_has_none(sessions: Sessions, tenant: str) -> None:
    assert sessions.call("GET", f"/{tenant}{PATH}", key="").status_code == 404
    assert sessions.call("GET", f"{PATH}?tenantId={tenant}", key="").status_code == 404


def test_addresses_come_from_the_public_url_and_not_from_the_host(sessions: Sessions) -> None:
    service = sessions.world.service
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    document = requests.get(service.url + PATH, headers=headers, timeout=30).json()
    base = service.services.settings.base_url
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "jwks_uri"):
        assert document[name].startswith(f"{base}/")
