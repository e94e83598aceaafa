"""How often something may be done: the tenant's rateLimitConfiguration, and failed logins per client address.

What is over a limit is TooManyRequests (429 with Retry-After). A limit that is not enabled costs nothing. To be called
with no transaction open. Source: supporting contract 6.5, security section 9, decision 21.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Network, ip_address

from identity.domain.errors import TooManyRequests
from identity.domain.model import Tenant
from identity.flows.services import Services
from identity.store import rate_limits
from identity.store.rate_limits import Window

ADDRESS_SECONDS = 60
LINE_BITS = 64
"""Of an IPv6 address: the rest of it is its owner's to choose, for every request anew."""


class Limited(Enum):
    """What a tenant can limit; the value is the member of its rateLimitConfiguration."""

    FAILED_LOGIN = "failed_login"
    FORGOT_PASSWORD = "forgot_password"  # noqa: S105 (a name)
    SEND_EMAIL_VERIFICATION = "send_email_verification"
    SEND_REGISTRATION_VERIFICATION = "send_registration_verification"
    SEND_TWO_FACTOR = "send_two_factor"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many uses in so many seconds for one key, which is a digest: nobody's login id or address is stored."""

    key: bytes
    uses: int
    seconds: int


def tenant_limit(tenant: Tenant, what: Limited, subject: object) -> Limit | None:
    """The tenant's limit of this for one subject (a user's id, or a login id); None when it is not enabled."""
    setting = (tenant.settings.get("rate_limit_configuration") or {}).get(what.value) or {}
    if not setting.get("enabled"):
        return None
    return Limit(key_of(what.value, tenant.id, subject), setting["limit"], setting["time_period_in_seconds"])


def address_limit(services: Services, address: str | None) -> Limit | None:
    """The limit of failed logins for one client address; None when it is off."""
    return _address_limit(services, "address", address)


def start_limit(services: Services, address: str | None) -> Limit | None:
    """The limit of logins begun at a provider by one client address, as many as may fail; None when it is off."""
    return _address_limit(services, "start", address)


def registration_limit(services: Services, address: str | None) -> Limit | None:
    """The limit of people who register themselves from one client address, as many; None when it is off."""
    return _address_limit(services, "register", address)


def call_limit(services: Services, address: str | None, route: str) -> Limit | None:
    """The Rocket.Chat door's limit of calls of one route by one client address; None when it is off."""
    settings = services.settings.rocketchat
    if not settings.rate_limit_calls:
        return None
    key = key_of("rocketchat call", route, line_of(address))
    return Limit(key, settings.rate_limit_calls, settings.rate_limit_seconds)


def _address_limit(services: Services, what: str, address: str | None) -> Limit | None:
    uses = services.settings.login.rate_limit
    return Limit(key_of(what, line_of(address)), uses, ADDRESS_SECONDS) if uses else None


def line_of(address: str | None) -> str | None:
    """Whose line the address belongs to: a customer has one IPv4 address, or a whole /64 of IPv6."""
    if address is None:
        return None
    parsed = ip_address(address)
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((parsed, LINE_BITS), strict=False))


def spend(services: Services, limit: Limit | None) -> None:
    """Count one use. Raises TooManyRequests when there was none left."""
    if limit is None:
        return
    now = services.runtime.now()
    with services.db.read() as conn:
        if rate_limits.spend(conn, limit.key, limit.uses, limit.seconds * 1000, now):
            return
    refuse_if_spent(services, limit)


def take(services: Services, limit: Limit) -> Window:
    """Count one use and tell how the window stands; where there was none left, `taken` is False."""
    now = services.runtime.now()
    with services.db.read() as conn:
        return rate_limits.take(conn, limit.key, limit.uses, limit.seconds * 1000, now)


def refuse_if_spent(services: Services, limit: Limit | None) -> None:
    """For what counts failures only: ask before, `spend` after. Raises TooManyRequests."""
    if limit is None:
        return
    now = services.runtime.now()
    with services.db.read() as conn:
        ends = rate_limits.spent_until(conn, limit.key, limit.uses, now)
    if ends is not None:
        raise TooManyRequests(retry_after_seconds=-(-(ends - now) // 1000))


def key_of(*parts: object) -> bytes:
    """What stands for these parts where nobody's login id or address may be kept."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
