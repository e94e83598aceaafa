"""The tokens of an OAuth grant: access token, ID token and refresh token record, all saying the same.

What a refresh has to know of the grant is kept with the refresh token. Source: supporting contract 21.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.oauth import OPENID, Grant
from identity.domain.oauth_claims import IdTokenFacts, id_token_claims, user_claims
from identity.domain.tokens import AccessTokenFacts
from identity.flows.login.finish_login import access_facts, mint
from identity.flows.login.login_attempt import Person
from identity.flows.oauth.clients import Client
from identity.flows.services import Services
from identity.signing import ID_TOKEN, TOKEN_USE, sign
from identity.store.refresh_tokens import RefreshToken

OAUTH = "oauth"
"""The member of a refresh token's meta data that says that OAuth issued it, and by which grant."""

HOSTED = "hosted"
"""The member of it that says whether the hosted backend was given the token."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the tokens of one grant rest on. `auth_instant` in epoch milliseconds."""

    grants: tuple[str, ...]
    """The grants that led here, the first one first."""

    scopes: tuple[str, ...]
    auth_instant: int
    authentication_type: str
    nonce: str | None = None
    session_id: UUID | None = None
    """The SSO session that the person was logged in by."""

    device: Mapping[str, str] = field(default_factory=dict)
    ip_address: str | None = None
    hosted: bool = False
    """Whether the hosted backend gets the tokens, and not the client itself."""


@dataclass(frozen=True, slots=True)
class OAuthTokens:
    """What a token request gets."""

    access_token: str = field(repr=False)
    expires_in: int
    user_id: UUID
    scopes: tuple[str, ...] = ()
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    refresh_token_id: UUID | None = None


def oauth_facts(client: Client, person: Person, grounds: Grounds) -> AccessTokenFacts:
    """What the access token says: under Strict nothing of the user but who they are."""
    facts = access_facts(client.configuration, person, grounds.authentication_type, grounds.auth_instant)
    facts = replace(facts, scopes=grounds.scopes, grants=grounds.grants)
    return replace(facts, email=None, username=None) if client.rules.strict else facts


def make_tokens(
    services: Services, client: Client, person: Person, grounds: Grounds, record: RefreshToken | None, token: str | None
) -> OAuthTokens:
    """The tokens; `record` and `token` are the refresh token that goes with them, if one does."""
    now = services.runtime.now()
    facts = replace(oauth_facts(client, person, grounds), refresh_token_id=record.id if record else None)
    access = mint(services, client.configuration, facts, now)
    return OAuthTokens(
        access_token=access.access_token,
        expires_in=client.configuration.jwt.time_to_live_in_seconds,
        user_id=person.user.id,
        scopes=grounds.scopes,
        id_token=id_token(services, client, person, facts, grounds, access.access_token),
        refresh_token=token,
        refresh_token_id=record.id if record else None,
    )


def id_token(
    services: Services,
    client: Client,
    person: Person,
    access: AccessTokenFacts,
    grounds: Grounds,
    access_token: str | None,
    code: str | None = None,
) -> str | None:
    """The ID token that goes with an access token, a code, or neither; None without the scope openid."""
    if OPENID not in grounds.scopes:
        return None
    key = client.configuration.id_token_key
    claims = id_token_claims(
        IdTokenFacts(access, grounds.nonce, grounds.session_id, access_token, code),
        user_claims(client.rules, person.user, grounds.scopes),
        key.algorithm,
        jti=services.runtime.new_id(),
        now=services.runtime.now(),
        lives=client.configuration.jwt.time_to_live_in_seconds,
    )
    return sign(claims | {TOKEN_USE: ID_TOKEN}, key)


def new_record(services: Services, client: Client, person: Person, grounds: Grounds) -> RefreshToken | None:
    """The refresh token record that the grant comes with; None when it comes without.

    Who is not registered gets none: every refresh would be refused (decision 1).
    """
    if not client.rules.keeps_refresh_token(grounds.scopes) or person.registration_for(client.id) is None:
        return None
    now = services.runtime.now()
    return RefreshToken(
        tenant_id=client.tenant_id,
        id=services.runtime.new_id(),
        user_id=person.user.id,
        application_id=client.id,
        authentication_type=grounds.authentication_type,
        auth_instant=grounds.auth_instant,
        start_instant=now,
        rotated_instant=None,
        meta_data=_meta_data(grounds),
        last_accessed_instant=now,
        last_accessed_address=grounds.ip_address,
        insert_instant=now,
    )


def _meta_data(grounds: Grounds) -> dict[str, Any]:
    device = {"device": dict(grounds.device)} if grounds.device else {}
    issued = {"grant": grounds.grants[0], HOSTED: grounds.hosted}
    return {"scopes": list(grounds.scopes), OAUTH: issued, **device}


def scopes_of(record: RefreshToken) -> tuple[str, ...]:
    """What was granted with the refresh token."""
    return tuple(scope for scope in record.meta_data.get("scopes") or () if isinstance(scope, str))


def is_of_oauth(record: RefreshToken) -> bool:
    return OAUTH in record.meta_data


def is_of_hosted_backend(record: RefreshToken) -> bool:
    return bool((record.meta_data.get(OAUTH) or {}).get(HOSTED))


def refreshed_grounds(record: RefreshToken, scopes: tuple[str, ...], authentication_type: str) -> Grounds:
    """What the tokens of a refresh rest on: the same login, at most the same scopes, no nonce."""
    first = (record.meta_data.get(OAUTH) or {}).get("grant")
    grants = tuple(filter(None, (first, Grant.REFRESH_TOKEN.value)))
    return Grounds(grants, scopes, record.auth_instant, authentication_type)
