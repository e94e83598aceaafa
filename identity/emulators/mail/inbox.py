"""What was caught: the newest mails and messages, in memory, shared by the threads of one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

MOST = 500
"""Mails kept, and messages kept."""
MOST_BYTES = 50 * 1024 * 1024
"""Of all mails together; the oldest go."""

READING_FAILS = (ValueError, LookupError, AttributeError, TypeError)
"""What the standard library's parser ends in when a header or a charset makes no sense."""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail; `recipients` are those of the envelope. Texts are empty when the mail has none of that form."""

    id: int
    at: int
    sender: str
    recipients: tuple[str, ...]
    headers: Mapping[str, str]
    text: str
    html: str
    raw: bytes = field(repr=False)

    @property
    def subject(self) -> str:
        return self.headers.get("Subject", "")


@dataclass(frozen=True, slots=True)
class CaughtMessage:
    """One message to a phone: the JSON object that a messenger would get."""

    id: int
    at: int
    body: Mapping[str, Any]


class Inbox:
    """Newest first, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: deque[CaughtMail] = deque()
        self._messages: deque[CaughtMessage] = deque(maxlen=MOST)
        self._bytes = 0
        self._last_id = 0

    def take_mail(self, sender: str, recipients: list[str], raw: bytes) -> CaughtMail:
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        headers = {name: _header(message, name) for name in message.keys()}  # noqa: SIM118 (iterating reads headers)
        text, html = _text(message, "plain"), _text(message, "html")
        with self._lock:
            self._last_id += 1
            mail = CaughtMail(self._last_id, _now(), sender, tuple(recipients), headers, text, html, raw)
            self._mails.appendleft(mail)
            self._bytes += len(raw)
            while len(self._mails) > MOST or (self._bytes > MOST_BYTES and len(self._mails) > 1):
                self._bytes -= len(self._mails.pop().raw)
        return mail

    def take_message(self, body: Mapping[str, Any]) -> CaughtMessage:
        with self._lock:
            self._last_id += 1
            message = CaughtMessage(self._last_id, _now(), body)
            self._messages.appendleft(message)
        return message

    def mails(self, to: str | None = None) -> list[CaughtMail]:
        """All of them, or those to one address."""
        with self._lock:
            return [mail for mail in self._mails if to is None or to in mail.recipients]

    def mail(self, mail_id: int) -> CaughtMail | None:
        return next((mail for mail in self.mails() if mail.id == mail_id), None)

    def messages(self, to: str | None = None) -> list[CaughtMessage]:
        """All of them, or those to one number."""
        with self._lock:
            return [each for each in self._messages if to is None or each.body.get("phoneNumber") == to]

    def clear_mails(self) -> None:
        with self._lock:
            self._mails.clear()
            self._bytes = 0

    def clear_messages(self) -> None:
        with self._lock:
            self._messages.clear()


def _now() -> int:
    return int(time.time() * 1000)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name])
    except READING_FAILS:
        return ""


def _text(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        text = "" if part is None else part.get_content()
    except READING_FAILS:
        return ""
    return str(text).replace("\r\n", "\n")
