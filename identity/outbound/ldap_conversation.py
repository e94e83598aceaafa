"""One connection to a directory: requests and their answers, each held to the deadline and to a size.

A referral is not followed, and nothing but what was asked for is listened to.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

from identity.outbound import ldap_messages
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.outbound.ldap_messages import Found, Malformed, Message, Result

LARGEST = 1024 * 1024
"""Bytes of all that a directory says in one login."""

AT_ONCE = 64 * 1024


class Conversation:
    """What one login says to a directory, until `deadline` (monotonic seconds). Raises DirectoryUnavailable."""

    def __init__(self, connected: socket.socket, deadline: float, monotonic: Callable[[], float]) -> None:
        self._socket = connected
        self._deadline = deadline
        self._monotonic = monotonic
        self._received = bytearray()
        self._total = 0
        self._number = 0

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS with whoever proves to be `host`."""
        if self._received:  # said before TLS, it would be taken for said within
            raise DirectoryUnavailable("protocol", "more than one answer to StartTLS")
        try:
            self._allow_time()
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except TimeoutError:
            raise DirectoryUnavailable("timeout", "during the TLS handshake") from None
        except ssl.SSLCertVerificationError as error:
            raise DirectoryUnavailable("tls", error.verify_message) from None
        except (OSError, ValueError) as error:  # ValueError: no host name can look like that
            raise DirectoryUnavailable("tls", getattr(error, "reason", None) or "no TLS handshake") from None

    def start_tls(self) -> None:
        """Ask for TLS on this connection; `secure` follows."""
        *_, result = self._ask(ldap_messages.start_tls(self._next()))
        if result.code:
            raise DirectoryUnavailable("tls", f"StartTLS was refused: {result.name}")

    def bind(self, dn: bytes, password: bytes) -> Result:
        *_, result = self._ask(ldap_messages.bind(self._next(), dn, password))
        return result

    def search(
        self, base: str, attribute: str, value: bytes, wanted: Sequence[str], *, most: int
    ) -> tuple[list[Found], Result]:
        """The entries whose attribute has this value: the first `most` of them, or fewer."""
        seconds = max(math.ceil(self._deadline - self._monotonic()), 1)
        request = ldap_messages.search(self._next(), base, attribute, value, wanted, most=most, seconds=seconds)
        found, result = self._ask(request)
        return found, result

    def close(self) -> None:
        """Say good-bye where that costs no time, and hang up."""
        with suppress(OSError):
            self._socket.settimeout(0)
            self._socket.sendall(ldap_messages.unbind(self._next()))
        self._socket.close()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _ask(self, request: bytes) -> tuple[list[Found], Result]:
        """What the directory answers to the request made last."""
        found: list[Found] = []
        try:
            self._allow_time()
            self._socket.sendall(request)
            while True:
                message = self._receive()
                if isinstance(message, Result):
                    return found, message
                if isinstance(message, Found):
                    found.append(message)
        except TimeoutError:
            raise DirectoryUnavailable("timeout", "waiting for an answer") from None
        except OSError:
            raise DirectoryUnavailable("protocol", "the connection broke") from None
        except Malformed:
            raise DirectoryUnavailable("protocol", "the answer is no LDAP message") from None

    def _receive(self) -> Message:
        """The next message. Raises OSError, Malformed."""
        while (size := ldap_messages.size_of(self._received)) is None or len(self._received) < size:
            if size is not None and size > LARGEST:
                raise DirectoryUnavailable("protocol", "the answer is too large")
            self._allow_time()
            more = self._socket.recv(AT_ONCE)
            if not more:
                raise DirectoryUnavailable("protocol", "the directory closed the connection")
            self._total += len(more)
            if self._total > LARGEST:
                raise DirectoryUnavailable("protocol", "the answers are too large")
            self._received += more
        message = ldap_messages.decode(bytes(self._received[:size]))
        del self._received[:size]
        if message.number == 0:
            raise DirectoryUnavailable("protocol", "the directory ended the conversation")
        if message.number != self._number:
            raise Malformed
        return message

    def _allow_time(self) -> None:
        remaining = self._deadline - self._monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._socket.settimeout(remaining)
