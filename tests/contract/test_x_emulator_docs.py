"""Every command and snippet of docs/x-emulator.md works as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from identity.emulators.x.__main__ import main
from identity.emulators.x.faults import KINDS
from identity.emulators.x.people import SEEDS
from identity.emulators.x.server import parse_options
from tests.fakes.x import XEmulator

PAGE = (Path(__file__).parents[2] / "docs" / "x-emulator.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell examples use curl")
def test_the_shell_examples_run_from_top_to_bottom() -> None:
    start, address, *examples = blocks("sh")
    assert start.startswith(".venv/bin/identity emulator x --port")
    assert address.startswith("export X=")
    script = "set -eu\n" + "\n".join(examples)
    with XEmulator() as x:
        done = subprocess.run(
            ["sh", "-c", script],
            env={**os.environ, "X": x.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert '"kind":"rate_limited"' in done.stdout
        assert x.control("GET", "settings")["latency_ms"] == 80


def test_the_python_example_signs_alice_in() -> None:
    (example,) = blocks("python")
    with XEmulator() as x:
        done = subprocess.run(
            [sys.executable, "-c", example],
            env={**os.environ, "X": x.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2244994945 alice alice@example.com\n"


def test_the_options_example_is_accepted() -> None:
    (example,) = blocks("json")
    assert parse_options(example).consumers[0].callbacks == ("http://127.0.0.1:8000/callback",)


def test_every_kind_and_every_person_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_-]+)`", PAGE))
    assert not {*KINDS, *(person.key for person in SEEDS)} - named
    assert len(SEEDS) == 15


@pytest.mark.parametrize("text", ["{", None])
def test_bad_options_end_the_command_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    options = tmp_path / "options.json"
    if text is not None:
        options.write_text(text)
    with pytest.raises(SystemExit) as stopped:
        main(["--options", str(options)])
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err
