"""The LDAP messages of a login, to bytes and back: ldap3 has their forms and their encoding (RFC 4511).

The filter is built as a value and never written as text, so nothing that is typed in can become a part of it. This
module is imported when the first directory is asked: ldap3 costs a process some 15 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ldap3.core.results import RESULT_CODES
from ldap3.protocol.rfc4511 import (
    AssertionValue,
    AttributeDescription,
    AttributeSelection,
    AuthenticationChoice,
    BindRequest,
    DerefAliases,
    EqualityMatch,
    ExtendedRequest,
    Filter,
    Integer0ToMax,
    LDAPMessage,
    MessageID,
    ProtocolOp,
    RequestName,
    Scope,
    SearchRequest,
    Selector,
    Simple,
    TypesOnly,
    UnbindRequest,
    Version,
)
from ldap3.utils.asn1 import decode_message_fast, encode

START_TLS = "1.3.6.1.4.1.1466.20037"
SEQUENCE = 0x30
RESULTS = frozenset({1, 5, 24})
"""What ends an operation, by the tags of RFC 4511: the answers to bind, search and extended requests."""

FOUND = 4
REFERENCE = 19


class Malformed(Exception):
    """The bytes are no LDAP message, or none that a login has use for."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of an operation; `code` is 0 where it succeeded."""

    number: int
    code: int

    @property
    def name(self) -> str:
        """What RFC 4511 calls the code."""
        return str(RESULT_CODES.get(self.code, f"result {self.code}"))


@dataclass(frozen=True, slots=True)
class Found:
    """One entry that a search found."""

    number: int
    dn: bytes
    attributes: dict[str, list[bytes]]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A reference to another directory, which nobody follows."""

    number: int


Message = Result | Found | Elsewhere


def bind(number: int, dn: bytes, password: bytes) -> bytes:
    """A simple bind."""
    request = BindRequest()
    request["version"] = Version(3)
    request["name"] = dn
    request["authentication"] = AuthenticationChoice().setComponentByName("simple", Simple(password))
    return _encoded(number, "bindRequest", request)


def search(
    number: int, base: str, attribute: str, value: bytes, wanted: Sequence[str], *, most: int, seconds: int
) -> bytes:
    """A search of the whole subtree for entries whose `attribute` equals `value`."""
    match = EqualityMatch()
    match["attributeDesc"] = AttributeDescription(attribute)
    match["assertionValue"] = AssertionValue(value)
    selection = AttributeSelection()
    for index, name in enumerate(wanted):
        selection[index] = Selector(name)
    request = SearchRequest()
    request["baseObject"] = base.encode()
    request["scope"] = Scope("wholeSubtree")
    request["derefAliases"] = DerefAliases("neverDerefAliases")
    request["sizeLimit"] = Integer0ToMax(most)
    request["timeLimit"] = Integer0ToMax(seconds)
    request["typesOnly"] = TypesOnly(False)
    request["filter"] = Filter().setComponentByName("equalityMatch", match)
    request["attributes"] = selection
    return _encoded(number, "searchRequest", request)


def start_tls(number: int) -> bytes:
    request = ExtendedRequest()
    request["requestName"] = RequestName(START_TLS)
    return _encoded(number, "extendedReq", request)


def unbind(number: int) -> bytes:
    return _encoded(number, "unbindRequest", UnbindRequest(""))


def size_of(received: bytes | bytearray) -> int | None:
    """How many bytes the message has that begins here; None while that cannot be told. Raises Malformed."""
    if received[:1] not in (b"", bytes([SEQUENCE])):
        raise Malformed
    if len(received) < 2:
        return None
    if received[1] < 0x80:
        return 2 + received[1]
    width = received[1] & 0x7F
    if not 0 < width <= 4:
        raise Malformed
    if len(received) < 2 + width:
        return None
    return 2 + width + int.from_bytes(received[2 : 2 + width], "big")


def decode(message: bytes) -> Message:
    """Raises Malformed."""
    try:
        return _message(decode_message_fast(message))
    except Malformed:
        raise
    except Exception:  # noqa: BLE001 (the decoder trusts its input: hostile bytes bring out errors of every kind)
        raise Malformed from None


def _message(decoded: dict[str, Any]) -> Message:
    number, kind, payload = decoded["messageID"], decoded["protocolOp"], decoded["payload"]
    if kind in RESULTS:
        return Result(number, int(payload[0][3]))
    if kind == FOUND:
        attributes = {
            bytes(each[3][0][3]).decode(): [bytes(value[3]) for value in each[3][1][3]] for each in payload[1][3]
        }
        return Found(number, bytes(payload[0][3]), attributes)
    if kind == REFERENCE:
        return Elsewhere(number)
    raise Malformed


def _encoded(number: int, operation: str, request: Any) -> bytes:
    message = LDAPMessage()
    message["messageID"] = MessageID(number)
    message["protocolOp"] = ProtocolOp().setComponentByName(operation, request)
    return bytes(encode(message))
