"""Every command and snippet of docs/graph-emulator.md works as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from identity.emulators.graph.__main__ import main
from identity.emulators.graph.faults import KINDS, Endpoint
from identity.emulators.graph.people import SEEDS
from identity.emulators.graph.schemas import ENDINGS
from identity.emulators.graph.server import parse_options
from tests.fakes.graph import GraphEmulator

PAGE = (Path(__file__).parents[2] / "docs" / "graph-emulator.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(graph: GraphEmulator, *command: str) -> str:
    environment = {**os.environ, "GRAPH": graph.url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell examples use curl")
def test_the_shell_examples_run_from_top_to_bottom() -> None:
    start, address, *examples = blocks("sh")
    assert start.startswith(".venv/bin/identity emulator graph --port")
    assert address.startswith("export GRAPH=")
    with GraphEmulator() as graph:
        said = run(graph, "sh", "-c", "set -eu\n" + "\n".join(examples))
        assert '"kind":"app_throttled"' in said
        assert graph.control("GET", "settings")["latency_ms"] == 80


def test_the_python_example_reads_alice() -> None:
    (example,) = blocks("python")
    with GraphEmulator(require_proof=True) as graph:
        assert run(graph, sys.executable, "-c", example) == "17 Alice Adams alice@example.com\n"


def test_the_options_example_is_accepted() -> None:
    (example,) = blocks("json")
    settings = parse_options(example).settings
    assert settings.apps[0].redirect_uris == ("http://127.0.0.1:8000/callback",)
    assert parse_options("{}").settings.short_seconds == settings.short_seconds
    assert parse_options("{}").settings.long_seconds == settings.long_seconds


def test_every_kind_person_endpoint_and_ending_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_-]+)`", PAGE))
    wanted = {*KINDS, *(person.key for person in SEEDS), *(endpoint.value for endpoint in Endpoint), *ENDINGS}
    assert not wanted - named
    assert len(SEEDS) == 10


def test_bad_options_end_the_command_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = tmp_path / "options.json"
    options.write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["--options", str(options)])
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err
