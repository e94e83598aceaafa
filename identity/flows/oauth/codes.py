"""Authorization codes: issued once a login has completed, bound to client, redirect URI and challenge, used once.

A code that was used is remembered for a while beside the refresh token it brought: whoever brings it again is refused
and ends that token too (RFC 6749, 4.1.2; RFC 9700, 2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identity.domain.oauth import AuthorizationRequest, Grant
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.oauth.tokens import Grounds
from identity.flows.services import Services
from identity.store import external_identifiers, logins
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind

REMEMBERED_MILLISECONDS = 3_600_000
"""How long a code that was used is known as such: longer than any code lives."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A completed login in a browser: who may be told to a client. `auth_instant` in epoch milliseconds."""

    user_id: UUID
    tenant_id: UUID
    auth_instant: int
    authentication_type: str
    login_version: int
    """Of the user, as the login found them."""

    sso_session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for."""

    client_id: UUID
    user_id: UUID
    tenant_id: UUID
    redirect_uri: str
    challenge: str | None
    grounds: Grounds


def issue_code(
    services: Services, configuration: TenantConfiguration, request: AuthorizationRequest, granted: Granted
) -> str | None:
    """A code for the client of the request; None when what the login stood on has changed this very moment.

    Raises InUse when the application was removed meanwhile.
    """
    now, secret = services.runtime.now(), services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.AUTHORIZATION_CODE,
        granted.tenant_id,
        now,
        now + configuration.seconds_of("authorization_grant_id") * 1000,
        user_id=granted.user_id,
        application_id=request.client_id,
        data=_data(request, granted),
    )

    def keep(conn: Connection) -> bool:
        if not logins.holds_still(conn, granted.tenant_id, granted.user_id, granted.login_version):
            return False
        external_identifiers.add(conn, secret, identifier)
        return True

    return secret if services.db.transact(keep) else None


def _data(request: AuthorizationRequest, granted: Granted) -> dict[str, Any]:
    device = {"name": request.device_name, "description": request.device_description, "type": request.device_type}
    return {
        "redirect_uri": request.redirect_uri,
        "challenge": request.code_challenge,
        "scopes": list(request.scopes),
        "nonce": request.nonce,
        "auth_instant": granted.auth_instant,
        "authentication_type": granted.authentication_type,
        "session_id": str(granted.sso_session_id) if granted.sso_session_id else None,
        "device": {name: value for name, value in device.items() if value},
    }


def find_code(conn: Connection, text: str, now: int) -> Code | None:
    found = external_identifiers.find(conn, Kind.AUTHORIZATION_CODE, text, now)
    return None if found is None else _code(found)


def _code(found: ExternalIdentifier) -> Code:
    assert found.application_id is not None and found.user_id is not None  # as `issue_code` made it
    data = found.data
    session_id = data["session_id"]
    return Code(
        client_id=found.application_id,
        user_id=found.user_id,
        tenant_id=found.tenant_id,
        redirect_uri=data["redirect_uri"],
        challenge=data["challenge"],
        grounds=Grounds(
            grants=(Grant.AUTHORIZATION_CODE.value,),
            scopes=tuple(data["scopes"]),
            auth_instant=data["auth_instant"],
            authentication_type=data["authentication_type"],
            nonce=data["nonce"],
            session_id=UUID(session_id) if session_id else None,
            device=data["device"],
        ),
    )


def spend_code(conn: Connection, text: str, code: Code, refresh_token_id: UUID | None, now: int) -> bool:
    """Use the code up and remember that, in the caller's transaction; False when somebody else did so first."""
    if external_identifiers.take(conn, Kind.AUTHORIZATION_CODE, text, now) is None:
        return False
    spent = ExternalIdentifier(
        Kind.SPENT_AUTHORIZATION_CODE,
        code.tenant_id,
        now,
        now + REMEMBERED_MILLISECONDS,
        user_id=code.user_id,
        application_id=code.client_id,
        data={"refresh_token_id": str(refresh_token_id) if refresh_token_id else None},
    )
    external_identifiers.add(conn, text, spent)
    return True


def token_of_spent(conn: Connection, text: str, client_id: UUID, now: int) -> UUID | None:
    """The id of the refresh token that this client got for a code that was used before."""
    spent = external_identifiers.find(conn, Kind.SPENT_AUTHORIZATION_CODE, text, now)
    if spent is None or spent.application_id != client_id or spent.data["refresh_token_id"] is None:
        return None
    return UUID(spent.data["refresh_token_id"])
