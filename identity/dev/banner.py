"""What `identity dev` says once everything answers: where it all is, and how to begin."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from identity.dev.companions import Companion
from identity.dev.installation import DEVELOPMENT_PASSWORD

SCRIPTED = "IDENTITY_X_EMULATOR_URL"
FIRST_LOGIN = Path(__file__).parents[2] / "docs" / "examples" / "first_login.py"
"""Only in a source tree; it logs somebody of the X emulator in."""


def banner(
    service_url: str,
    dev_env: Path,
    database: str,
    companions: Iterable[Companion],
    demo_url: str | None,
    clock: str | None,
) -> str:
    """The whole text. Without a demo `demo_url` is None, and `clock` while the service goes by the real time."""
    rows = {"service": service_url, "API key": f"in {dev_env}   (set -a; . {dev_env})", "database": database}
    for companion in companions:
        rows[companion.row] = companion.url
        if SCRIPTED in companion.told and FIRST_LOGIN.exists():
            rows["by script"] = f"{_from_here(sys.executable)} {_from_here(FIRST_LOGIN)}"
    if demo_url is not None:
        rows["by password"] = f"demo@example.com with {DEVELOPMENT_PASSWORD} of {dev_env.name}"
    if clock is not None:
        rows["clock"] = f"{clock}   (identity clock reset)"
    rows["API page"] = f"{service_url}/docs"
    width = max(map(len, rows)) + 2
    lines = [f"  {name:<{width}}{value}\n" for name, value in rows.items()]
    invitation = f" To sign in, open {demo_url}" if demo_url is not None else ""
    return "".join(["\nidentity is ready\n\n", *lines, f"\nCtrl-C stops all of it.{invitation}\n\n"])


def _from_here(path: str | Path) -> str:
    """As short as it can be typed in the working directory."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else str(path)
