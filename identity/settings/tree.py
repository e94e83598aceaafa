"""Every setting there is, as one frozen tree; `config/default.toml` documents each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from identity.settings.brought import default_sections

PREFIX = "IDENTITY_"
Network = IPv4Network | IPv6Network


def variable_of(dotted: str) -> str:
    """The variable of the environment that sets this setting."""
    return PREFIX + dotted.replace(".", "_").upper()


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
    brought: Mapping[str, Mapping[str, Any]] = field(default_factory=default_sections, repr=False, hash=False)
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
