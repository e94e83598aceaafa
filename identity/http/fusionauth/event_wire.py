"""Events on the wire: their own members. Source: supporting contract 17.4. No token or secret of an object is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from identity.domain.errors import Invalid
from identity.domain.events import Event, EventInfo
from identity.domain.model import Group, Link, Membership, Registration, User
from identity.domain.standing import TwoFactorMethod
from identity.http.fusionauth.respond import errors_json
from identity.http.fusionauth.schemas.audit_logs import AuditLogSchema
from identity.http.fusionauth.schemas.event_logs import EventLogSchema
from identity.http.fusionauth.schemas.groups import GroupSchema
from identity.http.fusionauth.schemas.jwt import refresh_token_wire
from identity.http.fusionauth.schemas.links import link_wire
from identity.http.fusionauth.schemas.users import membership_wire, method_wire, registration_wire, user_wire
from identity.store import audit, event_log
from identity.store.refresh_tokens import RefreshToken
from identity.wire import camel_case

PRIVATE = frozenset({"authenticationToken", "tokens"})
"""Members of a registration that open something."""


def event_wire(event: Event) -> dict[str, Any]:
    """The event's own members and its info, without those that every event has."""
    own = {camel_case(name): _value(value) for name, value in event.payload.items() if value is not None}
    return {**own, "info": _info(event.info)}


def _value(value: object) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], User):
        user, registrations = value
        return {**user_wire(user, registrations), "registrations": [_registration(each) for each in registrations]}
    if type(value) in SHOWN:
        return SHOWN[type(value)](value)
    if isinstance(value, Mapping):
        return {str(name): _value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    return value


def _registration(registration: Registration) -> dict[str, Any]:
    return {name: part for name, part in registration_wire(registration).items() if name not in PRIVATE}


def _link(link: Link) -> dict[str, Any]:
    return {name: part for name, part in link_wire(link, None, with_secret=False).items() if name != "token"}


SHOWN: Mapping[type, Callable[[Any], Any]] = {
    Group: GroupSchema().dump,
    Invalid: errors_json,
    Link: _link,
    Membership: membership_wire,
    RefreshToken: refresh_token_wire,
    Registration: _registration,
    TwoFactorMethod: method_wire,
    UUID: str,
    audit.Entry: AuditLogSchema().dump,
    event_log.Entry: EventLogSchema().dump,
}
"""How each kind of object that a payload may hold is shown."""


def _info(info: EventInfo) -> dict[str, Any]:
    wire = {
        "data": dict(info.data) or None,
        "deviceDescription": info.device_description,
        "deviceName": info.device_name,
        "deviceType": info.device_type,
        "ipAddress": info.ip_address,
        "os": info.os,
        "userAgent": info.user_agent,
    }
    return {name: value for name, value in wire.items() if value is not None}
