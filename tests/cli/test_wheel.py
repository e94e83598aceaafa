"""The wheel, built and installed where no source tree is beside it, has everything that the program needs."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from identity.sealing import new_key_line
from tests import postgres

ROOT = Path(__file__).parents[2]
DATA = ("migrations", "config")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment with the wheel in it, beside the dependencies of the tests' own."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], ROOT)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)], folder)
    # A path file is read without the path files it leads to, so an editable `identity` beside them stays unseen.
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    return environment / "bin"


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IDENTITY_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def package(installed: Path, folder: Path) -> Path:
    """Where the program that runs there really is."""
    found = Path(run([installed / "python", "-c", "import identity; print(identity.__file__)"], folder).strip()).parent
    assert found.is_relative_to(installed.parent)
    return found


def test_the_command_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    assert "serve the API" in run([installed / "identity", "--help"], tmp_path)
    assert run([installed / "identity", "--version"], tmp_path).startswith("identity ")


def test_every_file_of_the_source_is_inside(installed: Path, tmp_path: Path) -> None:
    inside = package(installed, tmp_path)
    source = ROOT / "identity"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert Path("outbound/lambda_glue.js") in files
    assert [path for path in files if not (inside / path).is_file()] == []


@pytest.mark.parametrize("name", DATA)
def test_migrations_and_settings_are_inside(installed: Path, tmp_path: Path, name: str) -> None:
    inside = package(installed, tmp_path) / "_data" / name
    files = {path.name for path in (ROOT / name).iterdir() if path.is_file()}  # gunicorn leaves a cache of its settings
    assert {path.name for path in inside.iterdir()} == files


def test_licence_and_notices_travel_with_it(installed: Path) -> None:
    found = installed.parent.glob("lib/python*/site-packages/identity-*.dist-info/licenses/**/*")
    assert {path.name for path in found if path.is_file()} == {"LICENSE", "NOTICE"}


def test_the_installed_program_migrates_an_empty_database(
    installed: Path, tmp_path: Path, postgres_server: postgres.Server
) -> None:
    url = postgres.fresh_database(postgres_server)
    keys = tmp_path / "secret.keys"
    keys.write_text(new_key_line("test", secrets.token_bytes))
    settings = {"IDENTITY_DATABASE_URL": url, "IDENTITY_SECRET_KEY_FILE": str(keys)}
    said = run([installed / "identity", "migrate"], tmp_path, **settings)
    assert "applied 0001_foundation" in said
    postgres.drop_database(postgres_server, url)


def test_the_installed_program_runs_a_lambda(installed: Path, tmp_path: Path) -> None:
    program = """
from identity.outbound.reconcile import LambdaPool
from identity.runtime import Runtime
from identity.settings import load
pool = LambdaPool(load({}).lambda_, Runtime())
print(pool.call("function reconcile(user) { user.firstName = 'Ann'; }", "reconcile", [{}]).arguments)
pool.close()
"""
    assert run([installed / "python", "-c", program], tmp_path) == "[{'firstName': 'Ann'}]\n"
