"""A real OpenLDAP server for tests: its own folder, people, ports and certificate authority.

Debian's slapd is in /usr/sbin, which is not on everybody's PATH. Where AppArmor confines it to its usual folders (not
in containers), `aa-complain slapd` lets it read those of the tests.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import ldap3
import pytest

from tests.fakes.authority import Authority

FOLDERS = ("/usr/sbin", "/usr/lib/openldap", "/usr/libexec", "/usr/local/libexec", "/usr/local/sbin")
SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")
MODULES = ("/usr/lib/ldap", "/usr/lib/openldap", "/usr/libexec/openldap")

BASE = "dc=example,dc=com"
SERVICE_DN = f"cn=service,{BASE}"
SERVICE_PASSWORD = "service secret"
STARTS_WITHIN = 15.0
STATISTICS = "256"
"""The level of its log at which it notes every operation."""

PEOPLE = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {SERVICE_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: service
userPassword: {SERVICE_PASSWORD}

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: cn=Ann Lee,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Ann Lee
givenName: Ann
sn: Lee
uid: ann
mail: ann@example.com
title: Engineer
title: Poet
jpegPhoto:: /9j/4AAQSkZJRgABAQ==
userPassword: ann's password

dn: cn=Jürgen Müller,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Jürgen Müller
givenName: Jürgen
sn: Müller
uid: jürgen
mail: juergen@example.com
userPassword: pässwörd ✓

dn: cn=Nils Nomail,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Nils Nomail
sn: Nomail
uid: nils
userPassword: nils's password

dn: cn=Odd Name,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Odd Name
sn: Name
uid: *(odd)\\2a
mail: odd@example.com
userPassword: odd's password

dn: cn=Twin One,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Twin One
sn: One
uid: twin
userPassword: twin's password

dn: cn=Twin Two,ou=people,{BASE}
objectClass: inetOrgPerson
cn: Twin Two
sn: Two
uid: twin
userPassword: twin's password
"""
"""Who is in the directory from the start."""


@dataclass
class Slapd:
    """One directory. `authority` vouches for its certificate, which is for 127.0.0.1 and localhost."""

    program: str
    folder: Path
    authority: Authority
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def stranger_url(self) -> str:
        """The same server by an address that its certificate does not name."""
        return f"ldap://127.0.0.2:{self.port}"

    def start(self) -> None:
        assert self.process is None
        addresses = f"{self.url} {self.tls_url} {self.stranger_url}"
        arguments = [self.program, "-f", str(self.folder / "slapd.conf"), "-h", addresses, "-d", STATISTICS]
        with (self.folder / "slapd.log").open("ab") as log:
            self.process = subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTS_WITHIN
        while not (_answers(self.port) and _answers(self.tls_port)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"slapd did not start: {(self.folder / 'slapd.log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """The server takes connections and says nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def binds(self, dn: str | None = None) -> int:
        """How often somebody has tried a password: of this entry, or of any at all."""
        log = (self.folder / "slapd.log").read_text(encoding="utf-8", errors="replace")
        return sum(
            "BIND dn=" in line and "method=" in line and (dn is None or f'"{dn}"' in line) for line in log.splitlines()
        )

    def add(self, ldif: str) -> None:
        """More entries; the server must be stopped."""
        assert self.process is None
        arguments = [self.program, "-T", "add", "-f", str(self.folder / "slapd.conf")]
        done = subprocess.run(arguments, input=_ldif(ldif), capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def replace(self, dn: str, **values: str) -> None:
        """Give an entry other values, while the server runs."""
        root = ldap3.Connection(ldap3.Server(self.url), f"cn=root,{BASE}", "root", auto_bind=True)
        try:
            assert root.modify(dn, {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()})
        finally:
            root.unbind()


@contextmanager
def running_slapd(ldif: str = PEOPLE) -> Iterator[Slapd]:
    """A server of its own with these people. Skips where there is no slapd, which CI does not forgive."""
    program = find_slapd()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="identity-slapd-")))
        authority = Authority.new()
        (folder / "data").mkdir()
        certificate, key = authority.issue(folder, ["localhost", "127.0.0.1"])
        (folder / "slapd.conf").write_text(_configuration(folder, authority, certificate, key), encoding="utf-8")
        slapd = _started(program, folder, authority, ldif)
        stack.callback(slapd.stop)
        yield slapd


def find_slapd() -> str:
    program = shutil.which("slapd", path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS]))
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no slapd (Debian: apt-get install slapd).", pytrace=False)
        pytest.skip("THERE IS NO slapd ON THIS MACHINE: no login by LDAP is tested (Debian: apt-get install slapd).")
    return program


def _started(program: str, folder: Path, authority: Authority, ldif: str) -> Slapd:
    """Ports that were free a moment ago may be taken: then others are."""
    loaded = False
    for attempts_left in range(4, -1, -1):
        slapd = Slapd(program, folder, authority, *_free_ports())
        if not loaded:
            slapd.add(ldif)
            loaded = True
        try:
            slapd.start()
        except RuntimeError:
            if not attempts_left:
                raise
        else:
            return slapd
    raise AssertionError


def _configuration(folder: Path, authority: Authority, certificate: Path, key: Path) -> str:
    (folder / "ca.pem").write_text(authority.pem, encoding="utf-8")
    schemas = next(Path(path) for path in SCHEMAS if Path(path).is_dir())
    modules = next((path for path in MODULES if (Path(path) / "back_mdb.so").exists()), None)
    module = f"modulepath {modules}\nmoduleload back_mdb\n" if modules else ""
    names = ("core", "cosine", "inetorgperson")
    return (
        "".join(f"include {schemas / name}.schema\n" for name in names)
        + f"pidfile {folder}/slapd.pid\n"
        + f"TLSCACertificateFile {folder}/ca.pem\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n"
        + module
        + f'database mdb\nsuffix "{BASE}"\nrootdn "cn=root,{BASE}"\nrootpw root\ndirectory {folder}/data\n'
        + "maxsize 16777216\nindex uid,mail eq\n"
        + f'access to attrs=userPassword by anonymous auth by * none\naccess to * by dn.exact="{SERVICE_DN}" read\n'
    )


def _ldif(text: str) -> bytes:
    """What is not ASCII goes in base64, which is how LDIF has it."""
    lines = []
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        lines.append(line if value.isascii() else f"{name}:: {base64.b64encode(value.encode()).decode()}")
    return ("\n".join(lines) + "\n").encode()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
