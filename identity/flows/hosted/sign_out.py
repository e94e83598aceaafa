"""Signing out: the browser's session ends, and it is found out where the browser goes and who else is to be told.

Nothing else is revoked: the sessions of the applications are their own. Source: supporting contract 21.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.domain import logout
from identity.domain.keys import SigningKey
from identity.flows.configuration.configurations import ApplicationConfiguration, TenantConfiguration
from identity.flows.hosted import sso_session
from identity.flows.services import Services
from identity.signing import InvalidToken, verify
from identity.store import applications, keys, tenants
from identity.wire import parse_uuid


@dataclass(frozen=True, slots=True)
class SignOutRequest:
    """What a client asks for, as it came."""

    client_id: str | None = None
    id_token_hint: str | None = field(default=None, repr=False)
    post_logout_redirect_uri: str | None = None
    state: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Where the browser goes, and what it calls before."""

    configuration: TenantConfiguration | None
    destination: str | None = None
    frames: tuple[str, ...] = ()
    problem: str | None = None
    """Which parameter was bad: then the browser goes nowhere."""


def sign_out(services: Services, request: SignOutRequest, token: str | None) -> SignedOut:
    """End the session of the browser, whatever else is right or wrong about the request. Raises StoreUnavailable."""
    ended = sso_session.end(services, token)
    services.configurations.forget_unless_current()
    client = _client(services, request)
    if request.client_id and client is None:
        return SignedOut(None, problem="client_id")
    configuration: TenantConfiguration | None = client or _tenant(services, request, ended.tenant_id if ended else None)
    if request.post_logout_redirect_uri and not _is_allowed(client, request.post_logout_redirect_uri):
        return SignedOut(configuration, problem="post_logout_redirect_uri")
    destination = _destination(request, configuration)
    return SignedOut(configuration, destination, _frames(services, configuration, destination))


def _client(services: Services, request: SignOutRequest) -> ApplicationConfiguration | None:
    """The application by its id, else by the ID token that it was given once."""
    text = request.client_id or (_audience(services, request.id_token_hint) if request.id_token_hint else None)
    client_id = parse_uuid(text) if text else None
    found = services.configurations.application(client_id) if client_id else None
    if found is None or not found.application.active:
        return None
    named = parse_uuid(request.tenant_id) if request.tenant_id else None
    return found if named in (None, found.tenant.id) else None


def _audience(services: Services, id_token: str) -> str | None:
    """Whom the ID token was issued to; None for what we did not sign."""
    now = services.runtime.now()
    with services.db.read() as conn:

        def find_key(kid: str) -> SigningKey | None:
            return keys.find_verifier(conn, services.sealer, kid, now)

        issuers = tenants.issuers(conn, services.settings.base_url)
        try:
            claims = verify(id_token, find_key, now=now, issuers=issuers, id_token=True, expired=True)
        except InvalidToken:
            return None
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else None


def _tenant(services: Services, request: SignOutRequest, of_session: UUID | None) -> TenantConfiguration | None:
    """The tenant that is named, else that of the session, else the default one."""
    named = parse_uuid(request.tenant_id) if request.tenant_id else None
    tenant_id = named or of_session
    if tenant_id is None:
        with services.db.read() as conn:
            found = tenants.default(conn)
        tenant_id = found.id if found else None
    return services.configurations.tenant(tenant_id) if tenant_id else None


def _is_allowed(client: ApplicationConfiguration | None, uri: str) -> bool:
    return client is not None and logout.is_allowed(client.application.settings, uri)


def _destination(request: SignOutRequest, configuration: TenantConfiguration | None) -> str | None:
    """post_logout_redirect_uri, else the logoutURL of the application, else of the tenant."""
    if request.post_logout_redirect_uri:
        return logout.with_state(request.post_logout_redirect_uri, request.state)
    if configuration is None:
        return None
    application = configuration.application
    own = logout.named(application.settings) if application else None
    return own or logout.named(configuration.tenant.settings)


def _frames(services: Services, configuration: TenantConfiguration | None, destination: str | None) -> tuple[str, ...]:
    if configuration is None:
        return ()
    application = configuration.application
    if application is not None and not logout.tells_everybody(application.settings):
        return ()
    with services.db.read() as conn:
        named = applications.logout_urls(
            conn, configuration.tenant.id, configuration.application_id, logout.MOST_FRAMES
        )
    return logout.frames(named, destination)
