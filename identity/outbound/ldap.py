"""Directories: whether a password is right for whoever a directory knows by a login id (rocket contract 9).

The service account looks for the one entry, and the password is tried by a bind as that entry. Everything is bounded:
the time of one login, what is read, and how many logins wait for one directory, so that a dead one leaves the service
its threads. Certificates and host names are always verified; docs/decisions/0029 says what is not guarded, and why.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from identity.domain.connectors import Connector, SecurityMethod
from identity.domain.trace import Trace
from identity.outbound.dial import Dialer
from identity.outbound.ldap_entry import Entry, entry_of, wanted
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.runtime import Runtime
from identity.upstream import UpstreamUnreachable

if TYPE_CHECKING:
    from identity.outbound.ldap_conversation import Conversation

WAIT_FOR_TURN = 2.0
"""Seconds a login waits when as many as allowed are asking the same directory."""

CONTEXTS = 32
"""TLS contexts with own authorities that are kept."""

PORTS = {"ldap": 389, "ldaps": 636}
MILLISECONDS = 1000

NO_SUCH_OBJECT = 32
SIZE_LIMIT_EXCEEDED = 4
TIME_LIMIT_EXCEEDED = 3
REFUSED_BINDS = frozenset({19, NO_SUCH_OBJECT, 34, 48, 49, 50, 53})
"""Results of a bind that say no to this name and password; any other is trouble of the directory's own."""


Admits = Callable[[str], bool]
"""Whether a password may be tried for the entry with this unique id. It is asked while the connection is open."""


class Refused(Enum):
    """A directory has answered, and vouches for nobody. The value says why, to administrators."""

    NO_PASSWORD = "A directory is never asked with an empty password."  # noqa: S105 (no secret)
    NOBODY = "No entry of the directory has the login id."
    SEVERAL = "More than one entry of the directory has the login id."
    BARRED = "The password is not tried: the entry's user is locked out, or has one of this service's own."
    WRONG_PASSWORD = "The directory did not accept the password."  # noqa: S105


@dataclass(slots=True)
class _Turns:
    """How many may ask one directory now, and how many may wait for that."""

    asking: threading.Semaphore
    admitted: threading.Semaphore
    """Those who ask and those who wait."""


