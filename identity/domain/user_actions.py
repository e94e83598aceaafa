"""User actions: what may be done to a user by name (a ban, a reward), and the reasons to choose from.

Source: supporting contract 11. What was done to one user is an action log (`identity/domain/action_logs.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Localized = Mapping[str, str]
"""Texts by language, such as `fr` or `fr_CH`."""


@dataclass(frozen=True, slots=True)
class UserAction:
    """A definition. Field names equal the columns' names."""

    id: UUID
    name: str
    active: bool
    temporal: bool
    """Whether it lasts for a time; an action that does not is noted and over at once."""

    prevent_login: bool
    send_end_event: bool
    transaction_type: str
    user_emailing_enabled: bool
    user_notifications_enabled: bool
    include_email_in_event_json: bool
    start_email_template_id: UUID | None
    modify_email_template_id: UUID | None
    cancel_email_template_id: UUID | None
    end_email_template_id: UUID | None
    localized_names: Localized
    options: list[dict[str, Any]]
    """Each has `name` and `localized_names`."""

    insert_instant: int
    last_update_instant: int

    def option(self, name: str) -> Mapping[str, Any] | None:
        return next((option for option in self.options if option["name"] == name), None)


@dataclass(frozen=True, slots=True)
class UserActionReason:
    """Why an action was taken. Field names equal the columns' names."""

    id: UUID
    code: str
    text: str
    localized_texts: Localized
    insert_instant: int
    last_update_instant: int


def localized(texts: Localized, languages: Iterable[str]) -> str | None:
    """The text in the first of these languages that there is one in; `fr` serves for `fr_CH` too."""
    by_language = {_language(language): text for language, text in texts.items()}
    for wanted in map(_language, languages):
        for language in (wanted, wanted.partition("_")[0]):
            if language in by_language:
                return by_language[language]
    return None


def _language(name: str) -> str:
    return name.replace("-", "_").lower()
