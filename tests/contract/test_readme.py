"""README.md says what is so: its settings are the settings, its commands and its snippet run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.integrations.flask_client import OAuth
from flask import Flask, url_for

from identity.settings import brought
from tests import postgres
from tests.dev_run import DevRun, dev_run
from tests.login_world import TWITTER, World, login_world

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS: dict[str, str] = dict(re.findall(r"^\| `(IDENTITY_[A-Z_]+)` \| (?:`(.*?)`)? ?\|", README, re.MULTILINE))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def settings() -> Iterator[tuple[str, str]]:
    """Every variable, of config/default.toml or brought by a folder, and its default, as the table writes them."""
    files = [ROOT / "config" / "default.toml", *(ROOT / "identity").glob("*/*/settings.toml")]
    for file in files:
        for name, default in brought.flat(tomllib.loads(file.read_text(encoding="utf-8"))).items():
            variable = f"IDENTITY_{name.replace('.', '_')}".upper()
            yield variable, str(default).lower() if isinstance(default, bool) else str(default)


def test_the_table_has_every_setting_with_its_default_and_no_other() -> None:
    assert dict(settings()) == ROWS


@pytest.mark.parametrize("name", ["README.md", "docs/CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_file_that_a_page_leads_to_is_there(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not ((ROOT / name).parent / target).exists()] == []


def test_no_two_records_of_decisions_share_a_number() -> None:
    numbers = [record.name.partition("-")[0] for record in (ROOT / "docs" / "decisions").iterdir()]
    assert len(numbers) == len(set(numbers))


def test_a_change_that_is_not_released_is_a_short_fragment() -> None:
    for fragment in (ROOT / "docs" / "changes").iterdir():
        assert re.fullmatch(r"[0-9]+-[a-z0-9-]+\.md", fragment.name)
        assert 0 < len(fragment.read_text(encoding="utf-8").split()) < 60


def test_the_snippet_logs_alice_in(database_url: str) -> None:
    snippet = blocks("python")[0]
    with login_world(database_url) as world:
        variables = known_to_the_snippet(world)
        exec(snippet, variables)
        login = variables["login"]
        assert login["user"]["email"] == "alice@example.com"
        assert len(world.links(login["user"]["id"])) == 1


def known_to_the_snippet(world: World) -> dict[str, Any]:
    from fusionauth.fusionauth_client import FusionAuthClient

    token, secret, verifier = world.x.request_token("alice")
    return {
        "FusionAuthClient": FusionAuthClient,
        "api_key": world.service.key,
        "url": world.service.url,
        "application_id": world.application_id,
        "consumer_key": world.x.consumer_key,
        "consumer_secret": world.x.consumer_secret,
        "token": token,
        "secret": secret,
        "verifier": verifier,
    }


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the production example makes its key with openssl")
def test_the_production_commands_prepare_an_empty_database(tmp_path: Path, postgres_server: postgres.Server) -> None:
    (production,) = [block for block in blocks("sh") if "identity serve" in block]
    url = postgres.fresh_database(postgres_server)
    commands, _, rest = production.partition("identity serve\n")
    assert rest == ""
    commands = re.sub(r"DATABASE_URL=.*", f"DATABASE_URL='{url}'", commands)
    program = f"set -eu; identity() {{ '{sys.executable}' -m identity \"$@\"; }}\n{commands}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}
    done = subprocess.run(
        ["sh", "-c", program],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    postgres.drop_database(postgres_server, url)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "ok      migrations: all applied" in done.stdout


@pytest.fixture(scope="module")
def running() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


@pytest.mark.slow
@pytest.mark.xdist_group("dev")
def test_the_second_command_logs_in_what_the_first_has_started(running: DevRun) -> None:
    first, second = blocks("sh")[:2]
    assert first == "make run\n"
    program, script = second.split()
    assert program == ".venv/bin/python"
    said = subprocess.run(
        [sys.executable, script], cwd=ROOT, env=running.environment(), capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert "1. The Twitter provider is patched" in said.stdout
    assert "3. The refresh token gave a new JWT" in said.stdout
    provider = running.request("GET", f"/api/identity-provider/{TWITTER}").json()["identityProvider"]
    assert provider["enabled"] is True


@pytest.mark.slow
@pytest.mark.xdist_group("dev")
def test_an_application_with_the_settings_of_the_page_sends_people_to_the_sign_in_with_the_button(
    running: DevRun, tmp_path: Path
) -> None:
    commands = next(block for block in blocks("sh") if "authorizedRedirectURLs" in block)
    commands = commands.replace(".identity/dev.env", str(running.home / "dev.env"))
    commands = commands.replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=tmp_path, env=running.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout.splitlines()[0])["application"]["oauthConfiguration"]

    app = Flask("application")
    app.secret_key = "only for this test"
    snippet = blocks("python")[1].replace("http://127.0.0.1:9011", running.url)
    client = {"client_id": settings["clientId"], "client_secret": settings["clientSecret"]}
    exec(snippet, {"app": app, "OAuth": OAuth, "url_for": url_for, **client})

    there = app.test_client().get("/", base_url="http://127.0.0.1:8000").headers["Location"]
    page = requests.get(there, timeout=20)
    assert (page.status_code, page.url) == (200, there)
    assert "Sign in - Notes" in page.text
    assert "Login with Twitter" in page.text
