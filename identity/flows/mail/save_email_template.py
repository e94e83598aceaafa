"""Creating, changing and deleting templates of mails. `values` are the members as the wire schema loads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.mail import EmailTemplate, is_sendable
from identity.domain.template_rules import refuse_bad_templates
from identity.flows.configuration.references import refusing_duplicates
from identity.flows.services import Services
from identity.store import audit, configuration, email_templates, references
from identity.store.db import Connection
from identity.wire import camel_case

Values = Mapping[str, Any]
MEMBER = "emailTemplate"
SINGLE = ("default_subject", "default_text_template", "default_html_template", "default_from_name")
LOCALIZED = ("localized_subjects", "localized_text_templates", "localized_html_templates", "localized_from_names")


def create(services: Services, now: int, actor: str, values: Values, template_id: UUID | None) -> EmailTemplate:
    """A new template. Raises Invalid."""
    check(values)
    new_id = template_id or services.runtime.new_id()
    new = EmailTemplate(**values, id=new_id, insert_instant=now, last_update_instant=now)

    def work(conn: Connection) -> EmailTemplate:
        email_templates.insert(conn, new)
        audit.add(conn, now, actor, f"Created the e-mail template with id {new.id} and name {new.name!r}")
        return new

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def update(
    services: Services, now: int, actor: str, template_id: UUID, change: Callable[[EmailTemplate], Values]
) -> EmailTemplate:
    """Replace a template by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection) -> EmailTemplate:
        stored = email_templates.lock(conn, template_id)
        if stored is None:
            raise NotFound
        values = change(stored)
        check(values)
        born = stored.insert_instant
        changed = EmailTemplate(**values, id=template_id, insert_instant=born, last_update_instant=now)
        email_templates.update(conn, changed)
        audit.add(conn, now, actor, f"Updated the e-mail template with id {template_id} and name {changed.name!r}")
        return changed

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, template_id: UUID) -> None:
    """Delete a template that no tenant and no application names. Raises NotFound, Invalid."""

    def work(conn: Connection) -> None:
        if references.is_named_in_settings(conn, template_id):
            raise invalid_field(f"{MEMBER}.id", "inUse")
        if not email_templates.delete(conn, template_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the e-mail template with id {template_id}")

    configuration.change(services.db, work)


def check(values: Values) -> None:
    """Raises Invalid."""
    refuse_bad_templates(dict(_sources(values)))
    if values.get("from_email") and not is_sendable(values["from_email"]):
        raise invalid_field(f"{MEMBER}.fromEmail", "notEmail")


def _sources(values: Values) -> Iterator[tuple[str, str]]:
    for name in SINGLE:
        if values.get(name):
            yield f"{MEMBER}.{camel_case(name)}", values[name]
    for name in LOCALIZED:
        for language, source in values[name].items():
            yield f"{MEMBER}.{camel_case(name)}[{language}]", source
