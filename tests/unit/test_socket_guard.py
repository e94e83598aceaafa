"""The guard that keeps every test on this machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443)])
def test_a_connection_beyond_this_machine_is_refused(address: tuple[str, int]) -> None:
    with socket.socket() as probe, pytest.raises(AssertionError, match="not this machine"):
        probe.connect(address)


def test_a_connection_to_this_machine_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
