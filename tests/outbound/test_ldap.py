"""Directories asked for real: an OpenLDAP server stopped, restarted, in TLS, silent, and full of odd names."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.connectors import Connector, SecurityMethod
from identity.domain.trace import Trace
from identity.outbound.ldap import Directory, Refused
from identity.outbound.ldap_entry import Entry
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.runtime import Runtime
from tests.fakes.authority import Authority
from tests.fakes.slapd import BASE, SERVICE_PASSWORD, Slapd, running_slapd
from tests.outbound.directory import asked, connector_at


@pytest.fixture(scope="module")
def shared() -> Iterator[Slapd]:
    """A directory that every test of this file leaves as it was."""
    with running_slapd() as slapd:
        yield slapd


@pytest.fixture
def own() -> Iterator[Slapd]:
    with running_slapd() as slapd:
        yield slapd


def connector_of(slapd: Slapd, security: SecurityMethod = SecurityMethod.NONE) -> Connector:
    """The connector that trusts the directory's own authority and no other."""
    url = slapd.tls_url if security is SecurityMethod.LDAPS else slapd.url
    return connector_at(url, slapd.authority, security)


def ask(connector: Connector, login_id: str, password: str) -> Entry | Refused:
    return asked(Directory(Runtime(), 48), connector, login_id, password)


def why(connector: Connector, login_id: str = "ann", password: str = "ann's password") -> DirectoryUnavailable:
    with pytest.raises(DirectoryUnavailable) as raised:
        ask(connector, login_id, password)
    return raised.value


def entry(connector: Connector, login_id: str = "ann", password: str = "ann's password") -> Entry:
    found = ask(connector, login_id, password)
    assert isinstance(found, Entry)
    return found


@pytest.mark.parametrize("security", list(SecurityMethod))
def test_the_right_password_is_right_whichever_way_the_directory_is_reached(
    shared: Slapd, security: SecurityMethod
) -> None:
    found = entry(connector_of(shared, security))
    assert found.dn == f"cn=Ann Lee,ou=people,{BASE}"
    assert found.unique_id == str(UUID(found.unique_id))  # the entryUUID
    assert found.attributes == {
        "cn": "Ann Lee",
        "givenName": "Ann",
        "sn": "Lee",
        "mail": "ann@example.com",
        "title": ["Engineer", "Poet"],
        "jpegPhoto": "/9j/4AAQSkZJRgABAQ==",
    }


def test_the_password_hash_is_never_asked_for(shared: Slapd) -> None:
    """The directory would show it to this account, which may read everything."""
    root = replace(connector_of(shared), system_account_dn=f"cn=root,{BASE}", system_account_password="root")
    assert "userPassword" not in entry(root).attributes
    everything = entry(replace(root, requested_attributes=("*",))).attributes
    assert everything["sn"] == "Lee"
    assert "userPassword" not in everything


@pytest.mark.parametrize(
    ("login_id", "password", "expected"),
    [
        ("ann", "wrong", Refused.WRONG_PASSWORD),
        ("ann", "", Refused.NO_PASSWORD),
        ("ann", "\0", Refused.NO_PASSWORD),
        ("", "ann's password", Refused.NOBODY),
        ("nobody", "ann's password", Refused.NOBODY),
        ("twin", "twin's password", Refused.SEVERAL),
        ("\ud800", "ann's password", Refused.NOBODY),
        ("ann", "\ud800", Refused.NOBODY),
    ],
)
def test_a_directory_vouches_for_exactly_one_entry_with_its_own_password(
    shared: Slapd, login_id: str, password: str, expected: Refused
) -> None:
    assert ask(connector_of(shared), login_id, password) is expected


