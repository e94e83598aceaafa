"""What a lambda gets to see of an entry, and what says who the entry is."""

from __future__ import annotations

import base64
import subprocess
import sys
from uuid import UUID

import pytest

from identity.outbound.ldap_entry import Entry, entry_of, shown, wanted

GUID = UUID("0f0e0d0c-0b0a-0908-0706-050403020100")
DN = b"cn=a,dc=example"


def entry(attributes: dict[str, list[bytes]], *requested: str) -> Entry:
    made = entry_of(DN, attributes, requested)
    assert made is not None
    return made


@pytest.mark.parametrize("name", ["objectGUID", "objectguid", "objectGUID;binary"])
def test_an_object_guid_reads_as_active_directory_shows_it(name: str) -> None:
    assert entry({name: [GUID.bytes_le]}).unique_id == str(GUID)


def test_an_entry_uuid_comes_before_an_object_guid_and_both_before_the_name() -> None:
    uuid = b"4AA0A6C2-0000-4000-8000-000000000000"
    assert entry({"entryUUID": [uuid], "objectGUID": [GUID.bytes_le]}).unique_id == uuid.decode().lower()
    assert entry({"mail": [b"a@example.com"]}).unique_id == DN.decode()


def test_one_value_is_a_text_and_several_are_a_list() -> None:
    attributes = {"mail": [b"a@example.com"], "title": [b"Dr", b"Prof"], "sn": []}
    assert shown(attributes, ["mail", "title", "sn"]) == {"mail": "a@example.com", "title": ["Dr", "Prof"]}


def test_attributes_have_the_names_they_were_requested_by() -> None:
    assert shown({"GIVENNAME": [b"Ann"], "sn": [b"Lee"]}, ["givenName"]) == {"givenName": "Ann"}


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\x00\x01", b"a\x1bb"])
def test_bytes_that_are_no_text_come_as_base64(value: bytes) -> None:
    assert shown({"x": [value]}, ["x"]) == {"x": base64.b64encode(value).decode()}


@pytest.mark.parametrize("returned", ["objectGUID", "objectGUID;binary"])
def test_what_is_requested_as_bytes_comes_as_base64_even_where_it_reads_as_text(returned: str) -> None:
    expected = {"objectGUID;binary": base64.b64encode(b"0123456789abcdef").decode()}
    assert shown({returned: [b"0123456789abcdef"]}, ["objectGUID;binary"]) == expected


def test_all_attributes_are_those_without_ids_and_password_hashes() -> None:
    attributes = {"sn": [b"Lee"], "userPassword": [b"{SSHA}x"], "entryUUID": [b"x"], "objectGUID;binary": [b"x" * 16]}
    assert shown(attributes, ["*"]) == {"sn": "Lee"}
    assert "userPassword" not in wanted(["*", "userPassword", "userPassword;x"])


def test_a_service_without_directories_does_not_load_the_library() -> None:
    """It would cost every worker some 15 MB."""
    program = "import identity.app, sys; print(any(name.partition('.')[0] == 'ldap3' for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
