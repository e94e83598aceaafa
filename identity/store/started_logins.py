"""Logins that this service began at a provider: two external identifiers each, found from either side.

The client's code names one, what the provider calls the login names the other. What must not be read is sealed, in a
place of this login's own. A code works once: the statement that takes it decides who was first.

A login that a page began for a browser has no code, so nobody but that browser can take it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from identity.sealing import Place, Sealer
from identity.store import external_identifiers
from identity.store.db import Connection
from identity.store.external_identifiers import ExternalIdentifier, Kind


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A login that has begun. Instants in epoch milliseconds."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    provider_id: UUID
    provider_type: str
    handle: str = field(repr=False)
    """By what the provider names it."""

    kept: Mapping[str, str] = field(repr=False)
    """Members of a login's `data` that never left."""

    address: str | None
    """Where the call came from that began it."""

    redirect_uri: str | None
    state: str | None
    insert_instant: int
    expiry: int
    browser: str | None = None
    """The digest of the one browser that may come back; None: a client began it, and holds its code."""

    sign_in: str | None = field(default=None, repr=False)
    """What goes on when that browser is back, sealed for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of the browser's return: nothing, what it brought, or that the person said no."""

    brought: Mapping[str, str] | None = field(default=None, repr=False)
    denied: bool = False

    @property
    def is_there(self) -> bool:
        return self.denied or self.brought is not None


def add(conn: Connection, sealer: Sealer, code: str | None, login: StartedLogin) -> None:
    """Without a code only the return of the browser names it.

    Raises InUse at the end of the transaction: the application was removed meanwhile.
    """
    common: dict[str, Any] = {
        "started_id": str(login.id),
        "provider_id": str(login.provider_id),
        "provider_type": login.provider_type,
        "address": login.address,
        "redirect_uri": login.redirect_uri,
        "sealed": _sealed(sealer, login.id, "kept", {"handle": login.handle, "kept": login.kept}),
    }
    if login.browser is not None:
        common |= {"browser": login.browser, "sign_in": login.sign_in}
    names = [(Kind.EXTERNAL_AUTHENTICATION_RETURN, _return_key(login.provider_type, login.handle))]
    if code is not None:
        names.append((Kind.EXTERNAL_AUTHENTICATION, code))
    for kind, secret in names:
        identifier = ExternalIdentifier(
            kind=kind,
            tenant_id=login.tenant_id,
            application_id=login.application_id,
            insert_instant=login.insert_instant,
            expiry=login.expiry,
            data=common,
            state=login.state,
        )
        external_identifiers.add(conn, secret, identifier)


def find(conn: Connection, sealer: Sealer, code: str, now: int) -> StartedLogin | None:
    """By the client's code; None when it is unknown, over, or was used."""
    return _login(sealer, external_identifiers.find(conn, Kind.EXTERNAL_AUTHENTICATION, code, now))


def find_by_handle(conn: Connection, sealer: Sealer, provider_type: str, handle: str, now: int) -> StartedLogin | None:
    """By what the provider calls it."""
    key = _return_key(provider_type, handle)
    return _login(sealer, external_identifiers.find(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, now))


def take(conn: Connection, code: str, login: StartedLogin, now: int) -> bool:
    """Use the code up; of several callers one gets True."""
    if external_identifiers.take(conn, Kind.EXTERNAL_AUTHENTICATION, code, now) is None:
        return False
    key = _return_key(login.provider_type, login.handle)
    external_identifiers.take(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, now)
    return True


def take_return(conn: Connection, login: StartedLogin, now: int) -> bool:
    """Use the return of a login without a code up; of several callers one gets True."""
    key = _return_key(login.provider_type, login.handle)
    return external_identifiers.take(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, now) is not None


def answer_of(conn: Connection, sealer: Sealer, login: StartedLogin, now: int) -> Answer | None:
    """None when the login was taken up, or is over, since it was found."""
    key = _return_key(login.provider_type, login.handle)
    found = external_identifiers.find(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, now)
    return None if found is None else _answer(sealer, login.id, found.data)


def note_answer(conn: Connection, sealer: Sealer, login: StartedLogin, answer: Answer, now: int) -> bool:
    """Keep what the browser brought; False when one came before it, or the login is over. In a transaction."""
    key = _return_key(login.provider_type, login.handle)
    found = external_identifiers.lock(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, now)
    if found is None or _answer(sealer, login.id, found.data).is_there:
        return False
    text = _sealed(sealer, login.id, "answer", {"brought": answer.brought, "denied": answer.denied})
    external_identifiers.change(conn, Kind.EXTERNAL_AUTHENTICATION_RETURN, key, {**found.data, "answer": text})
    return True


def _login(sealer: Sealer, found: ExternalIdentifier | None) -> StartedLogin | None:
    if found is None or found.application_id is None:
        return None
    data = found.data
    started_id = UUID(data["started_id"])
    opened = _opened(sealer, started_id, "kept", data["sealed"])
    return StartedLogin(
        id=started_id,
        tenant_id=found.tenant_id,
        application_id=found.application_id,
        provider_id=UUID(data["provider_id"]),
        provider_type=data["provider_type"],
        handle=opened["handle"],
        kept=opened["kept"],
        address=data["address"],
        redirect_uri=data["redirect_uri"],
        state=found.state,
        insert_instant=found.insert_instant,
        expiry=found.expiry,
        browser=data.get("browser"),
        sign_in=data.get("sign_in"),
    )


def _answer(sealer: Sealer, started_id: UUID, data: Mapping[str, Any]) -> Answer:
    return Answer(**_opened(sealer, started_id, "answer", data["answer"])) if "answer" in data else Answer()


def _return_key(provider_type: str, handle: str) -> str:
    return f"{provider_type} {handle}"


def _sealed(sealer: Sealer, started_id: UUID, part: str, members: Mapping[str, Any]) -> str:
    return sealer.seal(orjson.dumps(dict(members)).decode(), _place(started_id, part))


def _opened(sealer: Sealer, started_id: UUID, part: str, text: str) -> dict[str, Any]:
    opened: dict[str, Any] = orjson.loads(sealer.open(text, _place(started_id, part)))
    return opened


def _place(started_id: UUID, part: str) -> Place:
    return Place("external_identifiers", started_id, part)
