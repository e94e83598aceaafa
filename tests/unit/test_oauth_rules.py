"""The rules of OAuth, driven from their tables (supporting contract 5.3 and 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.oauth import (
    CHALLENGE_FORM,
    LONGEST_VALUE,
    MOST_SCOPES,
    NO_DESTINATIONS,
    RESPONSE_TYPES,
    SECRET_NEEDED,
    AuthorizationRequest,
    ClientAuthenticationPolicy,
    Grant,
    OAuthRules,
    ProofKeyPolicy,
    ScopeHandling,
    UnknownScopes,
    granted_scopes,
    is_destination,
    is_redirect_uri,
    narrowed_scopes,
    read_authorization_request,
    require_client_authentication,
    require_grant,
    require_proof_key,
    response_mode_of,
)
from identity.domain.oauth_errors import OAuthError, OAuthRefused

CLIENT = UUID("11111111-0000-4000-8000-000000000001")
TENANT = UUID("11111111-0000-4000-8000-000000000002")
URI = "https://client.example/callback"
RULES = OAuthRules(redirect_uris=(URI,), enabled_grants=frozenset(grant.value for grant in Grant))
CODE = {"client_id": str(CLIENT), "redirect_uri": URI, "response_type": "code"}
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def refused(error: pytest.ExceptionInfo[OAuthRefused]) -> tuple[str, str]:
    return error.value.problem.error.value, error.value.problem.reason


def read(changes: Mapping[str, str | None] = {}, rules: OAuthRules = RULES) -> AuthorizationRequest:
    given = {name: value for name, value in {**CODE, **changes}.items() if value is not None}
    return read_authorization_request(rules, CLIENT, TENANT, given)


def test_an_application_without_any_configuration_allows_nothing() -> None:
    rules = OAuthRules.of({}, ())
    assert rules == OAuthRules()
    assert not any(rules.allows(grant) for grant in Grant)
    assert rules.client_authentication is ClientAuthenticationPolicy.REQUIRED
    assert rules.strict


def test_the_stored_configuration_is_read_whole() -> None:
    stored = {
        "authorized_redirect_urls": [URI],
        "enabled_grants": ["authorization_code"],
        "client_authentication_policy": "NotRequired",
        "proof_key_for_code_exchange_policy": "Required",
        "scope_handling_policy": "Compatibility",
        "unknown_scope_policy": "Remove",
        "provided_scope_policy": {"email": {"enabled": False}, "phone": {"enabled": True}},
        "generate_refresh_tokens": True,
        "require_registration": True,
    }
    assert OAuthRules.of({"oauth_configuration": stored}, ["read"]) == OAuthRules(
        redirect_uris=(URI,),
        enabled_grants=frozenset({"authorization_code"}),
        client_authentication=ClientAuthenticationPolicy.NOT_REQUIRED,
        proof_key=ProofKeyPolicy.REQUIRED,
        scope_handling=ScopeHandling.COMPATIBILITY,
        unknown_scopes=UnknownScopes.REMOVE,
        known_scopes=frozenset({"openid", "offline_access", "address", "phone", "profile", "read"}),
        generates_refresh_tokens=True,
        requires_registration=True,
    )


@pytest.mark.parametrize("grant", Grant)
def test_a_grant_that_is_not_enabled_is_refused(grant: Grant) -> None:
    require_grant(RULES, grant)
    with pytest.raises(OAuthRefused) as error:
        require_grant(OAuthRules(), grant)
    assert refused(error) == ("unauthorized_client", "grant_type_disabled")


@pytest.mark.parametrize("policy", ClientAuthenticationPolicy)
@pytest.mark.parametrize("proof_key", [False, True])
def test_who_must_show_a_secret_is_refused_without_and_nobody_else(
    policy: ClientAuthenticationPolicy, proof_key: bool
) -> None:
    rules = replace(RULES, client_authentication=policy)
    require_client_authentication(rules, authenticated=True, proof_key=proof_key)
    if not SECRET_NEEDED[policy, proof_key]:
        require_client_authentication(rules, authenticated=False, proof_key=proof_key)
        return
    with pytest.raises(OAuthRefused) as error:
        require_client_authentication(rules, authenticated=False, proof_key=proof_key)
    assert refused(error) == ("invalid_client", "client_authentication_missing")


def test_the_table_of_secrets_is_the_contracts() -> None:
    policies = ClientAuthenticationPolicy
    assert [policy for policy in policies if SECRET_NEEDED[policy, False]] == [
        policies.REQUIRED,
        policies.NOT_REQUIRED_WHEN_USING_PKCE,
    ]
    assert [policy for policy in policies if SECRET_NEEDED[policy, True]] == [policies.REQUIRED]


@pytest.mark.parametrize(
    ("policy", "authenticated", "holds"),
    [
        (ProofKeyPolicy.REQUIRED, True, False),
        (ProofKeyPolicy.REQUIRED, False, False),
        (ProofKeyPolicy.NOT_REQUIRED, False, True),
        (ProofKeyPolicy.NOT_REQUIRED_WHEN_USING_CLIENT_AUTHENTICATION, True, True),
        (ProofKeyPolicy.NOT_REQUIRED_WHEN_USING_CLIENT_AUTHENTICATION, False, False),
    ],
)
def test_a_code_without_challenge_holds_where_the_policy_excuses_it(
    policy: ProofKeyPolicy, authenticated: bool, holds: bool
) -> None:
    rules = replace(RULES, proof_key=policy)
    require_proof_key(rules, authenticated=authenticated, challenged=True)
    if holds:
        require_proof_key(rules, authenticated=authenticated, challenged=False)
        return
    with pytest.raises(OAuthRefused) as error:
        require_proof_key(rules, authenticated=authenticated, challenged=False)
    assert refused(error) == ("invalid_grant", "missing_code_challenge")


def test_scopes_are_kept_in_order_and_once() -> None:
    assert granted_scopes(RULES, "profile openid profile email") == ("profile", "openid", "email")
    assert granted_scopes(RULES, None) == ()


@pytest.mark.parametrize(
    ("policy", "granted"),
    [(UnknownScopes.ALLOW, ("openid", "sing")), (UnknownScopes.REMOVE, ("openid",)), (UnknownScopes.REJECT, None)],
)
def test_an_unknown_scope_is_what_the_policy_makes_of_it(
    policy: UnknownScopes, granted: tuple[str, ...] | None
) -> None:
    rules = replace(RULES, unknown_scopes=policy)
    if granted is not None:
        assert granted_scopes(rules, "openid sing") == granted
        return
    with pytest.raises(OAuthRefused) as error:
        granted_scopes(rules, "openid sing")
    assert refused(error) == ("invalid_scope", "unknown_scope")


@pytest.mark.parametrize(
    "text", ['quo"ted', "back\\slash", "bell\x07", "ünicode", "x" * 192, " ".join(map(str, range(MOST_SCOPES + 1)))]
)
def test_a_malformed_scope_is_refused_whatever_the_policy(text: str) -> None:
    with pytest.raises(OAuthRefused) as error:
        granted_scopes(replace(RULES, unknown_scopes=UnknownScopes.ALLOW), text)
    assert refused(error) == ("invalid_scope", "invalid_scope")


@pytest.mark.parametrize(
    ("rules", "scopes", "keeps"),
    [
        (replace(RULES, generates_refresh_tokens=True), ["openid", "offline_access"], True),
        (replace(RULES, generates_refresh_tokens=True), ["openid"], False),
        (RULES, ["offline_access"], False),
        (replace(OAuthRules(), generates_refresh_tokens=True), ["offline_access"], False),
    ],
)
def test_a_refresh_token_needs_scope_switch_and_grant(rules: OAuthRules, scopes: list[str], keeps: bool) -> None:
    assert rules.keeps_refresh_token(scopes) is keeps


def test_a_refresh_may_narrow_its_scopes_and_never_widen_them() -> None:
    assert narrowed_scopes(["openid", "email"], None) == ("openid", "email")
    assert narrowed_scopes(["openid", "email"], "  ") == ("openid", "email")
    assert narrowed_scopes(["openid", "email"], "email") == ("email",)
    with pytest.raises(OAuthRefused) as error:
        narrowed_scopes(["openid"], "openid email")
    assert refused(error) == ("invalid_scope", "unknown_scope")


@pytest.mark.parametrize(
    "uri",
    [
        URI + "/",
        URI + "?a=b",
        URI.upper(),
        URI.replace("https", "http"),
        URI.replace("client", "xclient"),
        "https://client.example:443/callback",
        "",
    ],
)
def test_a_redirect_uri_is_compared_letter_by_letter(uri: str) -> None:
    assert is_redirect_uri(RULES, URI)
    assert not is_redirect_uri(RULES, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/callback#part",
        "https://somebody@client.example/callback",
        "https://client.example\\@evil.example/",
        "https://client.example/a b",
        "https://client.example/\r\nSet-Cookie: a=b",
        "https://[client.example/",
        "https://b\u00fccher.example/callback",
        "https://client.example;script-src/callback",
        'https://client.example/"x',
        "/callback",
        *(f"{scheme}:something" for scheme in sorted(NO_DESTINATIONS)),
        "JavaScript:alert(1)",
    ],
)
def test_some_uris_are_no_destination_even_when_they_are_registered(uri: str) -> None:
    assert not is_redirect_uri(replace(RULES, redirect_uris=(uri,)), uri)


@pytest.mark.parametrize(
    ("uri", "holds"),
    [
        ("https://client.example/", True),
        ("com.example.app:/left", True),
        ("https://client.example\\@evil.example/", False),
        ("https://client.example/\r\n", False),
        ("https://[client.example/", False),
        ("https://somebody@client.example/", False),
        ("JAVASCRIPT:alert(1)", False),
        ("/left", False),
    ],
)
def test_an_administrators_address_is_a_destination_unless_it_misleads(uri: str, holds: bool) -> None:
    assert is_destination(uri) is holds


def test_an_apps_own_scheme_is_a_destination() -> None:
    uri = "com.example.app:/callback"
    assert is_redirect_uri(replace(RULES, redirect_uris=(uri,)), uri)


def test_a_wildcard_is_a_letter_like_any_other() -> None:
    rules = replace(RULES, redirect_uris=("https://*.example/callback",))
    assert not is_redirect_uri(rules, "https://client.example/callback")


def test_a_request_is_read_whole() -> None:
    parameters = {
        "scope": "openid email",
        "state": "s",
        "nonce": "n",
        "prompt": "login consent",
        "max_age": "60",
        "login_hint": "ada@example.com",
        "idp_hint": "x",
        "locale": "de",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "response_mode": "form_post",
        "metaData.device.name": "Ada's",
        "metaData.device.description": "A tablet",
        "metaData.device.type": "TABLET",
    }
    assert read(parameters) == AuthorizationRequest(
        client_id=CLIENT,
        tenant_id=TENANT,
        redirect_uri=URI,
        response_types=frozenset({"code"}),
        response_mode="form_post",
        scopes=("openid", "email"),
        state="s",
        nonce="n",
        prompts=frozenset({"login", "consent"}),
        max_age=60,
        login_hint="ada@example.com",
        idp_hint="x",
        locale="de",
        code_challenge=CHALLENGE,
        device_name="Ada's",
        device_description="A tablet",
        device_type="TABLET",
        parameters={**CODE, **parameters},
    )
    assert read(parameters).asks_for_code


def test_reading_a_request_again_gives_the_same_one() -> None:
    request = read({"scope": "openid", "state": "s"})
    assert read_authorization_request(RULES, CLIENT, TENANT, request.parameters) == request


@pytest.mark.parametrize(("types", "grant"), RESPONSE_TYPES.items())
def test_every_response_type_needs_its_grant(types: frozenset[str], grant: Grant) -> None:
    asked = {"response_type": " ".join(sorted(types)), "scope": "openid", "nonce": "n"}
    assert read(asked).response_types == types
    with pytest.raises(OAuthRefused) as error:
        read(asked, replace(RULES, enabled_grants=RULES.enabled_grants - {grant.value}))
    assert refused(error) == ("unauthorized_client", "grant_type_disabled")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"response_type": None}, ("invalid_request", "missing_response_type")),
        ({"response_type": "code token"}, ("unsupported_response_type", "invalid_response_type")),
        ({"response_type": "none"}, ("unsupported_response_type", "invalid_response_type")),
        ({"state": "s" * (LONGEST_VALUE + 1)}, ("invalid_request", "parameter_too_long")),
        ({"response_mode": "web_message"}, ("invalid_request", "invalid_response_mode")),
        ({"response_type": "token", "response_mode": "query"}, ("invalid_request", "invalid_response_mode")),
        ({"response_type": "id_token", "scope": "openid"}, ("invalid_request", "missing_nonce")),
        ({"response_type": "id_token", "nonce": "n"}, ("invalid_scope", "missing_openid_scope")),
        ({"prompt": "none login"}, ("invalid_request", "invalid_prompt")),
        ({"prompt": "sing"}, ("invalid_request", "invalid_prompt")),
        ({"max_age": "soon"}, ("invalid_request", "invalid_max_age")),
        ({"max_age": "-1"}, ("invalid_request", "invalid_max_age")),
        ({"code_challenge": CHALLENGE}, ("invalid_request", "invalid_code_challenge_method")),
        (
            {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
            ("invalid_request", "invalid_code_challenge_method"),
        ),
        ({"code_challenge_method": "S256"}, ("invalid_request", "invalid_code_challenge")),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, ("invalid_request", "invalid_code_challenge")),
    ],
)
def test_a_request_that_can_not_be_served_says_why(changes: dict[str, str | None], answer: tuple[str, str]) -> None:
    with pytest.raises(OAuthRefused) as error:
        read(changes)
    assert refused(error) == answer


def test_an_apps_own_scheme_gets_no_form() -> None:
    uri = "com.example.app:/callback"
    with pytest.raises(OAuthRefused) as error:
        read({"redirect_uri": uri, "response_mode": "form_post"}, replace(RULES, redirect_uris=(uri,)))
    assert refused(error) == ("invalid_request", "invalid_response_mode")


def test_where_a_challenge_is_required_a_code_is_not_asked_for_without() -> None:
    rules = replace(RULES, proof_key=ProofKeyPolicy.REQUIRED)
    with pytest.raises(OAuthRefused) as error:
        read({}, rules)
    assert refused(error) == ("invalid_request", "missing_code_challenge")
    assert read({"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, rules).code_challenge == CHALLENGE
    assert read({"response_type": "token"}, rules).code_challenge is None


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        ({"response_type": "code"}, "query"),
        ({}, "query"),
        ({"response_type": "sing"}, "query"),
        ({"response_type": "token"}, "fragment"),
        ({"response_type": "code id_token"}, "fragment"),
        ({"response_type": "code", "response_mode": "fragment"}, "fragment"),
        ({"response_type": "token", "response_mode": "query"}, "fragment"),
        ({"response_type": "token", "response_mode": "form_post"}, "form_post"),
        ({"response_type": "code", "response_mode": "sing"}, "query"),
    ],
)
def test_an_error_goes_where_the_answer_would_have_gone(parameters: dict[str, str], mode: str) -> None:
    assert response_mode_of(parameters) == mode


def test_the_challenge_of_the_rfc_has_the_form() -> None:
    assert CHALLENGE_FORM.fullmatch(CHALLENGE)


def test_a_refusal_names_its_extras_beside_the_three() -> None:
    refusal = OAuthRefused(OAuthError.INVALID_GRANT, "why", "words", {"more": 1})
    assert refusal.problem.members() == {
        "error": "invalid_grant",
        "error_reason": "why",
        "error_description": "words",
        "more": 1,
    }
