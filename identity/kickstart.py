"""Run a kickstart file: store its API keys, then send its requests to the running service, once per database.

Law: the first key and every request leave a trace in the database before the next step, so that a run that failed or
was killed goes on where it stopped (docs/decisions/0003-kickstart.md). No transaction is open while a request is sent.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import urllib3
from marshmallow import ValidationError

from identity.domain import kickstart as files
from identity.domain.api_keys import ApiKey, normalised
from identity.domain.kickstart import BadKickstart, Plan, Request, Sources
from identity.domain.redact import secret_values, without
from identity.flows.configuration.rename_defaults import CannotRename, rename_default_tenant, rename_tenant_manager
from identity.flows.configuration.save_api_key import insert_api_key
from identity.http.fusionauth.schemas.api_keys import KickstartKeySchema, draft_from
from identity.runtime import Runtime
from identity.sealing import Sealer, read_key_file
from identity.settings import Settings, data_folder
from identity.store import api_keys, audit, configuration
from identity.store import kickstart as state
from identity.store.db import Database, InUse, UniqueConflict
from identity.wire import parse_uuid

log = logging.getLogger("identity.kickstart")

DEVELOPMENT_FILE = "development-kickstart.json"
"""Applied in development when no other file is set; `identity/dev/installation.py` has the variables it reads."""

ACTOR = "kickstart"
LONGEST_ANSWER = 2_000
"""Characters of a refusing answer that are logged."""


class Ending(Enum):
    NO_FILE = "no kickstart file is set"
    APPLIED = "applied"
    APPLIED_BEFORE = "applied before"
    ELSEWHERE = "another process is at it"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class KickstartResult:
    """How it ended. `api_key` is the text of the file's first key, once it is stored."""

    ending: Ending
    api_key: str | None = field(default=None, repr=False)
    message: str | None = None
    """What failed, on one line and without secrets."""


class RequestFailed(Exception):
    """A request of the file was refused or got no answer; the message is the line to log."""


def kickstart_file(settings: Settings) -> Path | None:
    """The file that is set; in development our own one when none is."""
    if settings.kickstart.file:
        return Path(settings.kickstart.file)
    return data_folder("config") / DEVELOPMENT_FILE if settings.development else None


