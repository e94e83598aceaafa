"""Where webhooks and messengers may lead (security T25)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from identity.outbound.guard import Forbidden, Guard

PUBLIC = ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34")
NEAR = ("127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "fd00::1", "::ffff:127.0.0.1")
NEVER = (
    "169.254.169.254",
    "fe80::1%1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "100.64.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0:169.254.169.254",
    "64:ff9b:1::a00:1",
    "fec0::1",
    "192.0.0.192",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    Guard().check([address])


@pytest.mark.parametrize("address", NEAR)
def test_what_is_near_may_be_called_only_where_that_is_allowed(address: str) -> None:
    with pytest.raises(Forbidden):
        Guard().check([address])
    Guard(allow_private=True).check([address])


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_may_never_be_called(address: str) -> None:
    with pytest.raises(Forbidden):
        Guard(allow_private=True).check([address])


@pytest.mark.parametrize("address", ["64:ff9b::a00:1", "2002:a00:1::1", "::a00:1", "::ffff:0:a00:1"])
def test_an_address_that_stands_for_a_private_one_is_private(address: str) -> None:
    with pytest.raises(Forbidden):
        Guard().check([address])


def test_an_operator_may_open_a_network_and_no_more_than_that() -> None:
    guard = Guard(allowed=(ip_network("10.1.0.0/16"),))
    guard.check(["10.1.2.3", "93.184.216.34"])
    with pytest.raises(Forbidden):
        guard.check(["10.2.0.1"])


def test_one_forbidden_address_of_a_name_forbids_the_name() -> None:
    with pytest.raises(Forbidden):
        Guard().check(["93.184.216.34", "127.0.0.1"])
