"""Where calls to addresses that administrators typed in may go: no such call reaches what only this machine or its
network can see, unless the operator says so (security T25).

A name is resolved once, every address it has is judged, and the connection goes to one of these very addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EMBEDDING = (
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64: the IPv4 address is the last 32 bits
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4: bits 16 to 48
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible
)
"""IPv6 networks whose addresses lead to an IPv4 address, and how far right that one has to be shifted."""

INNER: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments; clouds answer questions about a machine here
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of this network
    ipaddress.IPv6Network("fec0::/10"),  # site-local
)
"""Networks that are not the public one, although `is_global` says so."""


class Forbidden(Exception):
    """The address is none that may be called. The message names no address: who asks may not know it."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`allow_private` opens private and loopback addresses; `allowed` are networks an operator has opened."""

    allow_private: bool = False
    allowed: tuple[Network, ...] = ()

    def check(self, addresses: Iterable[str]) -> None:
        """All addresses of one name. Raises Forbidden if any of them may not be called."""
        for text in addresses:
            if not self.permits(_plain(ipaddress.ip_address(text.partition("%")[0]))):
                raise Forbidden("the address is not public")

    def permits(self, address: Address) -> bool:
        if any(address in network for network in self.allowed if network.version == address.version):
            return True
        if address.is_multicast or address.is_unspecified or address.is_link_local:
            return False
        if any(address in network for network in INNER if network.version == address.version):
            return False
        if address.is_loopback or (address.is_private and not address.is_reserved):
            return self.allow_private
        return address.is_global


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    for network, shift in EMBEDDING:
        if address in network and not address.is_loopback and not address.is_unspecified:
            return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address
