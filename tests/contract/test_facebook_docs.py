"""docs/facebook.md says what is so: its commands run as they stand, and it names every member and setting."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from identity.providers.facebook.schema import FacebookSchema
from identity.settings import brought
from tests.contract.test_examples import without_settings
from tests.facebook_world import FACEBOOK, facebook_world

PAGE = (Path(__file__).parents[2] / "docs" / "facebook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples use curl")
def test_the_commands_configure_facebook_and_log_alice_in(database_url: str, tmp_path: Path) -> None:
    with facebook_world(database_url) as world:
        world.configure(enabled=False)
        variables = {
            "IDENTITY_URL": world.service.url,
            "IDENTITY_API_KEY": world.service.key,
            "IDENTITY_APPLICATION_ID": world.application_id,
            "IDENTITY_GRAPH_EMULATOR_URL": world.graph.url,
        }
        (tmp_path / "dev.env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        done = subprocess.run(
            ["sh", "-eu", "-c", "\necho\n".join(BLOCKS)],
            env={**without_settings(), "IDENTITY_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        configured, by_token, by_code, begun = [json.loads(line) for line in done.stdout.splitlines() if line]
        shown = configured["identityProvider"]
        assert (shown["id"], shown["appId"]) == (FACEBOOK, world.graph.app_id)
        assert by_token["user"]["email"] == "alice@example.com"
        assert by_token["user"]["id"] == by_code["user"]["id"]
        assert begun["authorizationURL"].startswith(world.graph.url)


def test_every_member_has_its_row() -> None:
    rows = "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
    members = [field.data_key for field in FacebookSchema().fields.values()]
    assert [member for member in members if f"`{member}`" not in rows] == []


def test_every_setting_is_named() -> None:
    names = [name for name in brought.defaults() if name.startswith("facebook.")]
    assert names
    assert [name for name in names if f"`IDENTITY_{name.replace('.', '_').upper()}`" not in PAGE] == []
