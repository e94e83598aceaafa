"""The SMTP side: takes every mail, whoever sends it to whom, and puts it into the inbox."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from identity.emulators.mail.inbox import Inbox

LARGEST = 10 * 1024 * 1024
PATIENCE = 5.0


class SmtpListener:
    """Listens in a thread of its own while the block lasts; `port` 0 takes a free one."""

    def __init__(self, inbox: Inbox, host: str, port: int) -> None:
        self.port = port
        self._inbox = inbox
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Transport] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)

    def __enter__(self) -> SmtpListener:
        try:
            self._server = self._loop.run_until_complete(
                self._loop.create_server(self._connection, self._host, self.port)
            )
        except OSError:
            self._loop.close()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 (the library's name)
        raw = envelope.original_content or b""
        self._inbox.take_mail(str(envelope.mail_from), [str(each) for each in envelope.rcpt_tos], raw)
        return "250 caught"

    def _connection(self) -> SMTP:
        return _Connection(
            self._connections, self, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="catcher", loop=self._loop
        )

    async def _end(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        for connection in self._connections:
            connection.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Connection(SMTP):
    """A conversation that can be ended from outside."""

    def __init__(self, connections: set[asyncio.Transport], handler: SmtpListener, **options: Any) -> None:
        self._connections = connections
        super().__init__(handler, **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._mine = transport
        self._connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self._mine)
        super().connection_lost(error)
