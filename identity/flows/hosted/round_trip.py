"""The way of a browser to a provider and back (login contract 4.2): begun by a page, finished by the same browser once.

What the provider sends a browser back with proves somebody's login, not this browser's wish for it. So it counts only
in the browser that began, and only once; from any other nothing is used up (security T3).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.model import ProviderConfig
from identity.domain.sign_in import SignIn
from identity.flows.configuration.configurations import ApplicationConfiguration, ProviderConfiguration
from identity.flows.hosted.carried import NotThisBrowser, open_sealed, seal
from identity.flows.login.login_attempt import LoginRequest, Visit
from identity.flows.login.reach_provider import reach_of
from identity.flows.login.return_to_login import Found
from identity.flows.login.start_login import StartRequest, start_login
from identity.flows.services import Services
from identity.providers import PROVIDERS, STARTERS
from identity.store import started_logins
from identity.store.external_identifiers import hash_of


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider as the sign-in page offers it."""

    provider: ProviderConfiguration
    name: str
    """What people call the provider."""

    text: str
    """Of its button: the application's own, else the provider's."""

    sign: str
    """Of its button too: the path of an SVG in a square of 24."""

    destinations: tuple[str, ...]
    """The origins that a browser passes on its way there."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """What goes on after a return. `request` is None when the person said no."""

    sign_in: SignIn
    provider_name: str
    request: LoginRequest | None = field(default=None, repr=False)


class Over(Exception):
    """The return was used up meanwhile, by a second click or a reload; `sign_in` may begin again."""

    def __init__(self, sign_in: SignIn) -> None:
        super().__init__()
        self.sign_in = sign_in


def offers(services: Services, configuration: ApplicationConfiguration) -> list[Offer]:
    """The providers whose logins can begin here, from the copies that the process has."""
    return [
        Offer(
            each,
            name_of(each.config),
            str(each.values["button_text"]),
            starter.sign,
            starter.destinations(reach_of(services, each.config.type)),
        )
        for each in services.configurations.providers(configuration.application)
        if (starter := STARTERS.get(each.config.type)) is not None
    ]


def name_of(provider: ProviderConfig) -> str:
    """What people call the provider."""
    return PROVIDERS[provider.type].name


def begin(services: Services, sign_in: SignIn, application_id: UUID, provider_id: UUID, browser: str) -> str:
    """Where the browser is to go. Raises Invalid, StartRefused, StoreUnavailable."""
    request = StartRequest(
        application_id=application_id,
        provider_id=provider_id,
        tenant_id=sign_in.tenant_id,
        browser=_digest(browser),
        sign_in=seal(services, sign_in, browser),
    )
    return start_login(services, request).authorization_url


def take(services: Services, found: Found, browser: str, visit: Visit) -> CameBack:
    """Use the return up. Raises NotThisBrowser, when nothing is used up; Over."""
    login, brought = found.login, found.back.brought
    if login.browser is None or not hmac.compare_digest(login.browser, _digest(browser)):
        raise NotThisBrowser
    sign_in = open_sealed(services, login.sign_in or "", browser)
    with services.db.read() as conn:
        if not started_logins.take_return(conn, login, services.runtime.now()):
            raise Over(sign_in)
    name = PROVIDERS[login.provider_type].name
    if brought is None:
        return CameBack(sign_in, name)
    data = {**login.kept, **brought}
    return CameBack(sign_in, name, LoginRequest(login.application_id, login.provider_id, data, visit))


def _digest(browser: str) -> str:
    return hash_of(browser).hex()
