"""What settings must be, alone and together: whoever starts the service hears of the first that can not be used."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from identity.settings import brought
from identity.settings.tree import BadSettings, RocketChat, Settings, variable_of

CHOICES = {
    "log.level": ("debug", "info", "warning", "error"),
    "log.format": ("json", "text"),
    "federated_mfa": ("challenge", "skip"),
}
LEAST = {
    "workers": 1,
    "threads": 1,
    "drain_seconds": 1,
    "database.pool_size": 1,
    "x.max_concurrent": 0,
    "lambda.processes": 1,
    "lambda.memory_mib": 1,
    "login.rate_limit": 0,
    "rocketchat.rate_limit_calls": 0,
    "rocketchat.rate_limit_seconds": 1,
    "rocketchat.block_user_attempts": -1,
    "rocketchat.block_user_seconds": 1,
    "rocketchat.block_ip_attempts": -1,
    "rocketchat.block_ip_seconds": 1,
}
ABOVE_ZERO = ("x.connect_timeout", "x.read_timeout", "x.login_budget", "lambda.wall_seconds", "lambda.cpu_seconds")
COOKIE_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
PORTS = ("port", "mail.port")


def check(settings: Settings) -> None:
    """Raises BadSettings."""
    _check_numbers(settings)
    _check_brought(settings)
    _check_lists(settings)
    _check_rocketchat(settings.rocketchat)
    _check_urls(settings)
    _check_cookie_domain(settings)
    for name, choices in CHOICES.items():
        if (chosen := _value(settings, name)) not in choices:
            raise BadSettings(f"The setting {name!r} is {chosen!r}; it must be one of {', '.join(choices)}.")


def _check_lists(settings: Settings) -> None:
    for name, owner, member, what in (
        ("trusted_proxies", settings, "proxies", "addresses and networks"),
        ("webhook.allowed_networks", settings.webhook, "networks", "networks"),
        ("rocketchat.block_ip_whitelist", settings.rocketchat, "whitelist", "addresses and networks"),
    ):
        try:
            getattr(owner, member)
        except ValueError as error:
            raise BadSettings(f"The setting {name!r} must list {what}: {error}.") from error


def _check_urls(settings: Settings) -> None:
    for name, url in (
        ("public_url", settings.public_url),
        ("x.api_url", settings.x.api_url),
        ("sms.url", settings.sms.url),
    ):
        if (url or name == "x.api_url") and not url.startswith(("http://", "https://")):
            raise BadSettings(f"The setting {name!r} is {url!r}; it must begin with http:// or https://.")
        if url and name != "sms.url" and not brought.is_base(url):
            raise BadSettings(f"The setting {name!r} is {url!r}; {brought.BASE}.")
    scheme, written_as_url, _ = settings.database.url.partition("://")
    if written_as_url and scheme not in ("postgresql", "postgres"):
        raise BadSettings("The setting 'database.url' must begin with postgresql://: no other database will do.")
    if not settings.development and not settings.x.api_url.startswith("https://"):
        raise BadSettings(
            f"The setting 'x.api_url' (IDENTITY_X_API_URL) is {settings.x.api_url!r}: in production X is called over "
            "https only, and an emulator not at all. Set IDENTITY_MODE=development to try things out."
        )


def _check_rocketchat(door: RocketChat) -> None:
    for name in ("tenant_id", "application_id"):
        try:
            _ = UUID(getattr(door, name) or "0" * 32)
        except ValueError:
            raise BadSettings(
                f"The setting 'rocketchat.{name}' is {getattr(door, name)!r}; it must be an id such as "
                "85a03867-dccf-4882-adde-1a79aeec50df."
            ) from None
    if bool(door.tenant_id) != bool(door.application_id):
        raise BadSettings(
            "The settings 'rocketchat.tenant_id' and 'rocketchat.application_id' belong together: set both "
            "(IDENTITY_ROCKETCHAT_TENANT_ID, IDENTITY_ROCKETCHAT_APPLICATION_ID) to open the door, or none."
        )


def _check_cookie_domain(settings: Settings) -> None:
    """A browser takes a cookie for the host that sets it, or for a domain that this host is in."""
    domain = settings.hosted_backend.cookie_domain
    if not domain:
        return
    host = urlsplit(settings.base_url).hostname or ""
    if not (COOKIE_DOMAIN.fullmatch(domain) and f".{host}".endswith(f".{domain}")):
        raise BadSettings(
            f"The setting 'hosted_backend.cookie_domain' is {domain!r}; it must be the host of the public URL "
            f"({host}) or a domain that this is in, such as example.com."
        )


def _check_brought(settings: Settings) -> None:
    for section, values in settings.brought.items():
        for key, value in values.items():
            if demand := brought.demand(key, value, development=settings.development):
                name = f"{section}.{key}"
                raise BadSettings(f"The setting {name!r} ({variable_of(name)}) is {value!r}; {demand}.")


def _check_numbers(settings: Settings) -> None:
    for name in PORTS:
        if not 0 <= (port := _value(settings, name)) <= 65535:
            raise BadSettings(f"The setting {name!r} is {port}; it must be between 0 and 65535.")
    for name, least in LEAST.items():
        if _value(settings, name) < least:
            raise BadSettings(f"The setting {name!r} is {_value(settings, name)}; it must be at least {least}.")
    for name in ABOVE_ZERO:
        if not 0 < (seconds := _value(settings, name)) < math.inf:
            raise BadSettings(f"The setting {name!r} is {seconds:g}; it must be a number above 0.")


def _value(settings: Settings, dotted: str) -> Any:
    part, _, name = dotted.rpartition(".")
    return getattr(getattr(settings, {"lambda": "lambda_"}.get(part, part)) if part else settings, name)
