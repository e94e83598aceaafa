"""The rules of OAuth 2 and OpenID Connect: what an application allows its clients, as tables and pure functions.

A client is an application; its oauthConfiguration says what it may do. Source: supporting contract 5.3 and 21,
RFC 6749, RFC 7636, RFC 9700, OpenID Connect Core 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import UNIQUE, Enum, verify
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from identity.domain.oauth_errors import OAuthError, OAuthRefused, invalid_client, invalid_grant, invalid_request

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"
PROVIDED = ("address", "email", "phone", "profile")
"""Scopes that an application may switch off; openid and offline_access are always known."""

S256 = "S256"
CHALLENGE_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
"""What SHA-256 gives in base64url (RFC 7636, 4.2)."""
SCOPE_FORM = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,191}")
"""One scope (RFC 6749, 3.3); not longer than an application's scope can be named."""

MOST_SCOPES = 100
LONGEST_VALUE = 2_000
"""Characters of one parameter of an authorization request: it travels through the browser from page to page."""
DIGITS = re.compile(r"[0-9]{1,9}")


@verify(UNIQUE)
class Grant(Enum):
    """How a client gets tokens. The value is the wire's grant_type and a member of enabledGrants."""

    AUTHORIZATION_CODE = "authorization_code"
    IMPLICIT = "implicit"
    PASSWORD = "password"  # noqa: S105 (no secret)
    REFRESH_TOKEN = "refresh_token"  # noqa: S105


class ClientAuthenticationPolicy(Enum):
    REQUIRED = "Required"
    NOT_REQUIRED = "NotRequired"
    NOT_REQUIRED_WHEN_USING_PKCE = "NotRequiredWhenUsingPKCE"


class ProofKeyPolicy(Enum):
    REQUIRED = "Required"
    NOT_REQUIRED = "NotRequired"
    NOT_REQUIRED_WHEN_USING_CLIENT_AUTHENTICATION = "NotRequiredWhenUsingClientAuthentication"


class ScopeHandling(Enum):
    STRICT = "Strict"
    COMPATIBILITY = "Compatibility"


class UnknownScopes(Enum):
    REJECT = "Reject"
    ALLOW = "Allow"
    REMOVE = "Remove"


@dataclass(frozen=True, slots=True)
class OAuthRules:
    """What an application's oauthConfiguration and its scopes say."""

    redirect_uris: tuple[str, ...] = ()
    enabled_grants: frozenset[str] = frozenset()
    client_authentication: ClientAuthenticationPolicy = ClientAuthenticationPolicy.REQUIRED
    proof_key: ProofKeyPolicy = ProofKeyPolicy.NOT_REQUIRED
    scope_handling: ScopeHandling = ScopeHandling.STRICT
    unknown_scopes: UnknownScopes = UnknownScopes.REJECT
    known_scopes: frozenset[str] = frozenset((OPENID, OFFLINE_ACCESS, *PROVIDED))
    generates_refresh_tokens: bool = False
    requires_registration: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any], own_scopes: Iterable[str]) -> OAuthRules:
        """`settings` are an application's; a member that was stored by an older release may be absent."""
        stored: Mapping[str, Any] = settings.get("oauth_configuration") or {}
        provided: Mapping[str, Any] = stored.get("provided_scope_policy") or {}
        offered = [name for name in PROVIDED if (provided.get(name) or {}).get("enabled", True)]
        return cls(
            redirect_uris=tuple(stored.get("authorized_redirect_urls") or ()),
            enabled_grants=frozenset(stored.get("enabled_grants") or ()),
            client_authentication=ClientAuthenticationPolicy(
                stored.get("client_authentication_policy") or ClientAuthenticationPolicy.REQUIRED
            ),
            proof_key=ProofKeyPolicy(stored.get("proof_key_for_code_exchange_policy") or ProofKeyPolicy.NOT_REQUIRED),
            scope_handling=ScopeHandling(stored.get("scope_handling_policy") or ScopeHandling.STRICT),
            unknown_scopes=UnknownScopes(stored.get("unknown_scope_policy") or UnknownScopes.REJECT),
            known_scopes=frozenset((OPENID, OFFLINE_ACCESS, *offered, *own_scopes)),
            generates_refresh_tokens=bool(stored.get("generate_refresh_tokens")),
            requires_registration=requires_registration(settings),
        )

    @property
    def strict(self) -> bool:
        """Whether tokens say only what the granted scopes stand for."""
        return self.scope_handling is ScopeHandling.STRICT

    def allows(self, grant: Grant) -> bool:
        return grant.value in self.enabled_grants

    def keeps_refresh_token(self, scopes: Iterable[str]) -> bool:
        """Whether a grant of these scopes comes with a refresh token."""
        return self.generates_refresh_tokens and self.allows(Grant.REFRESH_TOKEN) and OFFLINE_ACCESS in scopes


