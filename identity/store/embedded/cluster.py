"""Making a new cluster: password authentication only, the same sort order on every machine, checksums on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from identity.store.embedded.account import Account
from identity.store.embedded.binaries import Binaries
from identity.store.embedded.failure import EmbeddedFailed
from identity.store.embedded.place import Place

SUPERUSER = "identity"
BUILTIN_LOCALE_SINCE = 17


def read_password(place: Place) -> str:
    """Raises EmbeddedFailed."""
    try:
        return place.password.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EmbeddedFailed(
            f"The password of the embedded database cannot be read from {place.password}: {error.strerror}. "
            "It was made together with the database: restore the file from a backup."
        ) from error


def make_cluster(
    place: Place, account: Account, binaries: Binaries, *, new_secret: Callable[[], str], durable: bool = True
) -> None:
    """Make the cluster under another name first: whatever kills us, `data` is a whole cluster or not there.

    The password comes before the cluster, and a second attempt uses it again. Raises EmbeddedFailed.
    """
    if not place.password.exists():
        _write_password(place.password, new_secret(), account)
    if place.cluster.exists():
        place.cluster.rmdir()  # an empty one, else it would have had a version; never deletes anything
    shutil.rmtree(place.unfinished_cluster, ignore_errors=True)
    arguments: list[str | Path] = [
        binaries.folder / "initdb",
        *("-D", place.unfinished_cluster, "-U", SUPERUSER, "-E", "UTF8", "-A", "scram-sha-256", "-k"),
        f"--pwfile={place.password}",
        *_locale(binaries.major),
        *([] if durable else ["--no-sync"]),
    ]
    done = subprocess.run(
        arguments,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        **account.subprocess_options,
    )
    if done.returncode != 0:
        raise EmbeddedFailed(
            f"PostgreSQL could not set up a database in {place.cluster} as account {account.name}: "
            f"{_last_lines(done.stderr)}"
        )
    place.unfinished_cluster.rename(place.cluster)


def _locale(major: int) -> tuple[str, ...]:
    if major >= BUILTIN_LOCALE_SINCE:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C",)


def _write_password(path: Path, password: str, account: Account) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
        file.flush()
        os.fsync(file.fileno())
    account.take(unfinished)
    unfinished.replace(path)


def _last_lines(text: str) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-3:]) or "it said nothing."
