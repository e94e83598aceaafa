"""Where settings come from, and what is refused: decision 35."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pytest

from identity.settings import BadSettings, load

PRODUCTION_X = "https://api.twitter.com"


def test_the_defaults_are_those_of_the_documented_file() -> None:
    settings = load({})
    assert (settings.mode, settings.port, settings.workers, settings.threads) == ("production", 9011, 2, 48)
    assert settings.x.api_url == PRODUCTION_X
    assert settings.given == frozenset()


def test_the_environment_wins_over_a_file_and_a_file_over_the_default(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("port = 1234\n[x]\nread_timeout = 1.5\n", encoding="utf-8")
    settings = load({"IDENTITY_CONFIG_FILE": str(own), "IDENTITY_PORT": "4321"})
    assert (settings.port, settings.x.read_timeout) == (4321, 1.5)


def test_the_alias_of_the_kickstart_file_is_known_and_the_own_name_wins() -> None:
    assert load({"FUSIONAUTH_APP_KICKSTART_FILE": "/a"}).kickstart.file == "/a"
    both = {"FUSIONAUTH_APP_KICKSTART_FILE": "/a", "IDENTITY_KICKSTART_FILE": "/b"}
    assert load(both).kickstart.file == "/b"


def test_what_somebody_set_is_noticed_wherever_it_was_set(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[emulator]\nsmtp_port = 2526\n", encoding="utf-8")
    given = {"IDENTITY_CONFIG_FILE": str(own), "IDENTITY_MAIL_PORT": "2525", "IDENTITY_EMULATOR_X_PORT": "0"}
    assert load(given).given == {"emulator.smtp_port", "mail.port", "emulator.x_port"}


def test_failed_logins_per_address_are_limited_but_not_in_development_unless_set() -> None:
    assert load({}).login.rate_limit == 300
    assert load({"IDENTITY_MODE": "development"}).login.rate_limit == 0
    assert load({"IDENTITY_MODE": "development", "IDENTITY_LOGIN_RATE_LIMIT": "7"}).login.rate_limit == 7


def test_trusted_proxies_are_addresses_and_networks() -> None:
    assert load({}).proxies == ()
    given = load({"IDENTITY_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert [str(network) for network in given.proxies] == ["10.0.0.0/8", "::1/128"]


def test_an_unknown_variable_warns_and_an_unknown_key_in_a_file_stops(tmp_path: Path) -> None:
    [warning] = load({"IDENTITY_PROT": "1"}).warnings
    assert "IDENTITY_PROT" in warning
    own = tmp_path / "own.toml"
    own.write_text("prot = 1\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="prot"):
        load({"IDENTITY_CONFIG_FILE": str(own)})


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("IDENTITY_MODE", "staging", "IDENTITY_MODE"),
        ("IDENTITY_ROCKETCHAT_TENANT_ID", "one", "must be an id"),
        ("IDENTITY_ROCKETCHAT_BLOCK_IP_WHITELIST", "home", "must list addresses"),
        ("IDENTITY_PORT", "many", "port.*a whole number"),
        ("IDENTITY_PORT", "70000", "port"),
        ("IDENTITY_EMULATOR_X_PORT", "-1", "emulator.x_port"),
        ("IDENTITY_WORKERS", "0", "workers.*at least 1"),
        ("IDENTITY_DATABASE_POOL_SIZE", "0", "database.pool_size"),
        ("IDENTITY_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.com", "trusted_proxies.*proxy.example.com"),
        ("IDENTITY_LOGIN_RATE_LIMIT", "-1", "login.rate_limit.*at least 0"),
        ("IDENTITY_DATABASE_PREPARE", "perhaps", "database.prepare.*true or false"),
        ("IDENTITY_DATABASE_URL", "mysql://identity:s3cret@db/identity", "database.url.*postgresql://"),
        ("IDENTITY_LAMBDA_MEMORY_MIB", "0", "lambda.memory_mib"),
        ("IDENTITY_X_CONNECT_TIMEOUT", "soon", "x.connect_timeout.*a number"),
        ("IDENTITY_X_READ_TIMEOUT", "nan", "x.read_timeout"),
        ("IDENTITY_X_LOGIN_BUDGET", "-3", "x.login_budget"),
        ("IDENTITY_PUBLIC_URL", "login.example.com", "public_url"),
        ("IDENTITY_PUBLIC_URL", "https://login.example.com?a=b", "public_url.*host"),
        ("IDENTITY_X_API_URL", "https://api.twitter.com:99999", "x.api_url.*host"),
        ("IDENTITY_X_API_URL", "", "x.api_url.*https://"),
        ("IDENTITY_LOG_LEVEL", "loud", "log.level"),
        ("IDENTITY_FEDERATED_MFA", "sometimes", "federated_mfa"),
        ("IDENTITY_CONFIG_FILE", "/no/such/file.toml", "/no/such/file.toml"),
    ],
)
def test_a_value_that_can_not_be_used_is_named(name: str, value: str, named: str) -> None:
    with pytest.raises(BadSettings, match=named) as refusal:
        load({name: value})
    assert "s3cret" not in str(refusal.value)


def test_a_fraction_in_a_file_is_no_whole_number(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("threads = 2.5\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"threads.*a whole number"):
        load({"IDENTITY_CONFIG_FILE": str(own)})


@pytest.mark.parametrize("url", ["postgresql://db/identity", "postgres://db/identity", "host=db dbname=identity"])
def test_a_database_is_named_in_any_form_that_postgresql_knows(url: str) -> None:
    assert load({"IDENTITY_DATABASE_URL": url}).database.url == url


def test_production_calls_x_over_https_only_and_development_may_use_an_emulator() -> None:
    with pytest.raises(BadSettings, match=r"x\.api_url"):
        load({"IDENTITY_X_API_URL": "http://127.0.0.1:8080"})
    emulated = load({"IDENTITY_X_API_URL": "http://127.0.0.1:8080", "IDENTITY_MODE": "development"})
    assert emulated.development


def test_no_secret_is_in_the_representation() -> None:
    assert "s3cret" not in repr(load({"IDENTITY_DATABASE_URL": "postgresql://identity:s3cret@db/identity"}))


def test_the_public_url_is_the_base_of_every_absolute_url_and_decides_about_secure_cookies() -> None:
    assert load({}).base_url == "http://127.0.0.1:9011"
    public = load({"IDENTITY_PUBLIC_URL": "https://login.example.com/"})
    assert (public.base_url, public.secure_cookies) == ("https://login.example.com", True)


@pytest.mark.parametrize("domain", ["login.example.com", "example.com"])
def test_the_cookies_of_the_hosted_backend_may_be_for_the_domain_of_the_service(domain: str) -> None:
    given = {"IDENTITY_PUBLIC_URL": "https://login.example.com", "IDENTITY_HOSTED_BACKEND_COOKIE_DOMAIN": domain}
    assert load(given).hosted_backend.cookie_domain == domain


@pytest.mark.parametrize("domain", ["other.com", ".example.com", "com", "n.example.com", "Example.com", "a;b.com", " "])
def test_and_for_no_other(domain: str) -> None:
    with pytest.raises(BadSettings, match=r"hosted_backend\.cookie_domain"):
        load({"IDENTITY_PUBLIC_URL": "https://login.example.com", "IDENTITY_HOSTED_BACKEND_COOKIE_DOMAIN": domain})


def test_the_rocketchat_door_is_closed_unless_tenant_and_application_are_named() -> None:
    assert not load({}).rocketchat.open
    both = {"IDENTITY_ROCKETCHAT_TENANT_ID": str(uuid4()), "IDENTITY_ROCKETCHAT_APPLICATION_ID": str(uuid4())}
    assert load(both).rocketchat.open
    with pytest.raises(BadSettings, match="belong together"):
        load({"IDENTITY_ROCKETCHAT_TENANT_ID": str(uuid4())})


def test_every_setting_of_the_rocketchat_door_comes_from_the_environment() -> None:
    wanted: dict[str, object] = {
        "tenant_id": str(uuid4()),
        "application_id": str(uuid4()),
        "rate_limit_calls": 0,
        "rate_limit_seconds": 7,
        "blocking": False,
        "block_by_user": False,
        "block_user_attempts": 3,
        "block_user_seconds": 4,
        "block_by_ip": False,
        "block_ip_attempts": 5,
        "block_ip_seconds": 6,
        "block_ip_whitelist": "10.0.0.0/8",
        "create_token_secret": "only-the-operator-knows",
        "denied_permissions": "view-d-room",
    }
    found = load({f"IDENTITY_ROCKETCHAT_{name.upper()}": str(value).lower() for name, value in wanted.items()})
    assert asdict(found.rocketchat) == wanted
    assert found.warnings == ()


def test_the_rocketchat_door_limits_calls_but_not_in_development_unless_set() -> None:
    assert load({}).rocketchat.rate_limit_calls == 10
    assert load({"IDENTITY_MODE": "development"}).rocketchat.rate_limit_calls == 0
    set_too = {"IDENTITY_MODE": "development", "IDENTITY_ROCKETCHAT_RATE_LIMIT_CALLS": "3"}
    assert load(set_too).rocketchat.rate_limit_calls == 3


def test_lists_of_the_rocketchat_door_are_taken_apart() -> None:
    door = load(
        {
            "IDENTITY_ROCKETCHAT_BLOCK_IP_WHITELIST": "127.0.0.1, 10.0.0.0/8",
            "IDENTITY_ROCKETCHAT_DENIED_PERMISSIONS": "view-d-room, create-personal-access-tokens,",
        }
    ).rocketchat
    assert [str(network) for network in door.whitelist] == ["127.0.0.1/32", "10.0.0.0/8"]
    assert door.denied == {"view-d-room", "create-personal-access-tokens"}