def requires_registration(settings: Mapping[str, Any]) -> bool:
    """Whether only those who are registered for the application with these settings may come in."""
    return bool((settings.get("oauth_configuration") or {}).get("require_registration"))


def require_grant(rules: OAuthRules, grant: Grant) -> None:
    """Raises OAuthRefused."""
    if not rules.allows(grant):
        description = f"The {grant.value} grant is not enabled for this client."
        raise OAuthRefused(OAuthError.UNAUTHORIZED_CLIENT, "grant_type_disabled", description)


SECRET_NEEDED: Mapping[tuple[ClientAuthenticationPolicy, bool], bool] = {
    (ClientAuthenticationPolicy.REQUIRED, False): True,
    (ClientAuthenticationPolicy.REQUIRED, True): True,
    (ClientAuthenticationPolicy.NOT_REQUIRED, False): False,
    (ClientAuthenticationPolicy.NOT_REQUIRED, True): False,
    (ClientAuthenticationPolicy.NOT_REQUIRED_WHEN_USING_PKCE, False): True,
    (ClientAuthenticationPolicy.NOT_REQUIRED_WHEN_USING_PKCE, True): False,
}
"""Whether a client must show its secret, by policy and whether it proves possession of a code verifier."""


def require_client_authentication(rules: OAuthRules, *, authenticated: bool, proof_key: bool) -> None:
    """`authenticated`: the right secret was given. `proof_key`: the code is redeemed with a verifier.

    Raises OAuthRefused.
    """
    if SECRET_NEEDED[rules.client_authentication, proof_key] and not authenticated:
        raise invalid_client("client_authentication_missing", "The client must authenticate with its secret.")


def require_proof_key(rules: OAuthRules, *, authenticated: bool, challenged: bool) -> None:
    """At the redemption of a code: whether it may have been asked for without a code challenge. Raises OAuthRefused."""
    excused = {
        ProofKeyPolicy.REQUIRED: False,
        ProofKeyPolicy.NOT_REQUIRED: True,
        ProofKeyPolicy.NOT_REQUIRED_WHEN_USING_CLIENT_AUTHENTICATION: authenticated,
    }
    if not challenged and not excused[rules.proof_key]:
        raise invalid_grant("missing_code_challenge", "This client must use a code challenge and its verifier.")


def granted_scopes(rules: OAuthRules, text: str | None) -> tuple[str, ...]:
    """The scopes that a request for `text` gets: each once, in the order asked for. Raises OAuthRefused."""
    asked = list(dict.fromkeys((text or "").split()))
    if len(asked) > MOST_SCOPES or any(not SCOPE_FORM.fullmatch(scope) for scope in asked):
        raise OAuthRefused(OAuthError.INVALID_SCOPE, "invalid_scope", "The scope parameter is malformed.")
    unknown = [scope for scope in asked if scope not in rules.known_scopes]
    if not unknown or rules.unknown_scopes is UnknownScopes.ALLOW:
        return tuple(asked)
    if rules.unknown_scopes is UnknownScopes.REMOVE:
        return tuple(scope for scope in asked if scope in rules.known_scopes)
    raise OAuthRefused(OAuthError.INVALID_SCOPE, "unknown_scope", "This client knows no such scope.")


