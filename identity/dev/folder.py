"""What `identity dev` keeps in the data directory beside the database: its lock, the generated keys, and `dev.env`."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from identity.emulators.provider_emulator import ProviderEmulator
from identity.runtime import Runtime
from identity.sealing import GENERATED_KEY_ID, new_key_line

DEV_ENV = "dev.env"
LOCK = "dev.lock"


class DevFailed(Exception):
    """`identity dev` cannot go on; the message says why and what to do."""


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `identity dev` per data directory; the kernel frees the lock when its holder is killed. Raises DevFailed."""
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            url = read_dev_env(home).get("IDENTITY_URL", "")
            raise DevFailed(
                f"It is already running with the data directory {home} {f'({url})' if url else ''}. "
                "Stop it there with Ctrl-C, or choose another IDENTITY_DATA_DIR and IDENTITY_PORT."
            ) from None
        yield
    finally:
        os.close(lock)


def key_file(home: Path, runtime: Runtime) -> Path:
    """The file with the key that encrypts secrets at rest; made at the first start."""
    path = home / "secret.keys"
    if not path.exists():
        write_privately(path, new_key_line(GENERATED_KEY_ID, runtime.random_bytes) + "\n")
    return path


def options_path(home: Path, emulator: ProviderEmulator) -> Path:
    """Where that is kept."""
    return home / f"{emulator.name}-emulator.json"


def emulator_options(home: Path, emulator: ProviderEmulator) -> Path:
    """What an emulator is started with: its one application has the same credentials at every start."""
    path = options_path(home, emulator)
    if not path.exists():
        write_privately(path, json.dumps(emulator.new_options()) + "\n")
    return path


def read_dev_env(home: Path) -> dict[str, str]:
    """The variables of an earlier start; empty when there was none."""
    path = home / DEV_ENV
    if not path.exists():
        return {}
    assignments = shlex.split(path.read_text(encoding="utf-8"), comments=True)
    return dict(assignment.partition("=")[::2] for assignment in assignments)


def write_dev_env(home: Path, variables: Mapping[str, str]) -> Path:
    """A file for scripts: `set -a; . dev.env`."""
    path = home / DEV_ENV
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_privately(path, "".join(["# Written by `identity dev` at every start.\n", *lines]))
    return path


def write_privately(path: Path, text: str) -> None:
    """Whole or not at all, and never readable by others."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
