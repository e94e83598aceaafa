"""Connectors on the wire. Source: rocket contract 9.3, FusionAuth's OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from identity.domain.connectors import BUILT_IN_NAME, Connector, SecurityMethod
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.http.fusionauth.schemas.common import custom_data, off
from identity.wire import Id, Instant, Many, OneOf, Part, Text, Whole, WireSchema

LONGEST_NAME = 191
LONGEST_TIMEOUT = 60_000
"""Milliseconds; a request thread waits as long."""

MOST_ATTRIBUTES = 200
ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")
"""RFC 4512: a name or a number, with options such as `;binary`."""

EVERY_ATTRIBUTE = "*"
NOT_IN_AN_ADDRESS = re.compile(r"[^\x21-\x7e]")
BUILT_IN_TYPE, LDAP, UNBUILT_TYPE = "FusionAuth", "LDAP", "Generic"


class Ldap(OneOf):
    """The type of a connector. Of FusionAuth's others one is not built, and one is built in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__((BUILT_IN_TYPE, LDAP), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if value == UNBUILT_TYPE:
            raise ValidationError("unsupported")
        if value == BUILT_IN_TYPE:
            raise ValidationError("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class DirectoryUrl(Text):
    """ldap or ldaps with a host, perhaps a port, and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise ValidationError("invalid") from error
        if (
            NOT_IN_AN_ADDRESS.search(text)
            or parts.scheme not in {each.scheme for each in SecurityMethod}
            or not parts.hostname
            or "@" in parts.netloc
            or port == 0
            or parts.path.strip("/")
            or "?" in text
            or "#" in text
        ):
            raise ValidationError("invalid")
        return text


class Attribute(Text):
    """The name of an attribute of entries; `all_of_them` lets it be `*`."""

    def __init__(self, *, all_of_them: bool = False, **kwargs: Any) -> None:
        super().__init__(blank=False, limit=LONGEST_NAME, **kwargs)
        self.all_of_them = all_of_them

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not (ATTRIBUTE.fullmatch(text or "") or (self.all_of_them and text == EVERY_ATTRIBUTE)):
            raise ValidationError("invalid")
        return text


class Attributes(Many):
    """Names of attributes, each once; at least one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        names = super()._deserialize(value, attr, data, **kwargs)
        if not names:
            raise ValidationError("blank")
        return list(dict.fromkeys(names))


class ConnectorLambdas(WireSchema):
    reconcile_id = Id()


class ConnectorSchema(WireSchema):
    """The built-in connector has but its name, type and instants."""

    authentication_url = DirectoryUrl(required=True, blank=False, limit=2_000, data_key="authenticationURL")
    base_structure = Text(required=True, blank=False, limit=2_000)
    connect_timeout = Whole(required=True, least=1, most=LONGEST_TIMEOUT)
    data = custom_data()
    debug = off()
    id = Id(dump_only=True)
    identifying_attribute = Attribute(required=True)
    insert_instant = Instant(dump_only=True)
    lambda_configuration = Part(ConnectorLambdas)
    last_update_instant = Instant(dump_only=True)
    login_id_attribute = Attribute(required=True)
    name = Text(required=True, blank=False, limit=LONGEST_NAME)
    read_timeout = Whole(required=True, least=1, most=LONGEST_TIMEOUT)
    requested_attributes = Attributes(Attribute(all_of_them=True), required=True, most=MOST_ATTRIBUTES)
    security_method = OneOf(tuple(each.value for each in SecurityMethod), required=True)
    system_account_dn = Text(required=True, blank=False, limit=2_000, data_key="systemAccountDN")
    system_account_password = Text(required=True, blank=False, limit=1_000)
    type = Ldap(required=True)


class ConnectorRequest(WireSchema):
    connector = Part(ConnectorSchema, required=True)


class ConnectorResponse(WireSchema):
    connector = fields.Nested(ConnectorSchema)
    connectors = Many(fields.Nested(ConnectorSchema))


def shown(connector: Connector) -> dict[str, Any]:
    """A directory with its system password, as FusionAuth shows it."""
    dumped: dict[str, Any] = ConnectorSchema().dump(
        {
            "authentication_url": connector.authentication_url,
            "base_structure": connector.base_structure,
            "connect_timeout": connector.connect_timeout,
            "data": connector.data,
            "debug": connector.debug,
            "id": connector.id,
            "identifying_attribute": connector.identifying_attribute,
            "insert_instant": connector.insert_instant,
            "lambda_configuration": {"reconcile_id": connector.reconcile_id},
            "last_update_instant": connector.last_update_instant,
            "login_id_attribute": connector.login_id_attribute,
            "name": connector.name,
            "read_timeout": connector.read_timeout,
            "requested_attributes": connector.requested_attributes,
            "security_method": connector.security_method.value,
            "system_account_dn": connector.system_account_dn,
            "system_account_password": connector.system_account_password,
            "type": LDAP,
        }
    )
    return dumped


def shown_built_in(installed: int) -> dict[str, Any]:
    """The connector that is this service itself."""
    dumped: dict[str, Any] = ConnectorSchema().dump(
        {
            "data": {},
            "debug": False,
            "id": BUILT_IN_CONNECTOR_ID,
            "insert_instant": installed,
            "last_update_instant": installed,
            "name": BUILT_IN_NAME,
            "type": BUILT_IN_TYPE,
        }
    )
    return dumped
