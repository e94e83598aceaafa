"""Mails and messages to phones before they leave: their templates, and what a template makes of them for one person.

Source: decision 43; fields of templates as in FusionAuth's OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from uuid import UUID

from identity.domain.model import User
from identity.domain.templates import Variables, localized, render

LONGEST_HEADER = 250
"""Characters of a subject or of a display name."""

SENDABLE = re.compile(r"(?!.*=\?)[^\s<>()\[\]:;@\\,\"]+@[^\s<>()\[\]:;@\\,\"]+")
"""An address that a mail header and an SMTP command read as this very address, without quoting or decoding."""


class Purpose(Enum):
    """Why something is sent: it decides which template is meant, and which built-in one stands in for it."""

    EMAIL_UPDATE = auto()
    EMAIL_VERIFICATION = auto()
    EMAIL_VERIFIED = auto()
    FORGOT_PASSWORD = auto()
    PASSWORD_RESET_SUCCESS = auto()
    PASSWORD_UPDATE = auto()
    REGISTRATION_VERIFICATION = auto()
    SETUP_PASSWORD = auto()
    TWO_FACTOR_CODE = auto()
    TWO_FACTOR_METHOD_ADD = auto()
    TWO_FACTOR_METHOD_REMOVE = auto()
    USER_ACTION = auto()


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """A template of mails; the localised texts are keyed by language. A built-in one has no id."""

    name: str
    default_subject: str
    default_text_template: str
    default_html_template: str
    default_from_name: str | None = None
    from_email: str | None = None
    localized_subjects: Mapping[str, str] = field(default_factory=dict)
    localized_text_templates: Mapping[str, str] = field(default_factory=dict)
    localized_html_templates: Mapping[str, str] = field(default_factory=dict)
    localized_from_names: Mapping[str, str] = field(default_factory=dict)
    id: UUID | None = None
    insert_instant: int = 0
    last_update_instant: int = 0


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template of messages to phones."""

    name: str
    default_template: str
    localized_templates: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    id: UUID | None = None
    insert_instant: int = 0
    last_update_instant: int = 0


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in words, for one person, without the address it goes to."""

    subject: str
    text: str
    html: str
    from_name: str | None
    from_email: str | None


def mail_address(user: User) -> str | None:
    """Where mail to the user goes: `email`, else `data.email` (decision 13)."""
    other = user.data.get("email")
    return user.email or (other if isinstance(other, str) and other else None)


def write_mail(template: EmailTemplate, variables: Variables, languages: Sequence[str]) -> Mail:
    """What the template says to a person who prefers these languages. Raises BadTemplate."""
    from_name = localized(template.default_from_name or "", template.localized_from_names, languages)
    return Mail(
        subject=header_text(
            render(localized(template.default_subject, template.localized_subjects, languages), variables)
        ),
        text=render(localized(template.default_text_template, template.localized_text_templates, languages), variables),
        html=render(
            localized(template.default_html_template, template.localized_html_templates, languages),
            variables,
            html=True,
        ),
        from_name=header_text(render(from_name, variables)) or None,
        from_email=template.from_email,
    )


def write_message(template: MessageTemplate, variables: Variables, languages: Sequence[str]) -> str:
    """Raises BadTemplate."""
    return render(localized(template.default_template, template.localized_templates, languages), variables)


def header_text(text: str) -> str:
    """One line without control characters: nothing that a value holds can become a header of its own."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST_HEADER]


def is_sendable(address: str) -> bool:
    """Whether mail can be sent to, or from, this address."""
    return SENDABLE.fullmatch(address) is not None and address.isprintable()