@pytest.mark.parametrize(
    "login_id",
    [
        "*)(uid=*",
        "*",
        "ann*",
        "a*n",
        "ann)(objectClass=*",
        "*)(|(uid=*",
        "\\61nn",
        "ann\0",
        "(uid=ann)",
        "\\2a(odd)\\2a",
        "*(odd)*",
    ],
)
def test_no_login_id_becomes_a_part_of_the_filter(shared: Slapd, login_id: str) -> None:
    assert ask(connector_of(shared), login_id, "ann's password") is Refused.NOBODY
    assert ask(connector_of(shared), login_id, "odd's password") is Refused.NOBODY


@pytest.mark.parametrize(
    ("login_id", "password", "name"),
    [
        ("*(odd)\\2a", "odd's password", "Odd Name"),
        ("jürgen", "pässwörd ✓", "Jürgen Müller"),
        ("nils", "nils's password", "Nils Nomail"),
    ],
)
def test_odd_names_and_other_alphabets_are_found_as_they_are(
    shared: Slapd, login_id: str, password: str, name: str
) -> None:
    assert entry(connector_of(shared), login_id, password).attributes["cn"] == name


def test_a_person_stays_the_same_under_another_name(own: Slapd) -> None:
    before = entry(connector_of(own))
    own.replace(before.dn, uid="ann.lee", givenName="Anne")
    after = entry(connector_of(own), "ann.lee")
    assert after.unique_id == before.unique_id
    assert after.attributes["givenName"] == "Anne"


def test_a_stopped_directory_is_unavailable_and_a_restarted_one_is_not(own: Slapd) -> None:
    connector = connector_of(own, SecurityMethod.START_TLS)
    own.stop()
    assert why(connector).reason == "connect"
    own.start()
    assert entry(connector).attributes["sn"] == "Lee"


@pytest.mark.parametrize("security", [SecurityMethod.LDAPS, SecurityMethod.START_TLS])
def test_no_certificate_of_another_authority_is_believed(shared: Slapd, security: SecurityMethod) -> None:
    """Neither one that the connector does not name nor one that is not the system's."""
    connector = connector_of(shared, security)
    for data in ({"caCertificates": Authority.new().pem}, {}):
        failure = why(replace(connector, data=data))
        assert failure.reason == "tls", failure
        assert "certificate" in failure.detail


