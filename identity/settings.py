"""Settings: one frozen dataclass, read once from config/default.toml and the environment (decision 35).

Order, later wins: config/default.toml and what folders bring (identity/brought_settings.py), the file named by
IDENTITY_CONFIG_FILE, the environment.
An unknown key in a file is an error; an unknown IDENTITY_ variable is reported as a warning.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from uuid import UUID

from identity import brought_settings

PREFIX = "IDENTITY_"
ALIASES = {"FUSIONAUTH_APP_KICKSTART_FILE": "IDENTITY_KICKSTART_FILE"}
WRITTEN_BY_DEV = (
    "IDENTITY_URL",
    "IDENTITY_API_KEY",
    "IDENTITY_APPLICATION_ID",
    "IDENTITY_MAIL_CATCHER_URL",
    "IDENTITY_MAIL_CATCHER_SMTP_PORT",
    "IDENTITY_DEMO_URL",
)
"""What `identity dev` tells scripts in `dev.env`: no settings, but whoever has sourced that file sets them."""
EMULATOR_URL = re.compile(r"IDENTITY_[A-Z0-9]+_EMULATOR_URL")
"""And where each emulator of a provider is."""
OWN_VARIABLES = frozenset({"IDENTITY_CONFIG_FILE", *WRITTEN_BY_DEV})
MODES = ("development", "production")
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("json", "text")
FEDERATED_MFA = ("challenge", "skip")
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}
"""What a setting of each type must be, in the words of messages."""
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


Network = IPv4Network | IPv6Network


class BadSettings(Exception):
    """A setting cannot be used; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    url: str = field(default="", repr=False)
    pool_size: int = 12
    prepare: bool = True


@dataclass(frozen=True, slots=True)
class Postgres:
    binaries: str = ""
    account: str = ""
    keep_running: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Kickstart:
    file: str = ""
    strict: bool = False


@dataclass(frozen=True, slots=True)
class X:
    api_url: str = "https://api.twitter.com"
    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    login_budget: float = 10.0
    extra_query: bool = False
    max_concurrent: int = 0


@dataclass(frozen=True, slots=True)
class Lambda:
    processes: int = 2
    wall_seconds: float = 2.0
    cpu_seconds: float = 1.0
    memory_mib: int = 64


@dataclass(frozen=True, slots=True)
class Links:
    strict_relink: bool = False
    expose_token_secret: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    rate_limit: int = 300


@dataclass(frozen=True, slots=True)
class Mail:
    host: str = "localhost"
    port: int = 25


@dataclass(frozen=True, slots=True)
class Sms:
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HostedBackend:
    cookie_domain: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    allow_private: bool = False
    allowed_networks: str = ""

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that the operator has opened. Raises ValueError."""
        return tuple(ip_network(part.strip()) for part in self.allowed_networks.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class RocketChat:
    tenant_id: str = ""
    application_id: str = ""
    rate_limit_calls: int = 10
    rate_limit_seconds: int = 60
    blocking: bool = True
    block_by_user: bool = True
    block_user_attempts: int = -1
    block_user_seconds: int = 300
    block_by_ip: bool = True
    block_ip_attempts: int = -1
    block_ip_seconds: int = 300
    block_ip_whitelist: str = ""
    create_token_secret: str = field(default="", repr=False)
    denied_permissions: str = ""

    @property
    def open(self) -> bool:
        """Whether the door is bound to a tenant and an application; else it is closed."""
        return bool(self.tenant_id and self.application_id)

    @property
    def whitelist(self) -> tuple[Network, ...]:
        """The addresses and networks that are never blocked. Raises ValueError."""
        return tuple(ip_network(part.strip()) for part in self.block_ip_whitelist.split(",") if part.strip())

    @property
    def denied(self) -> frozenset[str]:
        """The permissions that are taken from plain users."""
        return frozenset(part.strip() for part in self.denied_permissions.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Log:
    level: str = "info"
    format: str = "json"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; `config/default.toml` documents each. Relative paths are relative to the working directory."""

    mode: str = "production"
    host: str = "127.0.0.1"
    port: int = 9011
    public_url: str = ""
    trusted_proxies: str = ""
    data_dir: Path = Path(".identity")
    workers: int = 2
    threads: int = 48
    drain_seconds: int = 15
    federated_mfa: str = "challenge"
    database: Database = Database()
    postgres: Postgres = Postgres()
    secret: Secret = Secret()
    kickstart: Kickstart = Kickstart()
    x: X = X()
    lambda_: Lambda = Lambda()
    links: Links = Links()
    login: Login = Login()
    mail: Mail = Mail()
    sms: Sms = Sms()
    webhook: Webhook = Webhook()
    hosted_backend: HostedBackend = HostedBackend()
    rocketchat: RocketChat = RocketChat()
    log: Log = Log()
    brought: Mapping[str, Mapping[str, Any]] = field(
        default_factory=brought_settings.default_sections, repr=False, hash=False
    )
    """The settings that folders bring, by section and key."""
    given: frozenset[str] = frozenset()
    """The dotted names of the settings that somebody set."""
    warnings: tuple[str, ...] = ()

    def of(self, section: str) -> Mapping[str, Any]:
        """The settings that folders bring in this section, by key. Raises KeyError when none does."""
        return self.brought[section]

    @property
    def development(self) -> bool:
        return self.mode == "development"

    @property
    def base_url(self) -> str:
        """The public URL without a trailing slash: issuer, callbacks and absolute links come from here only."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The addresses and networks whose X-Forwarded-For is believed. Raises ValueError."""
        return tuple(ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip())

    @property
    def secret_key_path(self) -> Path:
        """Raises BadSettings when none is set."""
        if not self.secret.key_file:
            raise BadSettings("The setting 'secret.key_file' (IDENTITY_SECRET_KEY_FILE) is not set: name a key file.")
        return Path(self.secret.key_file)

    @property
    def secure_cookies(self) -> bool:
        return self.base_url.startswith("https://")


