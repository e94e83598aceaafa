"""A connector for tests that ask a directory."""

from __future__ import annotations

from uuid import UUID

from identity.domain.connectors import Connector, SecurityMethod
from identity.domain.trace import Trace
from identity.outbound.ldap import Directory, Refused
from identity.outbound.ldap_entry import Entry
from identity.runtime import Runtime
from tests.fakes.authority import Authority
from tests.fakes.slapd import BASE, SERVICE_DN, SERVICE_PASSWORD

WANTED = ("cn", "givenName", "sn", "mail", "title", "jpegPhoto", "userPassword")


def asked(directory: Directory, connector: Connector, login_id: str, password: str) -> Entry | Refused:
    """A question about a password, with nobody barred."""
    return directory.authenticate(connector, login_id, password, Trace(Runtime().now), lambda _unique_id: True)


def connector_at(url: str, authority: Authority, security: SecurityMethod = SecurityMethod.NONE) -> Connector:
    """It trusts this authority and no other."""
    return Connector(
        id=UUID(int=7),
        name="Directory",
        authentication_url=url,
        security_method=security,
        base_structure=BASE,
        system_account_dn=SERVICE_DN,
        system_account_password=SERVICE_PASSWORD,
        login_id_attribute="uid",
        identifying_attribute="cn",
        requested_attributes=WANTED,
        connect_timeout=2000,
        read_timeout=4000,
        reconcile_id=UUID(int=8),
        debug=False,
        data={"caCertificates": authority.pem},
        insert_instant=0,
        last_update_instant=0,
    )
