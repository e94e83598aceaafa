"""A directory that answers with nonsense, with too much, or drop by drop: a login ends, and as `unavailable`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.connectors import SecurityMethod
from identity.outbound import ldap_messages
from identity.outbound.ldap import Directory, Refused
from identity.outbound.ldap_conversation import LARGEST
from identity.outbound.ldap_entry import Entry
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.outbound.ldap_messages import Malformed
from identity.runtime import Runtime
from tests.fakes.authority import Authority
from tests.outbound.directory import asked, connector_at

Say = Callable[[socket.socket], None]


@contextmanager
def liar(*answers: bytes | Say, heard: list[bytes] | None = None) -> Iterator[str]:
    """A server that gives these answers, one to each request, and then hangs up; `heard` gets the requests."""

    def serve() -> None:
        connected, _ = server.accept()
        connected.settimeout(5)
        with connected:
            try:
                for answer in answers:
                    request = connected.recv(4096)
                    if heard is not None:
                        heard.append(request)
                    if not request:
                        return
                    if isinstance(answer, bytes):
                        connected.sendall(answer)
                    else:
                        answer(connected)
            except OSError:
                return  # it was hung up on

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ldap://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join()


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    width = (len(body).bit_length() + 7) // 8
    length = bytes([len(body)]) if len(body) < 0x80 else bytes([0x80 | width]) + len(body).to_bytes(width, "big")
    return bytes([tag]) + length + body


def message(number: int, operation: bytes) -> bytes:
    return tlv(0x30, tlv(2, bytes([number])), operation)


def result(number: int, tag: int, code: int = 0) -> bytes:
    return message(number, tlv(tag, tlv(10, bytes([code])), tlv(4), tlv(4)))


def found(number: int, dn: bytes, **attributes: bytes) -> bytes:
    listed = [tlv(0x30, tlv(4, name.encode()), tlv(0x31, tlv(4, value))) for name, value in attributes.items()]
    return message(number, tlv(0x64, tlv(4, dn), tlv(0x30, *listed)))


BOUND = result(1, 0x61)
DONE = result(2, 0x65)
LET_IN = result(3, 0x61)


def ask(url: str, security: SecurityMethod = SecurityMethod.NONE, read_timeout: int = 3000) -> Entry | Refused:
    connector = replace(connector_at(url, Authority.new(), security), read_timeout=read_timeout)
    return asked(Directory(Runtime(), 4), connector, "ann", "x")


def reason(url: str, security: SecurityMethod = SecurityMethod.NONE, read_timeout: int = 3000) -> str:
    with pytest.raises(DirectoryUnavailable) as raised:
        ask(url, security, read_timeout)
    return raised.value.reason


def test_the_liar_of_these_tests_can_tell_the_truth() -> None:
    with liar(BOUND, found(2, b"cn=a", mail=b"a@example.com") + DONE, LET_IN) as url:
        entry = ask(url)
    assert entry == Entry("cn=a", "cn=a", {"mail": "a@example.com"})


INSTEAD_OF_A_RESULT = {
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no length": b"\x30\x80\x02\x01\x01",
    "a length of five bytes": b"\x30\x85\x01\x00\x00\x00\x00",
    "two gigabytes": b"\x30\x84\x7f\xff\xff\xff",
    "nothing in a message": b"\x30\x00",
    "a number only": b"\x30\x03\x02\x01\x01",
    "an operation without members": b"\x30\x05\x02\x01\x01\x61\x00",
    "a deep nest": tlv(0x30, tlv(2, b"\x01"), b"\x30\x80" * 500),
    "an empty code": message(1, tlv(0x61, tlv(10), tlv(4), tlv(4))),
    "an empty number": tlv(0x30, tlv(2), tlv(0x61, tlv(10, b"\0"), tlv(4), tlv(4))),
    "the answer to another question": result(9, 0x61),
    "a notice of disconnection": result(0, 0x78),
    "an intermediate answer": message(1, tlv(0x79)),
    "silence and the end": b"",
}


@pytest.mark.parametrize("name", INSTEAD_OF_A_RESULT)
def test_nonsense_instead_of_the_answer_to_a_bind(name: str) -> None:
    with liar(INSTEAD_OF_A_RESULT[name]) as url:
        assert reason(url) == "protocol"


INSTEAD_OF_AN_ENTRY = {
    "no end": found(2, b"cn=a", mail=b"a@example.com"),
    "no name": found(2, b"", entryUUID=b"4aa0a6c2") + DONE,
    "a name that is no text": found(2, b"\xff\xfe") + DONE,
    "a name that no database holds": found(2, b"cn=a\0b") + DONE,
    "a name without measure": found(2, b"cn=" + b"a" * 5000) + DONE,
    "more than fits": found(2, b"cn=a") + found(2, b"x" * (LARGEST + 1)),
    "an attribute that is no text": message(
        2, tlv(0x64, tlv(4, b"cn=a"), tlv(0x30, tlv(0x30, tlv(4, b"\xff"), tlv(0x31))))
    )
    + DONE,
    "no attributes at all": message(2, tlv(0x64, tlv(4, b"cn=a"))) + DONE,
    "a referral": result(2, 0x65, 10),
    "busy": result(2, 0x65, 51),
}


@pytest.mark.parametrize("name", INSTEAD_OF_AN_ENTRY)
def test_nonsense_instead_of_an_entry(name: str) -> None:
    with liar(BOUND, INSTEAD_OF_AN_ENTRY[name]) as url:
        assert reason(url) == "protocol"


def test_what_postgresql_cannot_hold_comes_as_base64() -> None:
    with liar(BOUND, found(2, b"cn=a", mail=b"a\0b") + DONE, LET_IN) as url:
        entry = ask(url)
    assert isinstance(entry, Entry)
    assert entry.attributes == {"mail": "YQBi"}


def test_a_thousand_hits_are_several() -> None:
    with liar(BOUND, found(2, b"cn=a") * 1000 + DONE) as url:
        assert ask(url) is Refused.SEVERAL


def test_references_elsewhere_are_not_followed() -> None:
    elsewhere = message(2, tlv(0x73, tlv(4, b"ldap://127.0.0.9:1/dc=x")))
    with liar(BOUND, elsewhere + DONE) as url:
        assert ask(url) is Refused.NOBODY


@pytest.mark.parametrize("code", [1, 2, 8, 10, 13, 51, 52, 80, 127])
def test_a_bind_that_fails_for_another_reason_says_nothing_about_the_password(code: int) -> None:
    with liar(BOUND, found(2, b"cn=a") + DONE, result(3, 0x61, code)) as url:
        assert reason(url) == "protocol"


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for() -> None:
    def drip(connected: socket.socket) -> None:
        for byte in BOUND * 20:
            connected.sendall(bytes([byte]))
            time.sleep(0.05)

    with liar(drip) as url:
        started = time.monotonic()
        assert reason(url, read_timeout=300) == "timeout"
        assert time.monotonic() - started < 5


def test_what_was_said_before_tls_is_not_taken_for_said_within() -> None:
    with liar(result(1, 0x78) + BOUND) as url:
        assert reason(url, SecurityMethod.START_TLS) == "protocol"


@pytest.mark.parametrize("code", [1, 2, 52])
def test_where_tls_is_refused_no_password_is_sent(code: int) -> None:
    heard: list[bytes] = []
    with liar(result(1, 0x78, code), b"", b"", heard=heard) as url:
        assert reason(url, SecurityMethod.START_TLS) == "tls"
    assert heard == [ldap_messages.start_tls(1), ldap_messages.unbind(2), b""]


@given(st.binary(max_size=200))
def test_no_bytes_bring_out_anything_but_a_message_or_malformed(noise: bytes) -> None:
    for data in (noise, tlv(0x30, tlv(2, b"\x01"), noise), message(1, tlv(0x64, noise)), message(1, tlv(0x61, noise))):
        with suppress(Malformed):
            ldap_messages.decode(data)
