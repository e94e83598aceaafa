"""The refresh grant: the refresh of `flows/tokens/refresh.py`, for a client and within the scopes it was granted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from identity.domain.errors import Invalid
from identity.domain.oauth import Grant, narrowed_scopes, require_grant
from identity.domain.oauth_errors import OAuthRefused, invalid_grant, invalid_request
from identity.domain.trace import Trace
from identity.flows.oauth.clients import Client
from identity.flows.oauth.tokens import OAuthTokens, id_token, oauth_facts, refreshed_grounds, scopes_of
from identity.flows.services import Services
from identity.flows.tokens.refresh import AUTHENTICATION_TYPE, RefreshRequest, refresh_session


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a client sends to refresh. `seconds` may shorten the life of the access token."""

    client: Client
    refresh_token: str = field(repr=False)
    trace: Trace
    scope: str | None = None
    seconds: int | None = None
    ip_address: str | None = None
    hosted: bool = False
    """Whether the hosted backend refreshes, which shows no secret: then only a token that it was given itself."""


def refresh_tokens_of(services: Services, request: RefreshGrant) -> OAuthTokens:
    """New tokens of the same login; a refresh token among them only when it is a new one.

    Raises OAuthRefused, WebhooksRefused, StoreUnavailable.
    """
    client = request.client
    require_grant(client.rules, Grant.REFRESH_TOKEN)
    wanted = RefreshRequest(
        request.refresh_token,
        request.trace,
        seconds=request.seconds,
        ip_address=request.ip_address,
        tenant_id=client.tenant_id,
        client_id=client.id,
        scope=request.scope,
        hosted=request.hosted,
    )
    try:
        refreshed = refresh_session(services, wanted)
    except Invalid as error:
        raise _refused(error) from error
    tokens, record, person = refreshed.tokens, refreshed.record, refreshed.person
    scopes = narrowed_scopes(scopes_of(record), request.scope)
    grounds = refreshed_grounds(record, scopes, AUTHENTICATION_TYPE)
    facts = replace(oauth_facts(client, person, grounds), refresh_token_id=record.id)
    is_new = tokens.refresh_token != request.refresh_token
    return OAuthTokens(
        access_token=tokens.access_token,
        expires_in=request.seconds or client.configuration.jwt.time_to_live_in_seconds,
        user_id=person.user.id,
        id_token=id_token(services, client, person, facts, grounds, tokens.access_token),
        refresh_token=tokens.refresh_token if is_new else None,
        refresh_token_id=record.id if is_new else None,
    )


def _refused(error: Invalid) -> OAuthRefused:
    if "timeToLiveInSeconds" in error.field_errors:
        return invalid_request("invalid_expires_in", "The expires_in parameter may only shorten the configured time.")
    return invalid_grant("refresh_token_not_found", "The refresh token is unknown, expired, revoked or used up.")
