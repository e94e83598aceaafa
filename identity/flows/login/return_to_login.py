"""A browser comes back from a provider: what it brings is kept for whoever holds the login's code.

The code alone completes a login, so whoever began one could send somebody else to the provider in his place. A browser
that comes from elsewhere than the call that began the login is therefore asked first (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlencode, urlsplit, urlunsplit

from identity.flows.services import Services
from identity.providers import STARTERS
from identity.store import started_logins
from identity.store.started_logins import Answer, StartedLogin
from identity.upstream import Return


class Arrival(Enum):
    """How a return ends."""

    DONE = "done"
    DENIED = "denied"
    TO_CONFIRM = "to confirm"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """A login that began here, and what a browser brings to it."""

    login: StartedLogin
    back: Return


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the browser is to be shown, or where it is to go."""

    arrival: Arrival
    redirect: str | None = field(default=None, repr=False)
    """None: it stays here."""

    application_name: str = ""
    brought: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What is to be confirmed."""


def find_return(services: Services, query: Mapping[str, str]) -> Found | None:
    """The login that the query of the callback names; nothing is used up. Raises StoreUnavailable."""
    now = services.runtime.now()
    for provider_type, starter in STARTERS.items():
        back = starter.returned(query)
        if back is None:
            continue
        with services.db.read() as conn:
            login = started_logins.find_by_handle(conn, services.sealer, provider_type, back.handle, now)
        if login is not None:
            return Found(login, back)
    return None


def come_back(services: Services, found: Found | None, address: str | None, *, confirmed: bool) -> Welcome:
    """To a login that a client began; one that belongs to a browser is none of its business (`flows/hosted`).

    `address` is where the browser is, if that is certain. Raises StoreUnavailable.
    """
    if found is None or found.login.browser is not None:
        return Welcome(Arrival.UNKNOWN)
    return _welcome(services, found.login, found.back, address, services.runtime.now(), confirmed=confirmed)


def _welcome(
    services: Services, login: StartedLogin, back: Return, address: str | None, now: int, *, confirmed: bool
) -> Welcome:
    application = services.configurations.application(login.application_id)
    name = application.application.name if application is not None else "an application"
    same_place = address is not None and address == login.address
    if back.brought is not None and not confirmed and not same_place:
        return Welcome(Arrival.TO_CONFIRM, login.redirect_uri, name, back.brought)
    answer = Answer(back.brought, denied=back.brought is None)
    with services.db.transaction() as conn:
        started_logins.note_answer(conn, services.sealer, login, answer, now)
    arrival = Arrival.DENIED if answer.denied else Arrival.DONE
    return Welcome(arrival, _forwarded(login, back), name)


def _forwarded(login: StartedLogin, back: Return) -> str | None:
    """The client's own page, told what the provider said and the client may say."""
    if login.redirect_uri is None:
        return None
    said = {"denied": back.handle} if back.brought is None else back.brought
    told = {name: said[name] for name in ("denied", *STARTERS[login.provider_type].brings) if name in said}
    parts = urlsplit(login.redirect_uri)
    query = "&".join(filter(None, (parts.query, urlencode(told))))
    return urlunsplit(parts._replace(query=query))