def read_plan(
    path: Path, builtins: Mapping[str, str], runtime: Runtime, environment: Mapping[str, str] | None = None
) -> Plan:
    """The file with everything expanded. Raises BadKickstart."""
    sources = Sources(
        read=lambda name: _read(path.parent / name),
        environment=os.environ if environment is None else environment,
        builtins=builtins,
        new_id=runtime.new_id,
    )
    found = files.plan(_read(path), sources)
    stored_keys(found, runtime)  # a key that cannot be stored is found out before anything happens
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadKickstart(f"The file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadKickstart(f"The file {path} is not UTF-8 text.") from error


def run_kickstart(
    settings: Settings,
    database_url: str,
    base_url: str,
    builtins: Mapping[str, str],
    runtime: Runtime,
    *,
    environment: Mapping[str, str] | None = None,
) -> KickstartResult:
    """Apply the kickstart file to the service at `base_url`, unless this database has had it.

    `builtins` are the values of the built-in names (supporting contract 19.3); `environment` is what #{ENV.…} reads,
    the process's own unless given. A failure is logged and returned; the service goes on. Raises StoreUnavailable.
    """
    path = kickstart_file(settings)
    if path is None:
        return KickstartResult(Ending.NO_FILE)
    sealer = read_key_file(settings.secret_key_path, runtime.random_bytes)
    database = Database(database_url, pool_size=2)
    database.open()
    try:
        with database.read() as conn, state.exclusive(conn) as won:
            if not won:
                return KickstartResult(Ending.ELSEWHERE)
            applied, done = state.progress(conn)
            if applied:
                return KickstartResult(Ending.APPLIED_BEFORE)
            run = _Run(database, sealer, runtime, base_url, builtins)
            return _logged(path, lambda: run.apply(read_plan(path, builtins, runtime, environment), done))
    finally:
        database.close()


def _logged(path: Path, work: Callable[[], KickstartResult]) -> KickstartResult:
    try:
        result = work()
    except BadKickstart as error:
        result = KickstartResult(Ending.FAILED, message=f"kickstart failed: {error}")
    if result.message:
        log.error("%s", result.message)
    else:
        log.info("kickstart applied: %s", path)
    return result


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of one file."""

    database: Database
    sealer: Sealer
    runtime: Runtime
    base_url: str
    builtins: Mapping[str, str]

    def apply(self, plan: Plan, done: int) -> KickstartResult:
        """`done` requests were answered in an earlier run. Raises BadKickstart when nothing was applied."""
        keys = stored_keys(plan, self.runtime)
        texts = [document["key"] for document in plan.keys]
        self._rename(plan)
        last = {number for number, key in enumerate(keys) if key.tenant_id is not None}
        stored = None
        try:
            for number in sorted(set(range(len(keys))) - last):
                self._store(keys[number], texts[number], f"apiKeys[{number}]")
                stored = stored or texts[number]
            self._send_all(plan, done)
            # Their tenants may have been made just now.
            for number in sorted(last):
                self._store(keys[number], texts[number], f"apiKeys[{number}]")
        except RequestFailed as error:
            return KickstartResult(Ending.FAILED, stored, str(error))
        except BadKickstart as error:
            return KickstartResult(Ending.FAILED, stored, f"kickstart failed: {error}")
        with self.database.transaction() as conn:
            state.set_applied(conn, self.runtime.now())
        return KickstartResult(Ending.APPLIED, stored)

    def _rename(self, plan: Plan) -> None:
        try:
            with self.database.transaction() as conn:
                if plan.default_tenant_id is not None:
                    rename_default_tenant(conn, self.sealer, plan.default_tenant_id)
                if plan.tenant_manager_application_id is not None:
                    old_id = parse_uuid(self.builtins.get(files.TENANT_MANAGER_IDS[0], ""))
                    rename_tenant_manager(conn, self.sealer, old_id, plan.tenant_manager_application_id)
        except CannotRename as error:
            raise BadKickstart(str(error)) from error

    def _store(self, key: ApiKey, text: str, place: str) -> None:
        """Store a key; one with the same text that is there already is used as it is."""
        try:
            with self.database.transaction() as conn:
                there = api_keys.find_by_text(conn, text)
                if there is None:
                    now = self.runtime.now()
                    stored = replace(key, insert_instant=now, last_update_instant=now)
                    insert_api_key(conn, self.sealer, stored, text)
                    configuration.changed(conn)
                    audit.add(conn, now, ACTOR, f"Created the API key with Id [{key.id}]")
                elif there.permissions != key.permissions or there.tenant_id != key.tenant_id:
                    raise BadKickstart(f"{place}: this key exists already, with other rights.")
        except UniqueConflict as error:
            raise BadKickstart(f"{place}: its id or name is in use ({error.constraint}).") from error
        except InUse as error:
            raise BadKickstart(f"{place}: its tenant does not exist.") from error

    def _send_all(self, plan: Plan, done: int) -> None:
        timeout = urllib3.Timeout(connect=plan.connect_timeout, read=plan.read_timeout)
        with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
            for number, request in enumerate(plan.requests[done:], done + 1):
                self._send(pool, plan, number, request)
                with self.database.transaction() as conn:
                    state.set_requests(conn, number)

    def _send(self, pool: urllib3.PoolManager, plan: Plan, number: int, request: Request) -> None:
        """Raises RequestFailed."""
        headers = {"Authorization": plan.keys[0]["key"]}
        if request.tenant_id is not None:
            headers["X-FusionAuth-TenantId"] = request.tenant_id
        content = None
        if request.body is not None:
            headers["Content-Type"] = request.content_type
            content = json.dumps(request.body).encode()
        try:
            answer = pool.request(
                request.method, self.base_url.rstrip("/") + request.path, body=content, headers=headers, redirect=False
            )
            ending = f"{answer.status} {answer.data.decode('utf-8', 'replace')}"
        except urllib3.exceptions.HTTPError as error:
            raise RequestFailed(_line(plan, number, request, f"no answer: {type(error).__name__}")) from error
        if answer.status >= 400:
            raise RequestFailed(_line(plan, number, request, ending))


def _line(plan: Plan, number: int, request: Request, ending: str) -> str:
    """The one line of decision 46, e.g. `kickstart request 3 failed: POST /api/x 400 {...}`; secrets masked."""
    text = without(f"{request.method} {request.path} {ending}", plan.secrets | secret_values(request.body))
    return f"kickstart request {number} failed: {' '.join(text.split())[:LONGEST_ANSWER]}"


def stored_keys(plan: Plan, runtime: Runtime) -> list[ApiKey]:
    """The file's keys as they are to be stored. Raises BadKickstart."""
    keys = [_key(document, f"apiKeys[{number}]", runtime) for number, document in enumerate(plan.keys)]
    if keys[0].permissions or keys[0].tenant_id is not None or keys[0].expiration_instant is not None:
        raise BadKickstart("apiKeys[0] sends the requests: it must have no permissions, tenant or expiration.")
    return keys


def _key(document: dict[str, Any], place: str, runtime: Runtime) -> ApiKey:
    try:
        loaded = KickstartKeySchema().load(document)
    except ValidationError as error:
        raise BadKickstart(f"{place}: {json.dumps(error.messages)}") from error
    draft = draft_from(loaded)
    permissions = normalised(draft.permissions)
    if permissions is None:
        raise BadKickstart(f"{place}.permissions.endpoints: nothing is left without /api/api-key; use keyManager.")
    if not draft.retrievable and draft.name is None:
        raise BadKickstart(f"{place}.name: a key that is not retrievable needs one.")
    return ApiKey(
        id=loaded.get("id") or runtime.new_id(),
        tenant_id=draft.tenant_id,
        name=draft.name,
        description=loaded.get("description") or draft.description,
        permissions=permissions,
        key_manager=loaded["key_manager"],
        retrievable=draft.retrievable,
        expiration_instant=draft.expiration_instant,
        ip_access_control_list_id=draft.ip_access_control_list_id,
        attributes=draft.attributes,
        insert_instant=0,  # set when it is stored
        last_update_instant=0,
    )
