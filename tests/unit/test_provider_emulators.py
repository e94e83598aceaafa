"""What an emulator of a provider declares, and what `identity dev` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from identity.dev.companions import choose_url, companions, credentials
from identity.domain.kickstart import ENVIRONMENT
from identity.emulators.provider_emulator import ProviderEmulator, provider_emulators
from identity.ports import LISTENING, free_port
from identity.settings import Settings, known_names, load

X = next(emulator for emulator in provider_emulators() if emulator.name == "x")


def development(tmp_path: Path, **given: str) -> Settings:
    return load({"IDENTITY_MODE": "development", "IDENTITY_DATA_DIR": str(tmp_path), **given})


@pytest.mark.parametrize("emulator", provider_emulators(), ids=lambda emulator: emulator.name)
def test_each_has_its_port_and_its_kickstart_reads_only_its_own_credentials(emulator: ProviderEmulator) -> None:
    assert f"emulator.{emulator.port_setting}" in known_names()
    text = emulator.kickstart.read_text(encoding="utf-8")
    assert json.loads(text)["requests"]
    variables = emulator.kickstart_variables(emulator.new_options())
    assert text.count(f"#{{{ENVIRONMENT}") == len(variables)
    assert all(f"#{{{ENVIRONMENT}{name}}}" in text for name in variables)
    assert variables != emulator.kickstart_variables(emulator.new_options())


def test_the_service_is_led_to_it_and_scripts_are_told(tmp_path: Path) -> None:
    port = free_port("127.0.0.1")
    found = companions(development(tmp_path, IDENTITY_EMULATOR_X_PORT=str(port)), {})
    [x] = [companion for companion in found if companion.name == "the X emulator"]
    assert x.url == f"http://127.0.0.1:{port}"
    assert (x.told, x.leads) == ({"IDENTITY_X_EMULATOR_URL": x.url}, {"IDENTITY_X_API_URL": x.url})
    assert credentials(tmp_path)["X_CONSUMER_KEY"] in (tmp_path / "x-emulator.json").read_text()


def test_whoever_sets_where_a_provider_or_a_mail_server_is_gets_no_companion_for_it(tmp_path: Path) -> None:
    given = {"IDENTITY_X_API_URL": "https://x.example.com", "IDENTITY_MAIL_PORT": "2525"}
    names = {companion.name for companion in companions(development(tmp_path, **given), {})}
    assert names.isdisjoint({"the X emulator", "the mail catcher"})


def test_an_address_of_the_last_start_is_kept_and_a_port_that_is_set_wins() -> None:
    port, earlier = free_port("127.0.0.1"), f"http://127.0.0.1:{free_port('127.0.0.1')}"
    assert choose_url(0, earlier) == earlier
    assert choose_url(port, earlier) == f"http://127.0.0.1:{port}"


def test_credentials_of_an_earlier_release_are_kept(tmp_path: Path) -> None:
    options = {"consumers": [{"key": "earlier-key", "secret": "earlier-secret", "name": "identity"}]}
    (tmp_path / "x-emulator.json").write_text(json.dumps(options), encoding="utf-8")
    found = credentials(tmp_path)
    assert (found["X_CONSUMER_KEY"], found["X_CONSUMER_SECRET"]) == ("earlier-key", "earlier-secret")


def test_no_two_free_ports_are_the_same_and_none_is_one_of_an_outgoing_connection() -> None:
    found = [free_port("127.0.0.1") for _ in range(50)]
    assert len(set(found)) == 50
    assert {port in LISTENING for port in found} == {True}
