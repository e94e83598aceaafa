"""The examples of docs/examples run as they are documented, with a `dev.env` as `make run` writes it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.slapd import find_slapd
from tests.login_world import TWITTER, World, login_world

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Started:
    """What `make run` leaves: the services, and the data directory with `dev.env`."""

    world: World
    data_dir: Path

    def run(self, *command: str) -> str:
        """The output of a command that is given in the folder of the project."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**without_settings(), "IDENTITY_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def started(database_url: str, tmp_path: Path) -> Iterator[Started]:
    with login_world(database_url) as world:
        variables = {
            "IDENTITY_URL": world.service.url,
            "IDENTITY_API_KEY": world.service.key,
            "IDENTITY_APPLICATION_ID": world.application_id,
            "IDENTITY_X_EMULATOR_URL": world.x.url,
        }
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        (tmp_path / "dev.env").write_text("# Written by `identity dev` at every start.\n" + "".join(lines))
        yield Started(world, tmp_path)


def test_the_shell_example_shows_the_answer_that_refused_it(started: Started) -> None:
    with pytest.raises(AssertionError, match="TwitterVerifyCredentials"):
        started.run("sh", "docs/examples/first-login.sh", "carol")


def test_the_python_example_creates_the_provider_and_logs_alice_in(started: Started) -> None:
    service = started.world.service
    assert service.call("DELETE", f"/api/identity-provider/{TWITTER}").status_code == 200
    said = started.run(sys.executable, "docs/examples/first_login.py")
    assert "1. The Twitter provider is created and open to application" in said
    assert "2. alice of X is logged in as user" in said
    assert "(alice@example.com)" in said
    assert "3. The refresh token gave a new JWT, ey" in said
    assert "is linked to the user as alice@example.com." in said


def test_the_python_example_runs_again_and_for_other_people(started: Started) -> None:
    first = started.run(sys.executable, "docs/examples/first_login.py")
    assert "1. The Twitter provider is patched" in first
    second = started.run(sys.executable, "docs/examples/first_login.py")
    assert line_of(first, "2.") == line_of(second, "2.")
    assert "2. max of X is logged in" in started.run(sys.executable, "docs/examples/first_login.py", "max")


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell example uses curl")
def test_the_shell_example_logs_alice_in(started: Started) -> None:
    said = started.run("sh", "docs/examples/first-login.sh")
    assert '"email":"alice@example.com"' in said
    assert "A new JWT: ey" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell example uses curl")
def test_the_directory_example_logs_grace_in_and_runs_again(started: Started) -> None:
    find_slapd()
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    for _ in range(2):
        said = started.run("sh", "docs/examples/ldap-login.sh", str(port))
        assert '"email":"grace@example.com"' in said
        assert '"fullName":"Grace Hopper"' in said


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}


def line_of(text: str, begin: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(begin)]
    return found