def data_folder(name: str) -> Path:
    """`migrations` or `config`: inside the installed package (`_data`), else beside it in the source tree."""
    packaged = Path(__file__).parent / "_data" / name
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / name


def load(environment: Mapping[str, str] | None = None, *, mode: str | None = None) -> Settings:
    """Read the settings. `mode` is the mode of the command (`identity dev`), unless the environment names one.

    Raises BadSettings.
    """
    given = _with_aliases(os.environ if environment is None else environment)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    _merge_file(values, sources, data_folder("config") / "default.toml")
    for name, (value, path) in brought_settings.defaults().items():
        values[name], sources[name] = value, str(path)
    defaults = dict(sources)
    chosen_mode = given.get("IDENTITY_MODE") or mode or values["mode"]
    if chosen_mode not in MODES:
        raise BadSettings(f"IDENTITY_MODE is {chosen_mode!r}; it must be one of {', '.join(MODES)}.")
    if own := given.get("IDENTITY_CONFIG_FILE"):
        _merge_file(values, sources, Path(own))
    warnings = _merge_environment(values, sources, given)
    values["mode"] = chosen_mode
    if chosen_mode == "development" and sources["login.rate_limit"] == defaults["login.rate_limit"]:
        values["login.rate_limit"] = 0  # decision 21
    if chosen_mode == "development" and sources["webhook.allow_private"] == defaults["webhook.allow_private"]:
        values["webhook.allow_private"] = True  # decision 35
    if (
        chosen_mode == "development"
        and sources["rocketchat.rate_limit_calls"] == defaults["rocketchat.rate_limit_calls"]
    ):
        values["rocketchat.rate_limit_calls"] = 0  # decision 56
    built: Settings = _build(Settings, values, sources, "")
    settings = replace(
        built,
        brought=_brought(values, sources),
        given=frozenset(name for name, source in sources.items() if source != defaults.get(name)),
        warnings=tuple(warnings),
    )
    _check(settings)
    return settings


def _with_aliases(environment: Mapping[str, str]) -> dict[str, str]:
    given = dict(environment)
    for alias, name in ALIASES.items():
        if alias in given:
            given.setdefault(name, given[alias])
    return given


def variable_of(dotted: str) -> str:
    """The variable of the environment that sets it."""
    return PREFIX + dotted.replace(".", "_").upper()


def _merge_file(values: dict[str, Any], sources: dict[str, str], path: Path) -> None:
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"The settings file {path} is not valid TOML: {error}.") from error
    known = known_names()
    for dotted, value in brought_settings.flat(loaded).items():
        if dotted not in known:
            raise BadSettings(f"The settings file {path} has an unknown key {dotted!r}.")
        values[dotted] = value
        sources[dotted] = str(path)


