"""The operating-system account that PostgreSQL runs as: never root.

A process of root hands PostgreSQL to another account; everybody else runs it as themselves. Foreign folders are never
opened up for that account: whoever needs a place it can reach picks another one (decision 34).
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identity.store.embedded.failure import OWN_DATABASE, EmbeddedFailed

FALLBACKS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Who PostgreSQL runs as; `foreign` when that is not who we are."""

    name: str
    uid: int
    gid: int
    foreign: bool

    @property
    def subprocess_options(self) -> dict[str, Any]:
        """Arguments of `subprocess` that hand a child process to this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.foreign else {}

    def may_enter(self, folder: Path) -> bool:
        """Whether this account can reach what lies in the folder: all of its parents and itself can be passed."""
        return not self.foreign or all(self._may_pass(part) for part in (folder, *folder.parents))

    def take(self, path: Path) -> None:
        """Give a file or folder of ours to this account."""
        if self.foreign:
            os.chown(path, self.uid, self.gid)

    def _may_pass(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        if facts.st_gid == self.gid:
            return bool(facts.st_mode & stat.S_IXGRP)
        return bool(facts.st_mode & stat.S_IXOTH)


def choose_account(configured: str, cluster: Path) -> Account:
    """The owner of an existing cluster, else as root the configured account, `postgres` or `nobody`, else ourselves.

    Raises EmbeddedFailed.
    """
    if os.geteuid() != 0:
        return _ourselves(cluster)
    if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
        return _owner(owner, cluster)
    for name in (configured,) if configured else FALLBACKS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid, foreign=True)
    wanted = repr(configured) if configured else " or ".join(FALLBACKS)
    raise EmbeddedFailed(
        f"PostgreSQL does not run as root and the account {wanted} does not exist (or is root). "
        f"Name an ordinary account in IDENTITY_POSTGRES_ACCOUNT, or start as an ordinary user. {OWN_DATABASE}"
    )


def _owner(uid: int, cluster: Path) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedFailed(
            f"The database folder {cluster} belongs to the user id {uid}, which has no account on this machine. "
            f"Give the folder to an account that exists (chown -R). {OWN_DATABASE}"
        ) from None
    return Account(entry.pw_name, uid, entry.pw_gid, foreign=True)


def _ourselves(cluster: Path) -> Account:
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedFailed(
            f"The user id {uid} has no entry in the account database (/etc/passwd), and PostgreSQL refuses to set "
            f"itself up for such a user. Run as a user that has an account. {OWN_DATABASE}"
        ) from None
    if cluster.exists() and (owner := cluster.stat().st_uid) != uid:
        raise EmbeddedFailed(
            f"The database folder {cluster} belongs to the user id {owner}, not to {entry.pw_name}: it was made by "
            "another account, perhaps by root. Start as that account, or choose another IDENTITY_DATA_DIR."
        )
    return Account(entry.pw_name, uid, os.getegid(), foreign=False)
