"""The settings that folders bring: each kind of provider, and each emulator, may keep `settings.toml` beside its code.

A key has its default and a comment there, as in config/default.toml. The type of the default is that of the setting,
and the end of its name says what else it must be, so that a folder needs no code for its settings.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILE = "settings.toml"
PARENTS = ("providers", "emulators")
PACKAGE = Path(__file__).parents[1]
NOT_IN_A_BASE = re.compile(r"[^!-~]|[?#@\\]")
BASE = "it must have a host and may have a port and a path, and nothing else"
DURATIONS = ("_timeout", "_budget", "_seconds")


@cache
def defaults(package: Path = PACKAGE) -> Mapping[str, tuple[Any, Path]]:
    """Every setting that a folder brings, by its dotted name: the default and the file that has it.

    Raises ValueError when two folders bring the same one.
    """
    found: dict[str, tuple[Any, Path]] = {}
    for path in sorted(path for parent in PARENTS for path in (package / parent).glob(f"*/{FILE}")):
        for name, value in flat(tomllib.loads(path.read_text(encoding="utf-8"))).items():
            if name in found:
                raise ValueError(f"{found[name][1]} and {path} both bring the setting {name!r}")
            found[name] = (value, path)
    return found


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values of a TOML document by their dotted names."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def by_section(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values by section and key."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        section, _, key = name.partition(".")
        sections.setdefault(section, {})[key] = value
    return sections


def default_sections() -> dict[str, dict[str, Any]]:
    """The defaults by section and key."""
    return by_section({name: value for name, (value, _) in defaults().items()})


def is_base(url: str) -> bool:
    """Whether other addresses can begin with it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and not NOT_IN_A_BASE.search(url)


def demand(name: str, value: Any, *, development: bool) -> str | None:
    """What the setting must be, in the words of a message, unless it is so."""
    if name.endswith("_url"):
        schemes = ("http://", "https://") if development else ("https://",)
        if not value.startswith(schemes):
            in_production = "" if development else " in production, where no emulator is called"
            return f"it must begin with {' or '.join(schemes)}{in_production}"
        return None if is_base(value) else BASE
    if isinstance(value, bool | str):
        return None
    if name.endswith("_port"):
        return None if 0 <= value <= 65535 else "it must be between 0 and 65535"
    if name.endswith(DURATIONS):
        return None if 0 < value < math.inf else "it must be a number above 0"
    return None if 0 <= value < math.inf else "it must be at least 0"
