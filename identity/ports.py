"""Which ports of this machine are free, and whether a service answers on one."""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import itertools
import os
import socket

HIGHEST = 65_535
LISTENING = range(20_000, 32_768)
STRIDE = 97
"""How far from each other two processes with neighbouring ids begin to look."""
_asked = itertools.count()


def _connectable(host: str) -> str:
    """The address to reach a server at that listens on `host`, which may mean every address of the machine."""
    try:
        listens = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not listens.is_unspecified:
        return host
    return "::1" if listens.version == 6 else "127.0.0.1"


def address(host: str, port: int) -> str:
    """Where to reach a server that listens on `host`, as it stands in a URL."""
    reached = _connectable(host)
    return f"[{reached}]:{port}" if ":" in reached else f"{reached}:{port}"


def port_argument(text: str) -> int:
    """The port that a command is given; 0 stands for a free one."""
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number up to {HIGHEST}, 0 for a free one")
    return int(text)


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there. Closed connections that still linger do not count."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str) -> int:
    """A port that nobody listens on, another one at every call.

    It is below those that the system gives to outgoing connections: between this moment and the one when a server
    listens there, a busy machine would take one of those.
    """
    for _ in LISTENING:
        port = LISTENING[(os.getpid() * STRIDE + next(_asked)) % len(LISTENING)]
        if is_free(host, port):
            return port
    raise OSError(f"no port of {host} is free")


def status_of(host: str, port: int, path: str) -> int | None:
    """The HTTP status of a GET; None when nobody answers."""
    connection = http.client.HTTPConnection(_connectable(host), port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
