"""The password grant: the password door of `flows/login/password_login.py`, answered with a client's tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from identity.domain.oauth import Grant, granted_scopes, require_grant
from identity.domain.oauth_outcome import grants_tokens
from identity.domain.outcome import LoginOutcome
from identity.domain.trace import Trace
from identity.flows.login.login_attempt import Person, Visit
from identity.flows.login.password_login import PASSWORD, PasswordRequest, log_in
from identity.flows.oauth.clients import Client
from identity.flows.oauth.tokens import Grounds, OAuthTokens, make_tokens, new_record
from identity.flows.services import Services
from identity.store import logins, refresh_tokens
from identity.store.db import Connection
from identity.store.refresh_tokens import RefreshToken


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """What a client sends for its user. `visit` asks for no tokens: those of the grant are made here."""

    client: Client
    username: str
    password: str = field(repr=False)
    visit: Visit
    trace: Trace
    scope: str | None = None


def log_in_for_tokens(services: Services, request: PasswordGrant) -> OAuthTokens | LoginOutcome:
    """The tokens, or the outcome of a login that lets none leave.

    Raises OAuthRefused, Invalid, TooManyRequests, StoreUnavailable, WebhooksRefused.
    """
    client = request.client
    require_grant(client.rules, Grant.PASSWORD)
    scopes = granted_scopes(client.rules, request.scope)
    wanted = PasswordRequest(
        visit=request.visit,
        keyed=True,  # the client's own authentication stands for the API key
        application_id=client.id,
        login_id=request.username,
        password=request.password,
    )
    outcome = log_in(services, wanted, request.trace)
    if outcome.user is None or not grants_tokens(outcome, requires_registration=client.rules.requires_registration):
        return outcome
    person = Person(outcome.user, tuple(outcome.registrations), outcome.standing)
    grounds = Grounds(
        grants=(Grant.PASSWORD.value,),
        scopes=scopes,
        auth_instant=outcome.user.last_login_instant or services.runtime.now(),
        authentication_type=outcome.authentication_type or PASSWORD,
        ip_address=request.visit.ip_address,
    )
    record, token = new_record(services, client, person, grounds), services.runtime.new_secret()
    if record is None or not services.db.transact(lambda conn: _keep(conn, person, record, token)):
        return make_tokens(services, client, person, grounds, None, None)
    return make_tokens(services, client, person, grounds, record, token)


def _keep(conn: Connection, person: Person, record: RefreshToken, token: str) -> bool:
    """Begin the session of a login; False when what the login stood on has changed this very moment."""
    if not logins.holds_still(conn, record.tenant_id, record.user_id, person.standing.login_version):
        return False
    refresh_tokens.add(conn, record, token)
    return True
