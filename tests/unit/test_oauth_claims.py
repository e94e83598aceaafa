"""What ID token and userinfo say, by scope (OpenID Connect Core 5.4), and how a login answers a password grant."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.keys import KeyAlgorithm
from identity.domain.model import BUILT_IN_CONNECTOR_ID, User
from identity.domain.oauth import OAuthRules, ScopeHandling
from identity.domain.oauth_claims import CLAIMS, IdTokenFacts, full_name, half_hash, id_token_claims, user_claims
from identity.domain.oauth_outcome import GRANTS, REFUSALS, grants_tokens, refusal_of
from identity.domain.outcome import ChangeReason, LoginOutcome, Verdict
from identity.domain.tokens import AccessTokenFacts, access_token_claims

NOW = 1_750_000_000_000
TENANT, USER_ID, CLIENT, SESSION, JTI = (UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in range(1, 6))
ADA = User(
    tenant_id=TENANT,
    id=USER_ID,
    email="ada@example.com",
    username="ada",
    active=True,
    verified=True,
    verified_instant=NOW,
    verified_reason=None,
    expiry=None,
    birth_date="1815-12-10",
    first_name="Ada",
    full_name=None,
    image_url="https://example.com/ada.png",
    last_name="Lovelace",
    middle_name="King",
    mobile_phone="+44 1",
    parent_email=None,
    timezone=None,
    preferred_languages=[],
    clean_speak_id=None,
    connector_id=BUILT_IN_CONNECTOR_ID,
    password_change_required=False,
    data={},
    last_login_instant=NOW,
    insert_instant=NOW,
    last_update_instant=NOW,
)
STRICT = OAuthRules()
COMPATIBLE = OAuthRules(scope_handling=ScopeHandling.COMPATIBILITY)
ACCESS = AccessTokenFacts(
    issuer="https://identity.example",
    tenant_id=TENANT,
    user_id=USER_ID,
    authentication_type="TWITTER",
    auth_instant=NOW - 5_000,
    application_id=CLIENT,
    roles=["user", "admin"],
)
PROFILE = {
    "birthdate": "1815-12-10",
    "family_name": "Lovelace",
    "given_name": "Ada",
    "middle_name": "King",
    "name": "Ada Lovelace",
    "picture": "https://example.com/ada.png",
    "preferred_username": "ada",
}
BY_SCOPE = {
    "email": {"email": "ada@example.com", "email_verified": True},
    "phone": {"phone_number": "+44 1"},
    "profile": PROFILE,
    "openid": {},
    "address": {},
}


@pytest.mark.parametrize("scope", BY_SCOPE)
def test_a_scope_stands_for_its_claims_and_no_others(scope: str) -> None:
    assert user_claims(STRICT, ADA, [scope]) == BY_SCOPE[scope]


def test_every_scope_with_claims_is_in_the_table_above() -> None:
    assert set(CLAIMS) <= set(BY_SCOPE)


def test_compatibility_tells_everything_whatever_the_scopes() -> None:
    everything = {name: value for claims in BY_SCOPE.values() for name, value in claims.items()}
    assert user_claims(COMPATIBLE, ADA, []) == everything


def test_what_the_user_lacks_is_left_out() -> None:
    nobody = replace(ADA, email=None, mobile_phone="", image_url=None)
    told = user_claims(COMPATIBLE, nobody, [])
    assert not told.keys() & {"email", "email_verified", "phone_number", "picture"}
    assert user_claims(STRICT, replace(ADA, verified=False), ["email"])["email_verified"] is False


def test_a_name_is_the_full_one_or_made_of_its_parts() -> None:
    assert full_name(replace(ADA, full_name="Countess")) == "Countess"
    assert full_name(replace(ADA, first_name=None)) == "Lovelace"
    assert full_name(replace(ADA, first_name=None, last_name=None)) is None


def test_an_id_token_says_what_binds_it_to_its_request() -> None:
    facts = IdTokenFacts(ACCESS, nonce="n", session_id=SESSION, access_token="token", code="code")
    claims = id_token_claims(facts, {"email": "a@b.c"}, KeyAlgorithm.RS256, jti=JTI, now=NOW, lives=60)
    assert claims == {
        "aud": str(CLIENT),
        "exp": NOW // 1000 + 60,
        "iat": NOW // 1000,
        "iss": "https://identity.example",
        "sub": str(USER_ID),
        "jti": str(JTI),
        "authenticationType": "TWITTER",
        "email": "a@b.c",
        "applicationId": str(CLIENT),
        "roles": ["admin", "user"],
        "sid": str(SESSION),
        "auth_time": NOW // 1000 - 5,
        "tid": str(TENANT),
        "nonce": "n",
        "at_hash": half_hash("token", KeyAlgorithm.RS256),
        "c_hash": half_hash("code", KeyAlgorithm.RS256),
    }


def test_an_id_token_leaves_out_what_it_has_not() -> None:
    facts = IdTokenFacts(replace(ACCESS, roles=None))
    claims = id_token_claims(facts, {}, KeyAlgorithm.RS256, jti=JTI, now=NOW, lives=60)
    assert not claims.keys() & {"nonce", "at_hash", "c_hash", "sid", "roles", "applicationId"}


def test_the_session_of_an_id_token_is_that_of_the_refresh_token_if_there_is_one() -> None:
    facts = IdTokenFacts(replace(ACCESS, refresh_token_id=CLIENT), session_id=SESSION)
    assert id_token_claims(facts, {}, KeyAlgorithm.RS256, jti=JTI, now=NOW, lives=60)["sid"] == str(CLIENT)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_half_hash_is_the_left_half_of_the_hash_that_signs(algorithm: KeyAlgorithm) -> None:
    name = {"256": "sha256", "384": "sha384"}.get(algorithm.value[-3:], "sha512")
    digest = hashlib.new(name, b"token").digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    assert half_hash("token", algorithm) == expected
    assert half_hash(None, algorithm) is None


def test_the_example_of_the_specification_hashes_as_it_says() -> None:
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert half_hash(token, KeyAlgorithm.RS256) == "77QmUPtjPfzWtF2AnpK9RQ"


def test_an_access_token_names_its_scopes() -> None:
    claims = access_token_claims(
        replace(ACCESS, scopes=("openid", "email")), jti=JTI, now=NOW, time_to_live_in_seconds=1
    )
    assert claims["scope"] == "openid email"


@pytest.mark.parametrize("verdict", set(Verdict) - {Verdict.LOGGED_IN})
def test_every_verdict_without_tokens_has_an_answer(verdict: Verdict) -> None:
    outcome = LoginOutcome(verdict)
    assert not grants_tokens(outcome, requires_registration=False)
    assert refusal_of(outcome, []).problem.error is REFUSALS[verdict][0]


@pytest.mark.parametrize("verdict", GRANTS)
def test_a_completed_login_gets_tokens(verdict: Verdict) -> None:
    assert grants_tokens(LoginOutcome(verdict, completed=True), requires_registration=False)


def test_an_application_that_wants_registrations_gives_strangers_no_tokens() -> None:
    stranger = LoginOutcome(Verdict.NOT_REGISTERED, completed=True)
    assert not grants_tokens(stranger, requires_registration=True)


@pytest.mark.parametrize("reason", ChangeReason)
def test_a_password_to_be_changed_comes_with_the_reason_and_the_id(reason: ChangeReason) -> None:
    outcome = LoginOutcome(Verdict.PASSWORD_CHANGE_REQUIRED, ticket="id", change_reason=reason)
    problem = refusal_of(outcome, []).problem
    assert problem.reason == f"change_password_{reason.value.lower()}"
    assert problem.members()["change_password_id"] == "id"


def test_a_second_factor_comes_with_the_id_and_the_methods() -> None:
    methods = [{"id": "AB23", "method": "authenticator"}]
    members = refusal_of(LoginOutcome(Verdict.SECOND_FACTOR_REQUIRED, ticket="id"), methods).problem.members()
    assert (members["two_factor_id"], members["two_factor_methods"]) == ("id", methods)
