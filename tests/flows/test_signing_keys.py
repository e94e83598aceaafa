"""Keys as others meet them: public keys, the key set, a rotation, an application with a key of its own.

Login contract 10.2 and 10.4, security T12. What verifies here is a third-party library that reads only the key set.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from joserfc import jwt as others
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from tests.contract.people import codes
from tests.sessions import Sessions
from tests.unit.key_samples import forged

ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512"]
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
PUBLIC_KEY, JWKS, VALIDATE = "/api/jwt/public-key", "/.well-known/jwks.json", "/api/jwt/validate"

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def new_key(sessions: Sessions, algorithm: str, **members: Any) -> dict[str, Any]:
    """A key generated through the API."""
    length = {"length": 2048} if algorithm.startswith("RS") else {}
    body = {"key": {"algorithm": algorithm, "name": f"key {uuid4()}", **length, **members}}
    answer = sessions.call("POST", "/api/key/generate", body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["key"]
    return made


def new_secret(sessions: Sessions, secret: str) -> dict[str, Any]:
    body = {"key": {"algorithm": "HS256", "name": f"key {uuid4()}", "secret": secret, "type": "HMAC"}}
    answer = sessions.call("POST", "/api/key/import", body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["key"]
    return made


def key_set(sessions: Sessions) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sessions.call("GET", JWKS, key="").json()["keys"]
    return found


def subject_for_others(sessions: Sessions, token: str) -> str | None:
    """Who this token is for in the eyes of a program that knows the key set and nothing else; None: no good token."""
    published = KeySet.import_key_set({"keys": key_set(sessions)})
    try:
        return str(others.decode(token, published, algorithms=ALGORITHMS).claims["sub"])
    except (JoseError, ValueError):
        return None


def is_valid(sessions: Sessions, token: str) -> bool:
    return sessions.call("GET", VALIDATE, key=f"Bearer {token}").status_code == 200


def sign_with(sessions: Sessions, key_id: str) -> None:
    """Have the tenant sign with this key."""
    body = {"tenant": {"jwtConfiguration": {"accessTokenKeyId": key_id, "idTokenKeyId": key_id}}}
    assert sessions.call("PATCH", f"/api/tenant/{sessions.tenant_id}", body).status_code == 200


def test_a_token_signed_before_a_rotation_still_verifies_for_those_who_read_only_the_key_set(
    sessions: Sessions,
) -> None:
    old, new = new_key(sessions, "RS256"), new_key(sessions, "RS256")
    sign_with(sessions, old["id"])
    before = sessions.begin()
    assert codes(sessions.call("DELETE", f"/api/key/{old['id']}")) == {"key.id": ["[inUse]key.id"]}
    sign_with(sessions, new["id"])
    assert sessions.call("DELETE", f"/api/key/{old['id']}").status_code == 200
    after = sessions.begin(person=before.person)
    assert jwt.get_unverified_header(before.token)["kid"] == old["kid"]
    assert jwt.get_unverified_header(after.token)["kid"] == new["kid"]
    assert sessions.call("GET", f"/api/key/{old['id']}").status_code == 404
    assert subject_for_others(sessions, before.token) == subject_for_others(sessions, after.token) == before.user_id
    assert is_valid(sessions, before.token) and is_valid(sessions, after.token)
    refreshed = sessions.refreshed(before.refresh_token)["token"]
    assert jwt.get_unverified_header(refreshed)["kid"] == new["kid"]
    sessions.world.clock.advance(seconds=3601)
    assert old["kid"] not in {key["kid"] for key in key_set(sessions)}
    assert new["kid"] in {key["kid"] for key in key_set(sessions)}


def test_an_hs256_token_signed_with_the_public_key_validates_nowhere(sessions: Sessions) -> None:
    session = sessions.begin()
    header = jwt.get_unverified_header(session.token) | {"alg": "HS256"}
    [pem] = [
        pem
        for kid, pem in sessions.call("GET", PUBLIC_KEY, key="").json()["publicKeys"].items()
        if kid == header["kid"]
    ]
    der = serialization.load_pem_public_key(pem.encode()).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert is_valid(sessions, session.token)
    for secret in (pem.encode(), pem.strip().encode(), f"{pem.strip()}\n".encode(), der):
        token = forged(header, session.claims, secret)
        assert not is_valid(sessions, token)
        assert subject_for_others(sessions, token) is None


@pytest.mark.parametrize(("algorithm", "jose"), [("ES256", "ES256"), ("Ed25519", "EdDSA"), ("RS384", "RS384")])
def test_an_application_signs_with_an_asymmetric_key_of_its_own(sessions: Sessions, algorithm: str, jose: str) -> None:
    key = new_key(sessions, algorithm)
    application_id = sessions.application({"accessTokenKeyId": key["id"], "timeToLiveInSeconds": 120})
    session = sessions.begin(application_id)
    refreshed = sessions.refreshed(session.refresh_token)["token"]
    answer = sessions.world.service.client.issue_jwt(application_id, session.token)
    for token in (session.token, refreshed, answer.success_response["token"]):
        assert jwt.get_unverified_header(token) == {"alg": jose, "kid": key["kid"], "typ": "JWT"}
        assert subject_for_others(sessions, token) == session.user_id
        assert is_valid(sessions, token)
    assert session.claims["exp"] - session.claims["iat"] == 120
    by_application = sessions.world.service.client.retrieve_jwt_public_key_by_application_id(application_id)
    by_kid = sessions.world.service.client.retrieve_jwt_public_key(key["kid"])
    assert by_application.success_response == by_kid.success_response == {"publicKey": key["publicKey"]}
    [published] = [item for item in key_set(sessions) if item["kid"] == key["kid"]]
    assert published["alg"] == jose
    assert not PRIVATE & set(published)


def test_an_application_signs_with_a_secret_that_nobody_can_read(sessions: Sessions) -> None:
    secret = uuid4().hex + uuid4().hex
    key = new_secret(sessions, secret)
    application_id = sessions.application({"accessTokenKeyId": key["id"]})
    session = sessions.begin(application_id)
    refreshed = sessions.refreshed(session.refresh_token)["token"]
    for token in (session.token, refreshed):
        assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": key["kid"], "typ": "JWT"}
        claims = others.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims
        assert claims["sub"] == session.user_id
        assert is_valid(sessions, token)
        assert subject_for_others(sessions, token) is None
    client = sessions.world.service.client
    assert client.retrieve_jwt_public_key(key["kid"]).status == 404
    assert client.retrieve_jwt_public_key_by_application_id(application_id).status == 404
    published = sessions.call("GET", JWKS, key="").text + sessions.call("GET", PUBLIC_KEY, key="").text
    assert key["kid"] not in published
    assert secret not in published
    assert secret not in sessions.call("GET", f"/api/key/{key['id']}").text


def test_a_token_of_one_key_does_not_verify_under_another_kid(sessions: Sessions) -> None:
    secret = uuid4().hex + uuid4().hex
    key = new_secret(sessions, secret)
    session = sessions.begin()
    header = {"alg": "HS256", "typ": "JWT", "kid": key["kid"]}
    assert is_valid(sessions, forged(header, session.claims, secret.encode()))
    rsa = jwt.get_unverified_header(session.token)["kid"]
    for change in ({"kid": rsa}, {"kid": "unknown"}, {"kid": None}, {"alg": "HS512"}, {"alg": "RS256"}, {"crit": []}):
        altered = {name: value for name, value in (header | change).items() if value is not None}
        assert not is_valid(sessions, forged(altered, session.claims, secret.encode()))


def test_the_official_client_reads_all_public_keys_without_a_key(sessions: Sessions) -> None:
    key = new_key(sessions, "ES512")
    answer = sessions.world.service.client.retrieve_jwt_public_keys()
    assert answer.was_successful(), answer.status
    assert answer.success_response["publicKeys"][key["kid"]] == key["publicKey"]
    assert {item["kid"] for item in key_set(sessions)} == set(answer.success_response["publicKeys"])
    assert "PRIVATE" not in answer.response.text


@pytest.mark.parametrize("query", ["?kid=unknown", "?applicationId=5e4a4c80-fc3a-465e-ac9a-997d68db920c"])
def test_an_unknown_public_key_is_404_and_empty(sessions: Sessions, query: str) -> None:
    answer = sessions.call("GET", PUBLIC_KEY + query, key="")
    assert (answer.status_code, answer.content) == (404, b"")


def test_an_application_without_a_key_of_its_own_has_no_public_key(sessions: Sessions) -> None:
    not_enabled = {"enabled": False, "accessTokenKeyId": new_key(sessions, "ES256")["id"]}
    for application_id in (sessions.application(), sessions.application({}), sessions.application(not_enabled)):
        assert sessions.call("GET", f"{PUBLIC_KEY}?applicationId={application_id}", key="").status_code == 404


@pytest.mark.parametrize("query", ["", "?kid=undefined&applicationId=undefined", "?kid=&applicationId=null"])
def test_arguments_that_were_left_out_ask_for_all_public_keys(sessions: Sessions, query: str) -> None:
    assert set(sessions.call("GET", PUBLIC_KEY + query, key="").json()) == {"publicKeys"}


def test_the_key_set_names_what_each_kind_of_key_is_made_of(sessions: Sessions) -> None:
    made = {new_key(sessions, algorithm)["kid"]: algorithm for algorithm in ("RS256", "ES256", "Ed25519")}
    members = {made[key["kid"]]: set(key) for key in key_set(sessions) if key["kid"] in made}
    common = {"alg", "kid", "kty", "use", "x5c", "x5t", "x5t#S256"}
    assert members == {
        "RS256": common | {"e", "n"},
        "ES256": common | {"crv", "x", "y"},
        "Ed25519": common | {"crv", "x"},
    }


def test_the_key_set_may_be_read_by_browsers_and_kept_for_five_minutes(sessions: Sessions) -> None:
    headers = sessions.call("GET", JWKS, key="").headers
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers


def test_a_key_in_the_header_or_a_strange_tenant_is_of_no_account_to_public_routes(sessions: Sessions) -> None:
    for path in (JWKS, PUBLIC_KEY):
        assert sessions.call("GET", path, key="nobody's", tenant="nonsense").status_code == 200


def test_a_token_that_outlives_the_targets_configuration_keeps_its_key_published(sessions: Sessions) -> None:
    long, key = sessions.application({"timeToLiveInSeconds": 50_000}), new_key(sessions, "ES256")
    short = sessions.application({"timeToLiveInSeconds": 60, "accessTokenKeyId": key["id"]})
    session = sessions.begin(long)
    issued = sessions.world.service.client.issue_jwt(short, session.token)
    assert issued.status == 202
    sessions.configure(long, timeToLiveInSeconds=60)
    sessions.configure(short, accessTokenKeyId=new_key(sessions, "ES256")["id"])
    assert sessions.call("DELETE", f"/api/key/{key['id']}").status_code == 200
    sessions.world.clock.advance(seconds=49_990)
    assert subject_for_others(sessions, issued.success_response["token"]) == session.user_id
