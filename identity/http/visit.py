"""What every login door reads of a request beside the proof: address, agent, device, trust (login contract 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Request

from identity.domain.events import EventInfo
from identity.domain.model import Device
from identity.flows.login.login_attempt import Visit
from identity.http.client_address import client_address
from identity.http.trust_cookie import TRUST_COOKIE

LONGEST_AGENT = 1_000


def visit_of(request: Request, body: Mapping[str, Any], tenant_id: UUID | None) -> Visit:
    """`body` is loaded by a schema that extends `LoginFieldsSchema`. A trust cookie wins over a twoFactorTrustId."""
    event, meta = body["event_info"], body["meta_data"]
    device = meta["device"]
    return Visit(
        tenant_id=tenant_id,
        ip_address=client_address(request, event.get("ip_address"), body.get("ip_address")),
        user_agent=user_agent(request, event.get("user_agent")),
        device=Device(
            name=device.get("name") or event.get("device_name"),
            description=device.get("description") or event.get("device_description"),
            type=device.get("type") or event.get("device_type"),
            last_accessed_address=device.get("last_accessed_address"),
        ),
        meta_data={name: meta[name] for name in ("scopes", "data") if meta.get(name)},
        os=event.get("os"),
        event_data=event.get("data") or {},
        says_new_device=body["new_device"],
        no_jwt=body["no_jwt"],
        trust=request.cookies.get(TRUST_COOKIE) or body.get("two_factor_trust_id"),
    )


def user_agent(request: Request, given: str | None = None) -> str | None:
    """What the caller says the user's program is, else the header."""
    return (given or request.headers.get("User-Agent", ""))[:LONGEST_AGENT] or None


def event_info_of(request: Request, given: Mapping[str, Any]) -> EventInfo:
    """Where a request that is no login came from; `given` is its `eventInfo`, which wins."""
    agent = given.get("user_agent") or request.headers.get("User-Agent", "")
    return EventInfo(
        data=given.get("data") or {},
        device_description=given.get("device_description"),
        device_name=given.get("device_name"),
        device_type=given.get("device_type"),
        ip_address=client_address(request, given.get("ip_address")),
        os=given.get("os"),
        user_agent=agent[:LONGEST_AGENT] or None,
    )
