"""Hands one mail to one SMTP server: bounded in time, certificates checked, no secret in what it says of a failure."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache

from identity.domain.redact import mask_email
from identity.outbound.dial import Dialer
from identity.outbound.letter import Letter, compose, envelope
from identity.upstream import UpstreamUnreachable

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 22.0
"""A conversation that takes longer is cut off; it stays below the lease of a parcel."""

PERMANENT = range(500, 600)
LONGEST_WORDS = 200


class MailNotSent(Exception):
    """The server did not take the mail; `reason` holds no secret. `final`: it will never take this one."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True, slots=True)
class MailServer:
    """`security` is NONE, SSL (TLS from the first byte) or TLS (STARTTLS, which the server must offer)."""

    host: str
    port: int
    security: str = "NONE"
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class Smtp:
    """Sends mails for one process; safe for many threads. `name` is how this side introduces itself."""

    def __init__(self, monotonic: Callable[[], float], name: str) -> None:
        self._dialer = Dialer(monotonic)
        self._name = name

    def send(self, server: MailServer, letter: Letter) -> None:
        """Raises MailNotSent."""
        try:
            message = compose(letter)
        except ValueError as error:
            raise MailNotSent(f"the mail can not be composed: {error}", final=True) from error
        try:
            with closing(_Conversation(server, self._dialer, self._name)) as client:
                client.introduce(server)
                client.send_message(message, envelope(letter.sender), [envelope(letter.to)])
                client.part()
        except (UpstreamUnreachable, OSError, UnicodeEncodeError) as error:  # SMTPException and SSLError are OSErrors
            raise _failure(f"the mail server {server.host}:{server.port}", error) from error


class _Conversation(smtplib.SMTP):
    """One connection, dialled like every other one of this service, and cut off when it takes too long."""

    def __init__(self, server: MailServer, dialer: Dialer, name: str) -> None:
        self._server = server
        self._dialer = dialer
        self._end = threading.Timer(WHOLE_SECONDS, self._cut_off)
        self._end.daemon = True
        self._end.start()
        try:
            super().__init__(server.host, server.port, local_hostname=name, timeout=WHOLE_SECONDS)
        except BaseException:  # also an interrupt: nobody else could stop this timer; raised again
            self._end.cancel()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """How the library asks its subclasses for a connection."""
        tls = self._server.security == "SSL"
        connected = self._dialer.dial(
            host, port, tls=tls, connect_timeout=CONNECT_SECONDS, tls_timeout=CONNECT_SECONDS, context=_context()
        )
        connected.settimeout(timeout)
        return connected

    def introduce(self, server: MailServer) -> None:
        """Say hello, over TLS if that is wanted, and log in if there is a name for it."""
        self.ehlo_or_helo_if_needed()
        if server.security == "TLS":
            self.starttls(context=_context())
            self.ehlo_or_helo_if_needed()
        if server.username:
            self.login(server.username, server.password or "")

    def part(self) -> None:
        """The mail is with the server: whatever it answers now, nothing is sent again."""
        with suppress(OSError):
            self.quit()

    def close(self) -> None:
        self._end.cancel()
        super().close()

    def _cut_off(self) -> None:
        if (connected := self.sock) is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)


def _failure(where: str, error: Exception) -> MailNotSent:
    match error:
        case UpstreamUnreachable():
            return MailNotSent(f"{where} can not be reached: {error.reason}")
        case UnicodeEncodeError():
            return MailNotSent(f"{where} can not be told a username or password that is not ASCII")
        case smtplib.SMTPAuthenticationError():
            # What it answered may repeat what it was told.
            return MailNotSent(f"{where} refused the username or the password: {error.smtp_code}")
        case smtplib.SMTPRecipientsRefused():
            [(code, said)] = error.recipients.values()
            return MailNotSent(f"{where} refused the recipient: {_said(code, said)}", final=code in PERMANENT)
        case smtplib.SMTPSenderRefused() | smtplib.SMTPDataError():
            final = error.smtp_code in PERMANENT
            return MailNotSent(f"{where} refused the mail: {_said(error.smtp_code, error.smtp_error)}", final=final)
        case smtplib.SMTPResponseException():
            return MailNotSent(f"{where} is not ready: {_said(error.smtp_code, error.smtp_error)}")
        case smtplib.SMTPNotSupportedError():
            return MailNotSent(f"{where} lacks what this mail needs: {error}")
        case ssl.SSLError():
            return MailNotSent(f"{where} offers no TLS that can be trusted: {error.reason}")
    return MailNotSent(f"{where} broke off: {type(error).__name__}")


def _said(code: int, text: bytes | str) -> str:
    """The server's own words, on one line and with the addresses in it masked."""
    words = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split()
    masked = (mask_email(word.strip("<>.,:;()")) if "@" in word else word for word in words)
    return f"{code} {' '.join(masked)}"[:LONGEST_WORDS]


@cache
def _context() -> ssl.SSLContext:
    """One per process: reading the list of authorities costs twenty times a whole mail."""
    return ssl.create_default_context()
