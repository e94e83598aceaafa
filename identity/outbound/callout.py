"""Calls to addresses that administrators typed in: webhooks and messengers. Guarded, bounded, one connection each.

Never a redirect, never a proxy, at most 64 KiB of an answer, and nothing but its status and body is looked at.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from identity.outbound.dial import Dialer
from identity.outbound.guard import Guard
from identity.outbound.http import encoded, read_answer, split_url
from identity.outbound.incoming import Incoming
from identity.runtime import Runtime
from identity.upstream import Answer, UpstreamUnreachable

LARGEST_ANSWER = 64 * 1024
WIRE_LIMIT = 2 * LARGEST_ANSWER
CONTEXTS = 32
"""TLS contexts with an own certificate that are kept."""


@dataclass(frozen=True, slots=True)
class Callout:
    """One request to make. Times in seconds; `certificate` is a PEM that is trusted beside the usual authorities."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    connect_timeout: float = 1.0
    read_timeout: float = 2.0
    certificate: str | None = None


class Caller:
    """Makes callouts for one process; safe for many threads."""

    def __init__(self, runtime: Runtime, guard: Guard) -> None:
        self._monotonic = runtime.monotonic
        self._dialer = Dialer(runtime.monotonic, guard)

    def post(self, callout: Callout, *, budget: float | None = None) -> Answer:
        """POST it and return whatever answer comes; `budget` is the most seconds it may take in all.

        Raises UpstreamUnreachable, ValueError for a URL or header that can not be sent.
        """
        most = callout.connect_timeout + callout.read_timeout
        deadline = self._monotonic() + (most if budget is None else min(most, budget))
        origin, target = split_url(callout.url)
        request = encoded("POST", origin, target, callout.headers, callout.body)
        remaining = max(deadline - self._monotonic(), 0.001)
        connected = self._dialer.dial(
            origin.host,
            origin.port,
            tls=origin.tls,
            connect_timeout=min(callout.connect_timeout, remaining),
            tls_timeout=min(callout.read_timeout, remaining),
            context=_context(callout.certificate) if callout.certificate else None,
        )
        with connected:
            return self._exchange(
                connected, request, Incoming(connected, deadline, callout.read_timeout, self._monotonic, WIRE_LIMIT)
            )

    def _exchange(self, connected: socket.socket, request: bytes, incoming: Incoming) -> Answer:
        try:
            incoming.allow_time()
            connected.sendall(request)
            answer, _ = read_answer(incoming, "POST", LARGEST_ANSWER)
        except TimeoutError:
            raise UpstreamUnreachable("timeout") from None
        except (OSError, http.client.IncompleteRead):
            raise UpstreamUnreachable("reset") from None
        except http.client.HTTPException:
            raise UpstreamUnreachable("garbage") from None
        return answer


@lru_cache(maxsize=CONTEXTS)
def _context(certificate: str) -> ssl.SSLContext:
    """The usual authorities and this certificate, which need not be an authority itself. Raises UpstreamUnreachable."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=certificate)
    except (ssl.SSLError, ValueError):
        raise UpstreamUnreachable("tls") from None
    return context
