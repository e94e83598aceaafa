"""`identity check`: whether this installation can start and work, line by line, and what to do where it can not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from identity.domain.kickstart import BUILTIN_NAMES, BadKickstart
from identity.flows.configuration.save_api_key import key_place
from identity.kickstart import read_plan
from identity.runtime import Runtime
from identity.sealing import BadKeyFile, CannotOpen, Sealer, read_key_file
from identity.settings import RocketChat, Settings
from identity.store import api_keys, applications, migrate
from identity.store.db import Connection, Database, StoreUnavailable
from identity.store.migrate import MigrationRefused


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is as it should be, and why or what to do."""

    subject: str
    good: bool
    detail: str

    def __str__(self) -> str:
        return f"{'ok    ' if self.good else 'failed'}  {self.subject}: {self.detail}"


def check(settings: Settings, runtime: Runtime) -> list[Finding]:
    """Look at everything; one bad thing does not hide the next."""
    sealer, findings = _key_file(settings, runtime)
    return [
        Finding("settings", True, f"mode {settings.mode}, {settings.base_url}"),
        *findings,
        *_database(settings, sealer),
        *_kickstart(settings, runtime),
    ]


def _key_file(settings: Settings, runtime: Runtime) -> tuple[Sealer | None, list[Finding]]:
    subject = "key file"
    if not settings.secret.key_file:
        return None, [Finding(subject, False, "none is set: name one in IDENTITY_SECRET_KEY_FILE.")]
    path = settings.secret_key_path
    try:
        sealer = read_key_file(path, runtime.random_bytes)
    except BadKeyFile as error:
        return None, [Finding(subject, False, str(error))]
    if path.stat().st_mode & 0o077:
        return sealer, [Finding(subject, False, f"{path} is open to other accounts: chmod 600 {path}")]
    held = "one key" if len(sealer.keys) == 1 else f"{len(sealer.keys)} keys"
    return sealer, [Finding(subject, True, f"{path} holds {held}, sealing with {sealer.newest!r}")]


def _database(settings: Settings, sealer: Sealer | None) -> Iterator[Finding]:
    if not settings.database.url:
        yield Finding("database", False, "none is set: name a PostgreSQL database in IDENTITY_DATABASE_URL.")
        return
    database = Database(settings.database.url, pool_size=1)
    database.open()
    try:
        reached = _unless_away(database, "database", _reachable)
        yield reached
        if reached.good:
            yield _unless_away(database, "migrations", _migrations)
        if reached.good and sealer is not None:
            yield _unless_away(database, "stored secrets", lambda conn: _secrets(conn, sealer))
        if reached.good and settings.rocketchat.open:
            yield _unless_away(database, "Rocket.Chat door", lambda conn: _chat_door(conn, settings.rocketchat))
    finally:
        database.close()


def _unless_away(database: Database, subject: str, look: Callable[[Connection], Finding]) -> Finding:
    try:
        with database.read() as conn:
            return look(conn)
    except StoreUnavailable:
        return Finding(subject, False, "the database does not answer: is it running, and IDENTITY_DATABASE_URL right?")
    except MigrationRefused as error:
        return Finding(subject, False, str(error))


def _reachable(conn: Connection) -> Finding:
    return Finding("database", True, f"PostgreSQL {conn.info.server_version // 10000} answers")


def _migrations(conn: Connection) -> Finding:
    pending = migrate.pending(conn)
    if pending:
        return Finding("migrations", False, f"not applied: {', '.join(pending)}. Run `identity migrate`.")
    return Finding("migrations", True, "all applied")


def _secrets(conn: Connection, sealer: Sealer) -> Finding:
    """One retrievable API key for each encryption key: whether the key file fits this database."""
    subject = "stored secrets"
    if migrate.pending(conn):
        return Finding(subject, False, "not looked at: the migrations come first.")
    samples = api_keys.one_sealed_by_each(conn)
    try:
        for key_id, sealed in samples:
            sealer.open(sealed, key_place(key_id))
    except CannotOpen as error:
        return Finding(subject, False, f"{error}. Put the key that sealed them back into the key file.")
    return Finding(subject, True, "they open" if samples else "there are none yet")


def _chat_door(conn: Connection, door: RocketChat) -> Finding:
    subject = "Rocket.Chat door"
    if migrate.pending(conn):
        return Finding(subject, False, "not looked at: the migrations come first.")
    application = applications.get(conn, UUID(door.application_id), UUID(door.tenant_id))
    if application is None:
        return Finding(subject, False, "IDENTITY_ROCKETCHAT_APPLICATION_ID names no application of that tenant.")
    if not application.active:
        return Finding(subject, False, f"the application {application.name!r} is inactive, so the door is closed.")
    return Finding(subject, True, f"it leads to the application {application.name!r}")


def _kickstart(settings: Settings, runtime: Runtime) -> Iterator[Finding]:
    if not settings.kickstart.file:
        return
    path = Path(settings.kickstart.file)
    try:
        # Any id will do here: whether the built-in objects are there is seen when the file is applied.
        plan = read_plan(path, dict.fromkeys(BUILTIN_NAMES, str(runtime.new_id())), runtime)
    except BadKickstart as error:
        yield Finding("kickstart", False, str(error))
        return
    yield Finding("kickstart", True, f"{path} has {len(plan.keys)} keys and {len(plan.requests)} requests")
