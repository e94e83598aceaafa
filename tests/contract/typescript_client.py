"""The official TypeScript client in one node process: names its checks and runs them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.node import Tools

FOLDER = Path(__file__).parent / "typescript"


def check_names() -> list[str]:
    """The names of all checks, in the order in which they run; read from the files, since no node runs them yet."""
    found: list[str] = []
    for file in sorted((FOLDER / "checks").glob("*.cjs")):
        found += re.findall(r'^check\("(.+?)",', file.read_text(encoding="utf-8"), re.MULTILINE)
    return found


def run_checks(tools: Tools, world: dict[str, Any]) -> dict[str, str | None]:
    """Run them all; what went wrong by name, None for what went right."""
    done = subprocess.run(
        [tools.node, str(FOLDER / "run.cjs")],
        input=json.dumps(world),
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line["problem"] for line in lines}