def test_authorities_of_the_environment_are_believed(shared: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    from identity.outbound import ldap

    monkeypatch.setenv("SSL_CERT_FILE", str(shared.folder / "ca.pem"))
    ldap._context.cache_clear()
    try:
        assert entry(replace(connector_of(shared, SecurityMethod.LDAPS), data={})).attributes["sn"] == "Lee"
    finally:
        ldap._context.cache_clear()


def test_a_certificate_for_another_host_is_not_believed(shared: Slapd) -> None:
    connector = replace(connector_of(shared, SecurityMethod.START_TLS), authentication_url=shared.stranger_url)
    failure = why(connector)
    assert failure.reason == "tls"
    assert "127.0.0.2" in failure.detail


def test_authorities_that_are_none_are_a_failure_of_tls(shared: Slapd) -> None:
    connector = replace(connector_of(shared, SecurityMethod.LDAPS), data={"caCertificates": "no PEM"})
    assert why(connector).reason == "tls"


def test_tls_where_the_directory_speaks_none_fails(shared: Slapd) -> None:
    connector = replace(connector_of(shared, SecurityMethod.LDAPS), authentication_url=shared.url)
    assert why(connector).reason == "tls"


def test_no_tls_where_the_directory_wants_it_fails(shared: Slapd) -> None:
    connector = replace(connector_of(shared), authentication_url=shared.tls_url)
    assert why(connector).reason == "protocol"


@pytest.mark.parametrize(
    "changes",
    [
        {"system_account_password": "wrong"},
        {"system_account_password": ""},
        {"system_account_dn": ""},
        {"system_account_dn": "no name"},
        {"system_account_dn": f"cn=nobody,{BASE}"},
    ],
)
def test_a_service_account_that_may_not_bind_is_not_the_fault_of_who_logs_in(
    shared: Slapd, changes: dict[str, str]
) -> None:
    assert why(replace(connector_of(shared), **changes)).reason == "service bind refused"


@pytest.mark.parametrize("base", ["dc=elsewhere,dc=com", "no name", f"ou=nowhere,{BASE}"])
def test_a_search_base_that_is_none_is_not_the_fault_of_who_logs_in(shared: Slapd, base: str) -> None:
    failure = why(replace(connector_of(shared), base_structure=base))
    assert failure.reason == "protocol"
    assert "search" in failure.detail


@pytest.mark.parametrize("url", ["ldap://", "ldap://[", "ldap://host:99999", "ldap://no such host", "nonsense"])
def test_an_address_that_leads_nowhere_is_no_connection(shared: Slapd, url: str) -> None:
    assert why(replace(connector_of(shared), authentication_url=url)).reason == "connect"


def test_a_directory_that_says_nothing_is_given_up_after_the_read_timeout(own: Slapd) -> None:
    connector = replace(connector_of(own), read_timeout=200)
    with own.silent():
        started = time.monotonic()
        assert why(connector).reason == "timeout"
    assert time.monotonic() - started < 3
    assert entry(connector_of(own)).attributes["sn"] == "Lee"


def test_a_dead_directory_takes_a_part_of_the_threads_only(own: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight threads two ask and two wait; the others hear at once that the directory is busy."""
    from identity.outbound import ldap

    monkeypatch.setattr(ldap, "WAIT_FOR_TURN", 0.1)
    directory, connector = Directory(Runtime(), 8), replace(connector_of(own), read_timeout=3000)
    reasons: list[str] = []

    def login() -> None:
        try:
            asked(directory, connector, "ann", "ann's password")
        except DirectoryUnavailable as failure:
            reasons.append(failure.reason)

    with own.silent():
        threads = [threading.Thread(target=login) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(reasons) == ["busy"] * 8 + ["timeout"] * 2
    assert isinstance(asked(directory, connector_of(own), "ann", "ann's password"), Entry)


def test_many_dead_directories_leave_a_quarter_of_the_threads(own: Slapd) -> None:
    """Of eight threads six are with directories, whichever; the others hear at once that they are busy."""
    directory, dead = Directory(Runtime(), 8), replace(connector_of(own), read_timeout=1000)
    reasons: list[str] = []

    def login(number: int) -> None:
        try:
            asked(directory, replace(dead, id=UUID(int=number)), "ann", "ann's password")
        except DirectoryUnavailable as failure:
            reasons.append(failure.reason)

    with own.silent():
        threads = [threading.Thread(target=login, args=(number,)) for number in 4 * [1, 2, 3]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(reasons) == ["busy"] * 6 + ["timeout"] * 6
    assert isinstance(asked(directory, connector_of(own), "ann", "ann's password"), Entry)


def test_the_password_of_who_is_barred_does_not_leave(shared: Slapd) -> None:
    asked_about: list[str] = []

    def nobody(unique_id: str) -> bool:
        asked_about.append(unique_id)
        return False

    directory, connector = Directory(Runtime(), 48), connector_of(shared)
    answer = directory.authenticate(connector, "ann", "ann's password", Trace(Runtime().now), nobody)
    assert answer is Refused.BARRED
    assert asked_about == [entry(connector).unique_id]


def test_the_steps_name_no_person(shared: Slapd) -> None:
    trace = Trace(Runtime().now)
    Directory(Runtime(), 48).authenticate(connector_of(shared), "ann", "ann's password", trace, lambda _: True)
    told = " ".join(step.text for step in trace)
    assert "Directory" in told
    assert not any(word in told for word in ("Ann", "Lee", "password", SERVICE_PASSWORD))


def test_every_connection_is_closed(shared: Slapd) -> None:
    """Else the warnings of this test are errors."""
    for login_id in ("ann", "nobody", "twin"):
        ask(connector_of(shared, SecurityMethod.START_TLS), login_id, "wrong")
    with socket.create_connection(("127.0.0.1", shared.port), timeout=5):
        pass
