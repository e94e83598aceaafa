"""Where the embedded PostgreSQL keeps its cluster, socket and password: in the data directory, or as root beside it.

Layout of the folder: `data` (the cluster), `run` (the socket), `password`, `log`, `programs` (copied binaries, only
when the account cannot run the original ones).

As root, when a parent of the data directory is closed to the account that PostgreSQL runs as, the folder is one of its
own under /var/lib, named by a digest of the data directory; the file `postgres.location` in the data directory says so
and is believed from then on (decision 34).
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from identity.store.embedded.account import Account, choose_account
from identity.store.embedded.failure import EmbeddedFailed

NOTE = "postgres.location"
CLOSED_PARENT_ROOT = Path("/var/lib")
LONGEST_SOCKET_FOLDER = 90
"""Bytes. A socket address holds 107, of which PostgreSQL's file names take up to 17."""


@dataclass(frozen=True, slots=True)
class Place:
    """One folder that belongs to the account, and what lies in it."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "data"

    @property
    def unfinished_cluster(self) -> Path:
        """initdb works here; the name changes to `cluster` when it is done, so a cluster is always a whole one."""
        return self.folder / "data.unfinished"

    @property
    def sockets(self) -> Path:
        return self.folder / "run"

    @property
    def password(self) -> Path:
        return self.folder / "password"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def programs(self) -> Path:
        return self.folder / "programs"

    @property
    def socket_path_fits(self) -> bool:
        return len(os.fsencode(self.sockets)) <= LONGEST_SOCKET_FOLDER


def make_home(home: Path) -> Path:
    """The data directory, resolved; made when it is missing: passable by others only for root. Never changed later."""
    if not home.exists():
        with suppress(FileExistsError):  # of several that start at once, one makes it
            home.mkdir(parents=True)
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home.resolve()


def find_place(home: Path, configured_account: str) -> tuple[Place, Account]:
    """The folder in use or to be used for this data directory, and its account. Raises EmbeddedFailed."""
    place = _noted_place(home)
    if place is None:
        place = Place(home / "postgres")
        account = choose_account(configured_account, place.cluster)
        if not account.may_enter(home):
            place = _place_elsewhere(home)
            _note(home, place)
    account = choose_account(configured_account, place.cluster)
    _make_folder(place.folder, account)
    _make_folder(place.sockets, account)
    return place, account


def _noted_place(home: Path) -> Place | None:
    note = home / NOTE
    if not note.exists():
        return None
    folder = Path(note.read_text(encoding="utf-8").strip())
    if not folder.is_dir():
        raise EmbeddedFailed(
            f"The database folder {folder}, named in {note}, does not exist. Bring it back, or delete {note} "
            "to begin with an empty database."
        )
    return Place(folder)


def _place_elsewhere(home: Path) -> Place:
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Place(CLOSED_PARENT_ROOT / f"identity-{digest}")


def _note(home: Path, place: Place) -> None:
    """Make the folder before the note, so that a note never names a folder that was not there yet."""
    place.folder.mkdir(mode=0o700, exist_ok=True)
    unfinished = home / f"{NOTE}.unfinished"
    unfinished.write_text(f"{place.folder}\n", encoding="utf-8")
    unfinished.replace(home / NOTE)


def _make_folder(folder: Path, account: Account) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if facts.st_uid not in {account.uid, os.geteuid()} or folder.is_symlink():
        raise EmbeddedFailed(
            f"The folder {folder} belongs to the user id {facts.st_uid}, not to the account {account.name}. "
            "Start as the account it was made by, or choose another IDENTITY_DATA_DIR."
        )
    account.take(folder)