class Directory:
    """Asks directories for one process; safe for many threads."""

    def __init__(self, runtime: Runtime, threads: int) -> None:
        self._monotonic = runtime.monotonic
        self._dialer = Dialer(runtime.monotonic)
        self._each = max(threads // 4, 1)
        self._everybody = threading.Semaphore(3 * self._each)
        self._turns: dict[UUID, _Turns] = {}
        self._lock = threading.Lock()

    def authenticate(
        self, connector: Connector, login_id: str, password: str, trace: Trace, admits: Admits
    ) -> Entry | Refused:
        """To be called with no transaction open. Raises DirectoryUnavailable."""
        try:
            value, secret = login_id.encode(), password.encode()
        except UnicodeEncodeError:  # a lone surrogate is in no directory
            return Refused.NOBODY
        if not secret or b"\0" in secret:  # with an empty one many directories let anybody in (RFC 4513 section 5.1.2)
            return Refused.NO_PASSWORD
        if not value:
            return Refused.NOBODY
        with self._turn(connector.id), self._conversation(connector, trace) as conversation:
            return _ask(conversation, connector, value, secret, trace, admits)

    @contextmanager
    def _turn(self, connector_id: UUID) -> Iterator[None]:
        """At most a quarter of the threads ask one directory, and as many wait. Raises DirectoryUnavailable.

        A quarter of them is left to those who ask none, however many directories are dead.
        """
        with self._lock:
            turns = self._turns.get(connector_id)
            if turns is None:
                turns = _Turns(threading.Semaphore(self._each), threading.Semaphore(2 * self._each))
                self._turns[connector_id] = turns
        with (
            _one_of(turns.admitted, timeout=0),
            _one_of(self._everybody, timeout=0),
            _one_of(turns.asking, timeout=WAIT_FOR_TURN),
        ):
            yield

    @contextmanager
    def _conversation(self, connector: Connector, trace: Trace) -> Iterator[Conversation]:
        from identity.outbound.ldap_conversation import Conversation  # noqa: PLC0415 (15 MB, for the first directory)

        scheme, host, port = address_of(connector)
        context = None if connector.security_method is SecurityMethod.NONE else _context(connector.ca_certificates)
        try:
            connected = self._dialer.dial(
                host,
                port,
                tls=False,
                connect_timeout=connector.connect_timeout / MILLISECONDS,
                tls_timeout=0,
            )
        except UpstreamUnreachable as unreachable:
            raise DirectoryUnavailable(unreachable.reason, f"connecting to {host}:{port}") from None
        deadline = self._monotonic() + connector.read_timeout / MILLISECONDS  # for all that is said, TLS included
        conversation = Conversation(connected, deadline, self._monotonic)
        try:
            if context is not None:
                if scheme == "ldap":
                    conversation.start_tls()
                conversation.secure(context, host)
            trace.add(f"Connected to the directory [{connector.name}] ({connector.security_method.value}).")
            yield conversation
        finally:
            conversation.close()


@contextmanager
def _one_of(turns: threading.Semaphore, timeout: float) -> Iterator[None]:
    """Raises DirectoryUnavailable when none becomes free in time."""
    if not turns.acquire(timeout=timeout):
        raise DirectoryUnavailable("busy")
    try:
        yield
    finally:
        turns.release()


def address_of(connector: Connector) -> tuple[str, str, int]:
    """Scheme, host and port of its authenticationURL. Raises DirectoryUnavailable."""
    scheme = connector.security_method.scheme
    try:
        parts = urlsplit(connector.authentication_url)
        host, port = parts.hostname, parts.port or PORTS[scheme]
    except ValueError:
        host, port = None, 0
    if not host:
        raise DirectoryUnavailable("connect", "the authenticationURL names no host")
    return scheme, host, port


def _ask(
    conversation: Conversation, connector: Connector, value: bytes, secret: bytes, trace: Trace, admits: Admits
) -> Entry | Refused:
    account = connector.system_account_dn.encode(), connector.system_account_password.encode()
    if not all(account):
        raise DirectoryUnavailable("service bind refused", "there is no name or no password to bind with")
    result = conversation.bind(*account)
    if result.code:
        raise DirectoryUnavailable("service bind refused", result.name)
    found, result = conversation.search(
        connector.base_structure,
        connector.login_id_attribute,
        value,
        wanted(connector.requested_attributes),
        most=2,
    )
    if result.code == TIME_LIMIT_EXCEEDED:
        raise DirectoryUnavailable("timeout", "the search")
    if result.code == SIZE_LIMIT_EXCEEDED or len(found) > 1:
        return Refused.SEVERAL
    if result.code:
        raise DirectoryUnavailable("protocol", f"the search was refused: {result.name}")
    if not found:
        return Refused.NOBODY
    entry = entry_of(found[0].dn, found[0].attributes, connector.requested_attributes)
    if entry is None:
        raise DirectoryUnavailable("protocol", "the entry has no id that can be kept")
    trace.add(f"The directory has one entry by this login id: {entry.unique_id}.")
    if not admits(entry.unique_id):
        return Refused.BARRED
    result = conversation.bind(found[0].dn, secret)
    if result.code in REFUSED_BINDS:
        return Refused.WRONG_PASSWORD
    if result.code:
        raise DirectoryUnavailable("protocol", f"the bind failed: {result.name}")
    return entry


@lru_cache(maxsize=CONTEXTS)
def _context(authorities: str | None) -> ssl.SSLContext:
    """One that trusts these authorities, or the system's. Raises DirectoryUnavailable."""
    try:
        return ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError):
        raise DirectoryUnavailable("tls", "the connector's caCertificates are no certificates") from None