def narrowed_scopes(granted: Iterable[str], text: str | None) -> tuple[str, ...]:
    """What a refresh asks for, of what was granted before; all of that when it does not ask. Raises OAuthRefused."""
    had = tuple(granted)
    if text is None or not text.split():
        return had
    wanted = tuple(dict.fromkeys(text.split()))
    if not set(wanted) <= set(had):
        raise OAuthRefused(OAuthError.INVALID_SCOPE, "unknown_scope", "A refresh can not gain scopes.")
    return wanted


RESPONSE_TYPES: Mapping[frozenset[str], Grant] = {
    frozenset({"code"}): Grant.AUTHORIZATION_CODE,
    frozenset({"token"}): Grant.IMPLICIT,
    frozenset({"id_token"}): Grant.IMPLICIT,
    frozenset({"id_token", "token"}): Grant.IMPLICIT,
}
"""What may be asked for at the authorization endpoint, and the grant that must be enabled for it."""

QUERY, FRAGMENT, FORM_POST = "query", "fragment", "form_post"
RESPONSE_MODES = frozenset({QUERY, FRAGMENT, FORM_POST})
PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """An authorization request whose client and redirect URI are known to belong together."""

    client_id: UUID
    tenant_id: UUID
    redirect_uri: str
    response_types: frozenset[str]
    response_mode: str
    scopes: tuple[str, ...]
    state: str | None = None
    nonce: str | None = None
    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    """Seconds since the login that an SSO session may rest on at most."""

    login_hint: str | None = None
    idp_hint: str | None = None
    locale: str | None = None
    code_challenge: str | None = None
    device_name: str | None = None
    device_description: str | None = None
    device_type: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As they came: checking them again gives an equal request."""

    @property
    def asks_for_code(self) -> bool:
        return "code" in self.response_types


def is_redirect_uri(rules: OAuthRules, uri: str) -> bool:
    """Whether the client registered exactly this URI, and it is one that an answer can go to (T23, RFC 9700 2.1).

    The comparison is of strings: no prefix, no pattern, no normal form. A registered URI with a fragment, with user
    information or of a scheme that runs script is no destination all the same, nor is one that is no URI.
    """
    return uri in rules.redirect_uris and is_destination(uri)


def is_destination(uri: str) -> bool:
    """Whether a browser may be sent to this address of an administrator's."""
    if not URI_FORM.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme not in NO_DESTINATIONS and AUTHORITY_FORM.fullmatch(parts.netloc) is not None


URI_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!$-;=?-Z\[\]_a-z~]+")
"""A scheme, and what a URI is made of (RFC 3986, 2): no fragment, no quotes, nothing that is not ASCII."""

AUTHORITY_FORM = re.compile(r"[A-Za-z0-9.:_~\[\]-]*")
"""Host and port: no user information, and nothing that ends a rule of a Content-Security-Policy."""

NO_DESTINATIONS = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})


def response_mode_of(parameters: Mapping[str, str]) -> str:
    """Where the answer to this request goes, as far as it can be told: errors go there too."""
    given = parameters.get("response_mode")
    fallback = FRAGMENT if {"token", "id_token"} & set(parameters.get("response_type", "").split()) else QUERY
    if given not in RESPONSE_MODES or (given == QUERY and fallback == FRAGMENT):
        return fallback
    return given


