"""What a completed login in a browser gives the client that asked for it: a code, or tokens at once."""

from __future__ import annotations

from typing import Any

from identity.domain.oauth import AuthorizationRequest, Grant
from identity.domain.oauth_errors import OAuthError, OAuthRefused
from identity.domain.user_state import user_state
from identity.flows.login.finish_login import mint
from identity.flows.login.login_attempt import Person
from identity.flows.oauth.clients import Client
from identity.flows.oauth.codes import Granted, issue_code
from identity.flows.oauth.gates import admitted
from identity.flows.oauth.tokens import Grounds, id_token, oauth_facts
from identity.flows.services import Services
from identity.store.db import InUse

__all__ = ["Granted", "grant"]


def grant(services: Services, client: Client, request: AuthorizationRequest, granted: Granted) -> dict[str, Any]:
    """The members of the authorization response. Raises OAuthRefused."""
    if granted.tenant_id != client.tenant_id:
        raise OAuthRefused(OAuthError.ACCESS_DENIED, "user_not_found", "The login is one of another tenant.")
    with services.db.read() as conn:
        person = admitted(services, conn, client, granted.user_id, OAuthError.ACCESS_DENIED)
    tenant, application = client.configuration.tenant, client.configuration.application
    state = user_state(tenant, application, person.user, person.registration_for(client.id)).value
    if request.asks_for_code:
        try:
            code = issue_code(services, client.configuration, request, granted)
        except InUse:
            raise OAuthRefused(OAuthError.ACCESS_DENIED, "user_not_found", "There is no such user.") from None
        if code is None:
            raise _overtaken()
        return {"code": code, "userState": state}
    if person.standing.login_version != granted.login_version:
        raise _overtaken()
    return _tokens(services, client, request, granted, person) | {"userState": state}


def _overtaken() -> OAuthRefused:
    """A new password, say, ends what the old one began, also a login that was about to come back."""
    return OAuthRefused(OAuthError.LOGIN_REQUIRED, "authentication_required", "The user changed. Log in once more.")


def _tokens(
    services: Services, client: Client, request: AuthorizationRequest, granted: Granted, person: Person
) -> dict[str, Any]:
    """The implicit grant: never a refresh token (RFC 6749, 4.2.2)."""
    grounds = Grounds(
        grants=(Grant.IMPLICIT.value,),
        scopes=request.scopes,
        auth_instant=granted.auth_instant,
        authentication_type=granted.authentication_type,
        nonce=request.nonce,
        session_id=granted.sso_session_id,
    )
    facts = oauth_facts(client, person, grounds)
    members: dict[str, Any] = {}
    if "token" in request.response_types:
        access = mint(services, client.configuration, facts, services.runtime.now())
        members = {
            "access_token": access.access_token,
            "expires_in": client.configuration.jwt.time_to_live_in_seconds,
            "token_type": "Bearer",
        }
        if request.scopes:
            members["scope"] = " ".join(request.scopes)
    if "id_token" in request.response_types:
        members["id_token"] = id_token(services, client, person, facts, grounds, members.get("access_token"))
    return members
