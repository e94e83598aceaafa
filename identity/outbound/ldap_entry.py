"""An entry of a directory as the service sees it: who it is, and its attributes as JSON-able values for the lambda."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.bounds import storable

ENTRY_UUID = "entryUUID"
OBJECT_GUID = "objectGUID"
IDENTIFYING = (ENTRY_UUID, OBJECT_GUID)
LONGEST_ID = 2000
"""Bytes; a name in a directory has no limit, but what is kept of it and looked up has."""

BINARY = frozenset(
    {"objectguid", "objectsid", "jpegphoto", "photo", "thumbnailphoto", "audio", "usercertificate", "cacertificate"}
)
"""Attributes whose values are bytes even where these happen to read as text."""

NEVER = frozenset({"userpassword", "unicodepwd", "sambantpassword", "krbprincipalkey"})
"""Attributes that nobody asks a directory for."""

PRINTABLE_CONTROLS = "\t\n\r"


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom a directory has vouched for."""

    dn: str
    unique_id: str
    """entryUUID, else objectGUID, else the DN: what stays the same when a person's names change."""

    attributes: Mapping[str, Any] = field(repr=False)
    """Text, or base64 for bytes; a list where the entry has more than one value."""


def wanted(requested: Sequence[str]) -> list[str]:
    """What to ask for: the attributes that a connector requests, and those that say who it is."""
    allowed = [name for name in requested if base_name(name) not in NEVER]
    return list(dict.fromkeys([*allowed, *IDENTIFYING]))


def entry_of(dn: bytes, attributes: Mapping[str, Sequence[bytes]], requested: Sequence[str]) -> Entry | None:
    """None when it has no id that can be kept."""
    try:
        name = dn.decode()
    except UnicodeDecodeError:
        return None
    unique_id = _unique_id(name, {base_name(key): values for key, values in attributes.items()})
    if not name or not unique_id or not storable(unique_id) or len(unique_id.encode()) > LONGEST_ID:
        return None
    return Entry(name, unique_id, shown(attributes, requested))


def shown(attributes: Mapping[str, Sequence[bytes]], requested: Sequence[str]) -> dict[str, Any]:
    """The requested attributes under the names as they were requested; all of them where `*` was."""
    names = {name.lower(): name for name in requested}
    hidden = {name.lower() for name in IDENTIFYING}
    values = {}
    for name, given in attributes.items():
        asked_for = names.get(name.lower()) or names.get(f"{name.lower()};binary")  # a server may drop the option
        if base_name(name) in NEVER or not given:
            continue
        if asked_for is not None or ("*" in names and base_name(name) not in hidden):
            texts = [_value(asked_for or name, value) for value in given]
            values[asked_for or name] = texts[0] if len(texts) == 1 else texts
    return values


def base_name(attribute: str) -> str:
    """The attribute without its options: `userCertificate;binary` is a userCertificate."""
    return attribute.partition(";")[0].lower()


def _unique_id(dn: str, attributes: Mapping[str, Sequence[bytes]]) -> str | None:
    if given := attributes.get(ENTRY_UUID.lower()):
        return _value(ENTRY_UUID, given[0]).lower()
    if given := attributes.get(OBJECT_GUID.lower()):
        return str(UUID(bytes_le=given[0])) if len(given[0]) == 16 else given[0].hex()
    return dn


def _value(name: str, value: bytes) -> str:
    if base_name(name) not in BINARY and not name.lower().endswith(";binary"):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            pass
        else:
            if all(char.isprintable() or char in PRINTABLE_CONTROLS or ord(char) > 0x7F for char in text):
                return text
    return base64.b64encode(value).decode()