def read_authorization_request(
    rules: OAuthRules, client_id: UUID, tenant_id: UUID, parameters: Mapping[str, str]
) -> AuthorizationRequest:
    """The request of these parameters; its redirect URI has been checked. Raises OAuthRefused: told by redirect."""
    if any(len(value) > LONGEST_VALUE for value in parameters.values()):
        raise invalid_request("parameter_too_long", "A parameter is too long.")
    response_types = frozenset(parameters.get("response_type", "").split())
    grant = RESPONSE_TYPES.get(response_types)
    if not response_types:
        raise invalid_request("missing_response_type", "The response_type parameter is missing.")
    if grant is None:
        description = "This response_type is not supported."
        raise OAuthRefused(OAuthError.UNSUPPORTED_RESPONSE_TYPE, "invalid_response_type", description)
    require_grant(rules, grant)
    scopes = granted_scopes(rules, parameters.get("scope"))
    nonce = parameters.get("nonce") or None
    if "id_token" in response_types:
        _require_openid(scopes, nonce)
    return AuthorizationRequest(
        client_id=client_id,
        tenant_id=tenant_id,
        redirect_uri=parameters["redirect_uri"],
        response_types=response_types,
        response_mode=_response_mode(parameters),
        scopes=scopes,
        state=parameters.get("state"),
        nonce=nonce,
        prompts=_prompts(parameters),
        max_age=_max_age(parameters),
        login_hint=parameters.get("login_hint") or None,
        idp_hint=parameters.get("idp_hint") or None,
        locale=parameters.get("locale") or None,
        code_challenge=_code_challenge(rules, grant, parameters),
        device_name=parameters.get("metaData.device.name") or None,
        device_description=parameters.get("metaData.device.description") or None,
        device_type=parameters.get("metaData.device.type") or None,
        parameters=dict(parameters),
    )


def _require_openid(scopes: tuple[str, ...], nonce: str | None) -> None:
    """An ID token that comes by the browser is bound to its request by the nonce (OpenID Connect Core, 3.2.2.1)."""
    if OPENID not in scopes:
        raise OAuthRefused(OAuthError.INVALID_SCOPE, "missing_openid_scope", "An id_token needs the scope openid.")
    if nonce is None:
        raise invalid_request("missing_nonce", "The nonce parameter is missing.")


def _response_mode(parameters: Mapping[str, str]) -> str:
    """Tokens never go into a query (OAuth 2.0 Multiple Response Types, 5)."""
    given, settled = parameters.get("response_mode"), response_mode_of(parameters)
    if given and given != settled:
        raise invalid_request("invalid_response_mode", "This response_mode can not carry the answer.")
    if settled == FORM_POST and urlsplit(parameters["redirect_uri"]).scheme not in {"http", "https"}:
        raise invalid_request("invalid_response_mode", "The response_mode form_post needs an http or https address.")
    return settled


def _prompts(parameters: Mapping[str, str]) -> frozenset[str]:
    prompts = frozenset(parameters.get("prompt", "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise invalid_request("invalid_prompt", "The prompt parameter is not one that is known, or contradicts itself.")
    return prompts


def _max_age(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("max_age")
    if not text:
        return None
    if not DIGITS.fullmatch(text):
        raise invalid_request("invalid_max_age", "The max_age parameter is no number of seconds.")
    return int(text)


def _code_challenge(rules: OAuthRules, grant: Grant, parameters: Mapping[str, str]) -> str | None:
    """Raises OAuthRefused, also for the method plain: it protects nothing (RFC 9700, 2.1.1)."""
    challenge, method = (parameters.get(name) or None for name in ("code_challenge", "code_challenge_method"))
    if challenge is None and method is None:
        if grant is Grant.AUTHORIZATION_CODE and rules.proof_key is ProofKeyPolicy.REQUIRED:
            raise invalid_request("missing_code_challenge", "This client must send a code_challenge.")
        return None
    if method != S256:
        raise invalid_request("invalid_code_challenge_method", "The code_challenge_method must be S256.")
    if challenge is None or not CHALLENGE_FORM.fullmatch(challenge):
        raise invalid_request("invalid_code_challenge", "The code_challenge is missing or malformed.")
    return challenge
