"""The clients of Rocket.Chat in these tests are those of their registries: of one version each, and as they came."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NODE = json.loads((Path(__file__).parent / "node" / "package.json").read_text(encoding="utf-8"))
PINS = dict(
    re.findall(r"^(\S+?)==(\S+)$", (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
)
NO_TYPES = "file:./no-types/"
"""Where packages are that stand for those of types alone."""


@pytest.mark.parametrize("name", ["rocketchat-api", "rocket-python"])
def test_the_python_clients_run_from_pinned_packages_with_no_patch(name: str) -> None:
    package = metadata.distribution(name)
    assert package.version == PINS[name]
    # rocket-python installs its own `tests` too, which another package may have put there as well.
    files = [file for file in package.files or [] if file.hash is not None and file.parts[0] != "tests"]
    assert [file for file in files if file.suffix == ".py"]
    for file in files:
        assert file.hash is not None
        digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value, file


def test_the_npm_clients_run_from_pinned_packages_with_no_patch() -> None:
    wanted = NODE["dependencies"] | NODE["overrides"] | NODE["unpacked"]
    stand_ins = {name for name, text in wanted.items() if text.startswith(NO_TYPES)}
    assert stand_ins == {"@rocket.chat/core-typings", "@rocket.chat/rest-typings"}
    fetched = {name: text for name, text in wanted.items() if name not in stand_ins}
    assert {"@rocket.chat/api-client", "@rocket.chat/sdk"} <= fetched.keys()
    assert [name for name, text in fetched.items() if not re.fullmatch(r"\d+\.\d+\.\d+", text)] == []
    assert "scripts" not in NODE
    files = [path for path in (Path(__file__).parent / "node" / "no-types").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"package.json"}