def _merge_environment(values: dict[str, Any], sources: dict[str, str], given: Mapping[str, str]) -> list[str]:
    names = {variable_of(dotted): dotted for dotted in known_names()}
    warnings = []
    for name in sorted(given):
        if not name.startswith(PREFIX) or name in OWN_VARIABLES or EMULATOR_URL.fullmatch(name):
            continue
        if name not in names:
            warnings.append(f"The variable {name} is no setting of identity and has no effect.")
        else:
            values[names[name]] = given[name]
            sources[names[name]] = name
    return warnings


def known_names() -> list[str]:
    """The dotted names of all settings there are."""
    return [*_paths(Settings), *brought_settings.defaults()]


def _brought(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What folders bring, each of the type that its default has."""
    wanted = {name: type(default) for name, (default, _) in brought_settings.defaults().items()}
    return brought_settings.by_section(
        {name: _convert(values[name], kind, name, sources[name]) for name, kind in wanted.items()}
    )


def _paths(kind: type) -> list[str]:
    """The dotted names of all settings, `lambda_` without its underscore."""
    hints = get_type_hints(kind)
    paths = []
    for item in fields(kind):
        if item.name in {"brought", "given", "warnings"}:
            continue
        name = item.name.rstrip("_")
        inner = hints[item.name]
        if hasattr(inner, "__dataclass_fields__"):
            paths += [f"{name}.{path}" for path in _paths(inner)]
        else:
            paths.append(name)
    return paths


def _build(kind: type, values: Mapping[str, Any], sources: Mapping[str, str], prefix: str) -> Any:
    hints = get_type_hints(kind)
    arguments = {}
    for item in fields(kind):
        dotted = prefix + item.name.rstrip("_")
        wanted = hints[item.name]
        if hasattr(wanted, "__dataclass_fields__"):
            arguments[item.name] = _build(wanted, values, sources, f"{dotted}.")
        elif dotted in values:
            arguments[item.name] = _convert(values[dotted], wanted, dotted, sources[dotted])
    return kind(**arguments)


def _convert(value: Any, wanted: Any, dotted: str, source: str) -> Any:
    try:
        if wanted is bool:
            return _to_bool(value)
        if wanted is int and isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
        if wanted is float and isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
        if wanted is str and isinstance(value, str):
            return value
        if wanted is Path and isinstance(value, str) and value:
            return Path(value)
    except ValueError:
        pass
    raise BadSettings(f"{source}: the setting {dotted!r} is {value!r}; it must be {KINDS[wanted]}.")


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "1", "yes", "on"}:
        return True
    if isinstance(value, str) and value.lower() in {"false", "0", "no", "off", ""}:
        return False
    raise ValueError(value)


def _check(settings: Settings) -> None:
    _check_numbers(settings)
    _check_brought(settings)
    try:
        _ = settings.proxies
    except ValueError as error:
        raise BadSettings(f"The setting 'trusted_proxies' must list addresses and networks: {error}.") from error
    try:
        _ = settings.webhook.networks
    except ValueError as error:
        raise BadSettings(f"The setting 'webhook.allowed_networks' must list networks: {error}.") from error
    _check_rocketchat(settings.rocketchat)
    for name, url in (
        ("public_url", settings.public_url),
        ("x.api_url", settings.x.api_url),
        ("sms.url", settings.sms.url),
    ):
        if (url or name == "x.api_url") and not url.startswith(("http://", "https://")):
            raise BadSettings(f"The setting {name!r} is {url!r}; it must begin with http:// or https://.")
        if url and name != "sms.url" and not brought_settings.is_base(url):
            raise BadSettings(f"The setting {name!r} is {url!r}; {brought_settings.BASE}.")
    _check_cookie_domain(settings)
    scheme, written_as_url, _ = settings.database.url.partition("://")
    if written_as_url and scheme not in ("postgresql", "postgres"):
        raise BadSettings("The setting 'database.url' must begin with postgresql://: no other database will do.")
    for name, choices in (("log.level", LOG_LEVELS), ("log.format", LOG_FORMATS), ("federated_mfa", FEDERATED_MFA)):
        if (chosen := _value(settings, name)) not in choices:
            raise BadSettings(f"The setting {name!r} is {chosen!r}; it must be one of {', '.join(choices)}.")
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
    try:
        _ = door.whitelist
    except ValueError as error:
        raise BadSettings(
            f"The setting 'rocketchat.block_ip_whitelist' must list addresses and networks: {error}."
        ) from error


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
            if demand := brought_settings.demand(key, value, development=settings.development):
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
