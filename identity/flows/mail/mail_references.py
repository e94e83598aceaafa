"""Rules for what a tenant or an application says of mails and messages: the objects it names, its additional headers.

The functions return (path, reason) pairs, as those in `references.py` do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from identity.domain.mail import is_sendable
from identity.flows.configuration.references import Problems
from identity.outbound.letter import may_be_added
from identity.store import references
from identity.store.db import Connection
from identity.wire import camel_case

Known = Callable[[Connection, Collection[UUID]], set[UUID]]


def mail_problems(conn: Connection, owner: str, values: Mapping[str, Any]) -> Problems:
    """`owner` is the name of the envelope: tenant or application."""
    email = values["email_configuration"]
    methods = values["multi_factor_configuration"]
    path = f"{owner}.multiFactorConfiguration"
    mails = {
        **_templates(f"{owner}.emailConfiguration", email),
        **_templates(owner, values),
        f"{path}.email.templateId": methods["email"].get("template_id"),
    }
    return [
        *_unknown(conn, references.email_templates, mails),
        *_unknown(conn, references.message_templates, {f"{path}.sms.templateId": methods["sms"].get("template_id")}),
        *_unknown(conn, references.messengers, {f"{path}.sms.messengerId": methods["sms"].get("messenger_id")}),
        *_header_problems(f"{owner}.emailConfiguration.additionalHeaders", email.get("additional_headers") or []),
        *_sender_problems(f"{owner}.emailConfiguration.defaultFromEmail", email.get("default_from_email")),
    ]


def _templates(path: str, settings: Mapping[str, Any]) -> dict[str, UUID | None]:
    return {
        f"{path}.{camel_case(name)}": value for name, value in settings.items() if name.endswith("email_template_id")
    }


def _unknown(conn: Connection, known: Known, named: Mapping[str, UUID | None]) -> Problems:
    given = {path: id for path, id in named.items() if id is not None}
    found = known(conn, given.values()) if given else set()
    return [(path, "invalid") for path, id in given.items() if id not in found]


def _header_problems(path: str, headers: list[Mapping[str, Any]]) -> Problems:
    """Each is a header of its own, and none of those that say who a mail is from, who gets it and what is in it."""
    problems: Problems = []
    for number, header in enumerate(headers):
        if not may_be_added(header.get("name") or ""):
            problems.append((f"{path}[{number}].name", "invalid"))
        if not (header.get("value") or "").isprintable():
            problems.append((f"{path}[{number}].value", "invalid"))
    return problems


def _sender_problems(path: str, sender: str | None) -> Problems:
    return [] if sender is None or is_sendable(sender) else [(path, "notEmail")]
