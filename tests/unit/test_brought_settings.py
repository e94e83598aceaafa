"""Settings that a folder of a provider or an emulator brings: no code is needed for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.settings import BadSettings, Settings, load
from identity.settings.brought import default_sections, defaults, demand
from identity.settings.reading import KINDS


def bring(package: Path, folder: str, text: str) -> None:
    (package / folder).mkdir(parents=True)
    (package / folder / "settings.toml").write_text(text, encoding="utf-8")


def test_every_folder_of_a_provider_or_an_emulator_may_bring_some(tmp_path: Path) -> None:
    bring(tmp_path, "providers/chirp", '[chirp]\napi_url = "https://chirp.example.com"\n')
    bring(tmp_path, "emulators/chirp", "[emulator]\nchirp_port = 0\n")
    bring(tmp_path, "flows/chirp", "[chirp]\nmore = 1\n")
    assert {name: value for name, (value, _) in defaults(tmp_path).items()} == {
        "chirp.api_url": "https://chirp.example.com",
        "emulator.chirp_port": 0,
    }


def test_two_folders_do_not_bring_the_same_one(tmp_path: Path) -> None:
    bring(tmp_path, "providers/chirp", "[chirp]\ntimeout = 1\n")
    bring(tmp_path, "emulators/chirp", "[chirp]\ntimeout = 2\n")
    with pytest.raises(ValueError, match=r"both bring the setting 'chirp\.timeout'"):
        defaults(tmp_path)


def test_none_is_a_setting_that_the_service_itself_has() -> None:
    assert set(Settings.__dataclass_fields__).isdisjoint(default_sections())


def test_each_has_a_type_that_messages_can_name() -> None:
    assert {type(value) for value, _ in defaults().values()} <= KINDS.keys()


def test_they_are_set_like_all_others_and_have_the_type_of_the_default(tmp_path: Path) -> None:
    assert load({}).of("emulator")["mail_port"] == 0
    assert Settings().of("emulator") == load({}).of("emulator")
    own = tmp_path / "own.toml"
    own.write_text("[emulator]\nmail_port = 2001\nsmtp_port = 2002\n", encoding="utf-8")
    found = load({"IDENTITY_CONFIG_FILE": str(own), "IDENTITY_EMULATOR_SMTP_PORT": "2003"}).of("emulator")
    assert (found["mail_port"], found["smtp_port"]) == (2001, 2003)


@pytest.mark.parametrize(("value", "named"), [("many", "a whole number"), ("70000", "between 0 and 65535")])
def test_one_that_can_not_be_used_is_named(value: str, named: str) -> None:
    with pytest.raises(BadSettings, match=rf"emulator\.mail_port.*{named}"):
        load({"IDENTITY_EMULATOR_MAIL_PORT": value})


def test_production_calls_a_provider_over_https_only() -> None:
    given = {"IDENTITY_FACEBOOK_GRAPH_URL": "http://127.0.0.1:9402"}
    with pytest.raises(BadSettings, match=r"facebook\.graph_url.*IDENTITY_FACEBOOK_GRAPH_URL.*https:// in production"):
        load(given)
    assert load(given | {"IDENTITY_MODE": "development"}).of("facebook")["graph_url"] == "http://127.0.0.1:9402"


def test_an_unknown_key_beside_them_stops_the_start(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[emulator]\nradio_port = 1\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"emulator\.radio_port"):
        load({"IDENTITY_CONFIG_FILE": str(own)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("graph_url", "https://graph.example.com"),
        ("graph_url", "https://graph.example.com:8443/behind/"),
        ("retries", 0),
        ("read_timeout", 0.5),
        ("proof", False),
        ("version", "v1.0"),
    ],
)
def test_a_name_says_what_its_value_must_be(name: str, value: object) -> None:
    assert demand(name, value, development=False) is None


@pytest.mark.parametrize(
    ("name", "value", "must"),
    [
        ("graph_url", "graph.example.com", "must begin with http:// or https://"),
        ("graph_url", "", "must begin with http:// or https://"),
        ("graph_url", "https://", "must have a host"),
        ("graph_url", "https://[::1", "must have a host"),
        ("graph_url", "https://somebody:secret@graph.example.com", "must have a host"),
        ("graph_url", "https://graph.example.com:99999", "must have a host"),
        ("graph_url", "https://graph.example.com?version=1", "must have a host"),
        ("graph_url", "https://graph example.com", "must have a host"),
        ("graph_port", -1, "between 0 and 65535"),
        ("read_timeout", 0.0, "above 0"),
        ("login_budget", float("inf"), "above 0"),
        ("pause_seconds", float("nan"), "above 0"),
        ("retries", -1, "at least 0"),
        ("share", float("nan"), "at least 0"),
    ],
)
def test_and_a_value_that_is_not_so_is_refused(name: str, value: object, must: str) -> None:
    assert must in str(demand(name, value, development=True))


def test_in_production_a_url_is_of_https() -> None:
    assert demand("graph_url", "http://127.0.0.1:9402", development=True) is None
    assert "must begin with https:// in production" in str(demand("graph_url", "http://a", development=False))
