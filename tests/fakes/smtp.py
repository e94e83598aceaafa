"""An SMTP server that keeps what it is given, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PATIENCE = 20.0


@dataclass(frozen=True)
class Received:
    """One mail: its envelope, its headers and texts, and whether it came over TLS and from whom."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    tls: bool
    username: str | None

    def part(self, kind: str) -> str:
        """The text of the part `plain` or `html`."""
        found = self.message.get_body((kind,))
        assert found is not None
        text: str = found.get_content()
        return text.replace("\r\n", "\n")


@dataclass
class SmtpSink:
    """Listens on 127.0.0.1 while the block lasts. `answers` are replies by command: RCPT, MAIL, DATA (at its end)."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    """TLS from the first byte."""
    starttls: ssl.SSLContext | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    """With accounts, nobody else may send."""
    answers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> SmtpSink:
        self._loop = asyncio.new_event_loop()
        self._arrived = threading.Condition()
        self._connections: set[asyncio.Transport] = set()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(self._connection, "127.0.0.1", self.port, ssl=self.tls)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        for connection in self._connections:
            if not connection.is_closing():  # the TLS transports of some Pythons break when they are aborted twice
                connection.abort()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def wait(self, number: int = 1) -> list[Received]:
        """The mails, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= number, PATIENCE), "the mail did not arrive"
            return list(self.received)

    def _connection(self) -> SMTP:
        connections = self._connections

        class Connection(SMTP):
            def connection_made(self, transport: Any) -> None:
                connections.add(transport)
                super().connection_made(transport)

        options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "sink", "loop": self._loop}
        if self.starttls is not None:
            options |= {"tls_context": self.starttls}
        if self.accounts:
            options |= {"authenticator": self._authenticate, "auth_require_tls": False}
        return Connection(self, **options)

    def _authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
        good = self.accounts.get(given.login.decode()) == given.password.decode()
        return AuthResult(success=good, auth_data=given.login.decode(), handled=False)

    # The library finds these by name.
    async def handle_MAIL(  # noqa: N802
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.accounts and not session.authenticated:
            return "530 log in first"
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        encrypted = self.tls is not None or session.ssl is not None
        sender = str(envelope.mail_from)
        received = Received(sender, list(envelope.rcpt_tos), message, raw, encrypted, session.auth_data)
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
        return "250 kept"
