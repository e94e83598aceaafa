"""Creating, changing and deleting templates of messages. `values` are the members as the wire schema loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.mail import MessageTemplate
from identity.domain.template_rules import refuse_bad_templates
from identity.flows.configuration.references import refusing_duplicates
from identity.flows.services import Services
from identity.store import audit, configuration, message_templates, references
from identity.store.db import Connection

Values = Mapping[str, Any]
MEMBER = "messageTemplate"


def create(services: Services, now: int, actor: str, values: Values, template_id: UUID | None) -> MessageTemplate:
    """A new template. Raises Invalid."""
    check(values)
    new_id = template_id or services.runtime.new_id()
    new = MessageTemplate(**values, id=new_id, insert_instant=now, last_update_instant=now)

    def work(conn: Connection) -> MessageTemplate:
        message_templates.insert(conn, new)
        audit.add(conn, now, actor, f"Created the message template with id {new.id} and name {new.name!r}")
        return new

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def update(
    services: Services, now: int, actor: str, template_id: UUID, change: Callable[[MessageTemplate], Values]
) -> MessageTemplate:
    """Replace a template by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection) -> MessageTemplate:
        stored = message_templates.lock(conn, template_id)
        if stored is None:
            raise NotFound
        values = change(stored)
        check(values)
        born = stored.insert_instant
        changed = MessageTemplate(**values, id=template_id, insert_instant=born, last_update_instant=now)
        message_templates.update(conn, changed)
        audit.add(conn, now, actor, f"Updated the message template with id {template_id} and name {changed.name!r}")
        return changed

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, template_id: UUID) -> None:
    """Delete a template that no tenant and no application names. Raises NotFound, Invalid."""

    def work(conn: Connection) -> None:
        if references.is_named_in_settings(conn, template_id):
            raise invalid_field(f"{MEMBER}.id", "inUse")
        if not message_templates.delete(conn, template_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the message template with id {template_id}")

    configuration.change(services.db, work)


def check(values: Values) -> None:
    """Raises Invalid."""
    localized = values["localized_templates"]
    refuse_bad_templates(
        {
            f"{MEMBER}.defaultTemplate": values["default_template"],
            **{f"{MEMBER}.localizedTemplates[{language}]": source for language, source in localized.items()},
        }
    )
