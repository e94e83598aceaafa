"""Wire form of the JWT and refresh-token API. Source: login contract section 10."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.outcome import Tokens
from identity.store.refresh_tokens import RefreshToken
from identity.wire import Flag, Free, Id, Text, Whole, WireSchema

LONGEST_TOKEN = 16 * 1024


class RefreshRequestSchema(WireSchema):
    """POST /api/jwt/refresh. `token`, the old access token, is accepted and not looked at."""

    refresh_token = Text(limit=4096)
    token = Text(limit=LONGEST_TOKEN)
    time_to_live_in_seconds = Whole()


class RefreshResponse(WireSchema):
    token = Text()
    refresh_token = Text()
    refresh_token_id = Id()


class RefreshTokenResponse(WireSchema):
    refresh_token = Free()
    refresh_tokens = fields.List(Free())


class RevokeRequest(WireSchema):
    """DELETE /api/jwt/refresh with a body."""

    token = Text(limit=4096)
    user_id = Id()
    application_id = Id()


class LogoutRequest(WireSchema):
    refresh_token = Text(limit=4096)
    global_ = Flag(load_default=False, data_key="global")


class VendRequest(WireSchema):
    claims = Free(load_default=dict)
    key_id = Id()
    time_to_live_in_seconds = Whole(load_default=None, allow_none=True)


class TokenResponse(WireSchema):
    token = Text()
    refresh_token = Text()


class ValidateResponse(WireSchema):
    jwt = Free()


def refresh_wire(tokens: Tokens) -> dict[str, Any]:
    """The answer to a refresh."""
    return {
        "refreshToken": tokens.refresh_token,
        "refreshTokenId": str(tokens.refresh_token_id),
        "token": tokens.access_token,
    }


def refresh_token_wire(record: RefreshToken) -> dict[str, Any]:
    """A token record as reads show it; the token itself is in no read (decision 24)."""
    device = dict(record.meta_data.get("device") or {})
    shown_device = {
        "description": device.get("description"),
        "lastAccessedAddress": record.last_accessed_address,
        "lastAccessedInstant": record.last_accessed_instant,
        "name": device.get("name"),
        "type": device.get("type"),
    }
    meta: dict[str, Any] = {"device": {name: value for name, value in shown_device.items() if value is not None}}
    meta |= {name: record.meta_data[name] for name in ("scopes", "data") if name in record.meta_data}
    wire: dict[str, Any] = {
        "id": str(record.id),
        "insertInstant": record.insert_instant,
        "metaData": meta,
        "startInstant": record.start_instant,
        "userId": str(record.user_id),
    }
    if record.application_id is not None:
        wire["applicationId"] = str(record.application_id)
    else:
        wire["tenantId"] = str(record.tenant_id)
    return wire | ({"data": dict(record.data)} if record.data else {})
