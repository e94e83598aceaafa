"""Begin a login at a provider: for a client, which then asks with a code whether it is done, or for one browser.

The first is login contract 4.4, an extension of ours: FusionAuth starts logins of other kinds of providers only. The
second is its 4.2: a page of the hosted login begins it, and it goes on when that very browser comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.errors import Problem, invalid_field
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration, ProviderConfiguration
from identity.flows.login.login_log import LoginLog
from identity.flows.login.login_rounds import named_application
from identity.flows.login.reach_provider import CALLBACK_PATH, outside_of
from identity.flows.new_identifier import end_of
from identity.flows.services import Services
from identity.providers import PROVIDERS, STARTERS
from identity.store import started_logins
from identity.store.db import InUse
from identity.store.started_logins import StartedLogin
from identity.upstream import Start, UpstreamRefused


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What any front end makes of a request to start."""

    application_id: UUID
    provider_id: UUID
    tenant_id: UUID | None = None
    """The tenant the call is scoped to, if it is."""

    redirect_uri: str | None = None
    state: str | None = None
    address: str | None = None
    browser: str | None = None
    """The digest of the only browser that may come back; None for a client, which gets a code."""

    sign_in: str | None = field(default=None, repr=False)
    """What goes on then, sealed for that browser."""


@dataclass(frozen=True, slots=True)
class Begun:
    code: str | None = field(repr=False)
    """For the client; None when a browser began it."""

    authorization_url: str = field(repr=False)


class StartRefused(Exception):
    """401: the provider may not be used, or it did not let the login begin."""

    def __init__(self, code: str, message: str, data: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(f"[{code}]", message, dict(data or {}))


def start_login(services: Services, request: StartRequest) -> Begun:
    """Raises Invalid, StartRefused, StoreUnavailable."""
    services.configurations.forget_unless_current()
    trace = Trace(services.runtime.now)
    application = named_application(services, request.application_id, request.tenant_id, trace)
    if not application.application.active:
        raise StartRefused("InvalidApplication", "The application is not active.")
    provider = services.configurations.provider(request.provider_id, application.application)
    if provider is None:
        why = "The identity provider does not exist, or is not enabled for this application."
        raise StartRefused("InvalidIdentityProviderId", why)
    if provider.config.type not in STARTERS:
        raise invalid_field("identityProviderId", "invalid", "Logins through this provider can not be started here.")
    if request.redirect_uri is not None and request.redirect_uri not in _redirects_of(application):
        raise invalid_field("data.redirect_uri", "invalid", "It is no authorizedRedirectURLs of the application.")
    return _keep(services, request, application, provider, _start(services, provider, trace))


def _redirects_of(application: ApplicationConfiguration) -> list[str]:
    """Compared as they are written: no pattern, no normal form."""
    oauth = application.application.settings.get("oauth_configuration") or {}
    return list(oauth.get("authorized_redirect_urls") or [])


def _start(services: Services, provider: ProviderConfiguration, trace: Trace) -> Start:
    log = LoginLog(trace, provider.config)
    outside = outside_of(services, PROVIDERS[provider.config.type], trace)
    callback = services.settings.base_url + CALLBACK_PATH
    try:
        return STARTERS[provider.config.type].start(provider.values, callback, outside)
    except UpstreamRefused as refusal:
        log.provider_refused(refusal)
        raise StartRefused(refusal.code, refusal.message, refusal.data) from refusal
    finally:
        log.write(services)


def _keep(
    services: Services,
    request: StartRequest,
    application: ApplicationConfiguration,
    provider: ProviderConfiguration,
    start: Start,
) -> Begun:
    now = services.runtime.now()
    code = services.runtime.new_secret() if request.browser is None else None
    login = StartedLogin(
        id=services.runtime.new_id(),
        tenant_id=application.tenant.id,
        application_id=application.application_id,
        provider_id=provider.config.id,
        provider_type=provider.config.type,
        handle=start.handle,
        kept=start.kept,
        address=request.address,
        redirect_uri=request.redirect_uri,
        state=request.state,
        insert_instant=now,
        expiry=end_of(application.tenant, "external_authentication_id", now),
        browser=request.browser,
        sign_in=request.sign_in,
    )
    try:
        with services.db.transaction() as conn:
            started_logins.add(conn, services.sealer, code, login)
    except InUse as error:
        raise invalid_field("applicationId", "invalid") from error
    return Begun(code, start.authorization_url)
