"""An authorization code becomes tokens, once (supporting contract 21.2; RFC 6749, 4.1.3; RFC 7636, 4.6).

Whatever does not fit uses the code up: it is in the wrong hands, or its client is wrong, and it works for nobody again.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

from identity.domain.oauth import Grant, require_grant, require_proof_key
from identity.domain.oauth_errors import OAuthRefused, invalid_grant
from identity.flows.login.login_attempt import Person
from identity.flows.oauth.clients import Client
from identity.flows.oauth.codes import Code, find_code, spend_code, token_of_spent
from identity.flows.oauth.gates import admitted
from identity.flows.oauth.tokens import OAuthTokens, make_tokens, new_record
from identity.flows.services import Services
from identity.flows.tokens.revoke import revoke_reused
from identity.store import logins, refresh_tokens
from identity.store.db import Connection, InUse, StoreUnavailable
from identity.store.refresh_tokens import RefreshToken

MOST_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What a client sends to redeem a code. `challenge` is S256 of the verifier that it sent, if it sent one."""

    client: Client
    code: str = field(repr=False)
    redirect_uri: str
    challenge: str | None = None
    authenticated: bool = False
    """Whether the client has shown its secret."""

    ip_address: str | None = None
    hosted: bool = False
    """Whether the tokens go to the hosted backend, which keeps them for the client."""


def exchange_code(services: Services, request: CodeRequest) -> OAuthTokens:
    """Raises OAuthRefused, StoreUnavailable."""
    require_grant(request.client.rules, Grant.AUTHORIZATION_CODE)
    for _ in range(MOST_ATTEMPTS):
        tokens = _exchange(services, request)
        if tokens is not None:
            return tokens
    raise StoreUnavailable("the exchange lost every race for its user")


def _exchange(services: Services, request: CodeRequest) -> OAuthTokens | None:
    """The tokens; None when the user changed this very moment, and must be judged again. Raises OAuthRefused."""
    now = services.runtime.now()
    with services.db.read() as conn:
        code = find_code(conn, request.code, now)
    if code is None:
        raise _unknown(services, request)
    try:
        _check(request, code)
        with services.db.read() as conn:
            person = admitted(services, conn, request.client, code.user_id)
    except OAuthRefused:
        services.db.transact(lambda conn: spend_code(conn, request.code, code, None, now))
        raise
    return _redeem(services, request, code, person)


def _redeem(services: Services, request: CodeRequest, code: Code, person: Person) -> OAuthTokens | None:
    grounds = replace(code.grounds, ip_address=request.ip_address, hosted=request.hosted)
    record = new_record(services, request.client, person, grounds)
    token = services.runtime.new_secret() if record else None
    try:
        spent = services.db.transact(lambda conn: _spend(services, conn, request, code, person, record, token))
    except InUse:  # the application was removed meanwhile
        raise _no_code() from None
    if spent is None:
        return None
    if not spent:
        raise _unknown(services, request)
    return make_tokens(services, request.client, person, grounds, record, token)


def _spend(
    services: Services,
    conn: Connection,
    request: CodeRequest,
    code: Code,
    person: Person,
    record: RefreshToken | None,
    token: str | None,
) -> bool | None:
    """Code and refresh token change hands together: whoever is second finds both or neither.

    None when the user is not what they were when they were judged; False when the code is gone.
    """
    if not logins.holds_still(conn, code.tenant_id, code.user_id, person.standing.login_version):
        return None
    if not spend_code(conn, request.code, code, record.id if record else None, services.runtime.now()):
        return False
    if record is not None and token is not None:
        refresh_tokens.add(conn, record, token)
    return True


def _check(request: CodeRequest, code: Code) -> None:
    """Raises OAuthRefused."""
    if code.client_id != request.client.id:
        raise invalid_grant("client_id_mismatch", "The code was issued to another client.")
    if code.redirect_uri != request.redirect_uri:
        raise invalid_grant("invalid_redirect_uri", "The redirect_uri is not the one that the code was issued for.")
    require_proof_key(request.client.rules, authenticated=request.authenticated, challenged=code.challenge is not None)
    if code.challenge is not None and request.challenge is None:
        raise invalid_grant("missing_code_verifier", "The code_verifier parameter is missing.")
    if not hmac.compare_digest(code.challenge or "", request.challenge or ""):
        # Also a verifier for a code without challenge: somebody took the challenge away (RFC 9700, 4.8.2).
        raise invalid_grant("invalid_pkce_code_verifier", "The code_verifier does not belong to the code.")


def _unknown(services: Services, request: CodeRequest) -> OAuthRefused:
    """The refusal of a code that is not there; if it was used before, what it brought ends now."""
    with services.db.read() as conn:
        token_id = token_of_spent(conn, request.code, request.client.id, services.runtime.now())
        record = refresh_tokens.get(conn, token_id, request.client.tenant_id) if token_id else None
    if record is not None:
        revoke_reused(services, record)
    return _no_code()


def _no_code() -> OAuthRefused:
    return invalid_grant("auth_code_not_found", "The code is unknown, expired or used.")
