"""Creating, changing and deleting messengers; secrets are sealed. `values` are the members as the schema loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from identity.domain.errors import NotFound, invalid_field
from identity.domain.messengers import Messenger
from identity.flows.configuration.references import refusing_duplicates
from identity.flows.services import Services
from identity.sealing import Place
from identity.store import audit, configuration, messengers, references
from identity.store.db import Connection

Values = Mapping[str, Any]
MEMBER = "messenger"
COLUMNS = ("name", "url", "data")
SECRETS = ("headers", "http_authentication_password")
"""Headers too: they are where gateways want their tokens."""


def create(services: Services, now: int, actor: str, values: Values, messenger_id: UUID | None) -> Messenger:
    """A new messenger. Raises Invalid."""
    new = _messenger(services, messenger_id or services.runtime.new_id(), values, now, now)

    def work(conn: Connection) -> Messenger:
        messengers.insert(conn, new)
        audit.add(conn, now, actor, f"Created the messenger with id {new.id} and name {new.name!r}")
        return new

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def update(
    services: Services, now: int, actor: str, messenger_id: UUID, change: Callable[[Messenger], Values]
) -> Messenger:
    """Replace a messenger by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection) -> Messenger:
        stored = messengers.lock(conn, messenger_id)
        if stored is None:
            raise NotFound
        changed = _messenger(services, messenger_id, change(stored), stored.insert_instant, now)
        messengers.update(conn, changed)
        audit.add(conn, now, actor, f"Updated the messenger with id {messenger_id} and name {changed.name!r}")
        return changed

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, messenger_id: UUID) -> None:
    """Delete a messenger that no tenant names. Raises NotFound, Invalid."""

    def work(conn: Connection) -> None:
        if references.is_named_in_settings(conn, messenger_id):
            raise invalid_field(f"{MEMBER}.id", "inUse")
        if not messengers.delete(conn, messenger_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the messenger with id {messenger_id}")

    configuration.change(services.db, work)


def settings_with_secrets(services: Services, messenger: Messenger) -> dict[str, Any]:
    """The settings with every secret in clear. Raises CannotOpen."""
    return {**messenger.settings, **orjson.loads(services.sealer.open(messenger.sealed, _place(messenger.id)))}


def _messenger(services: Services, messenger_id: UUID, values: Values, born: int, now: int) -> Messenger:
    secrets = {name: values[name] for name in SECRETS if name in values}
    return Messenger(
        id=messenger_id,
        name=values["name"],
        url=values["url"],
        settings={name: value for name, value in values.items() if name not in (*COLUMNS, *SECRETS)},
        sealed=services.sealer.seal(orjson.dumps(secrets).decode(), _place(messenger_id)),
        data=values["data"],
        insert_instant=born,
        last_update_instant=now,
    )


def _place(messenger_id: UUID) -> Place:
    return Place("messengers", messenger_id, "sealed")
