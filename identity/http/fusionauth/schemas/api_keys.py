"""The wire form of an API key. Source: supporting contract 8."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from identity.domain.api_keys import LONGEST_KEY, ApiKey, ApiKeyDraft
from identity.domain.bounds import storable
from identity.wire import Flag, Id, Instant, Part, Text, WireSchema

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
ENDPOINT_FORM = re.compile(r"/[A-Za-z0-9._~{}/-]{1,199}")
"""Only the shape is checked: a key may name an endpoint that this release does not have."""
SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
"""What an Authorization header can carry unchanged."""
MOST_ATTRIBUTES = 100
LONGEST_ATTRIBUTE = 1000
VERBS_BY_ENDPOINT = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string", "enum": sorted(METHODS)}},
}
"""How the OpenAPI document describes a permission map."""


class KeyText(Text):
    """The text of a key: any string that a header can carry."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and not SENDABLE.fullmatch(text):
            raise ValidationError("invalid")
        return text


class Endpoints(fields.Field[dict[str, frozenset[str]]]):
    """Endpoint -> methods. Errors sit under `[<endpoint>]`."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, list[str]]:
        return {endpoint: sorted(methods) for endpoint, methods in (value or {}).items()}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, frozenset[str]]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        errors = {
            f"[{endpoint}]": [why]
            for endpoint, methods in value.items()
            if (why := endpoint_problem(endpoint, methods))
        }
        if errors:
            raise ValidationError(errors)
        return {endpoint: frozenset(methods) for endpoint, methods in value.items()}


def endpoint_problem(endpoint: str, methods: Any) -> str | None:
    """What is wrong with an entry of a permission map, as a reason word."""
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        return "invalidJSON"
    if not ENDPOINT_FORM.fullmatch(endpoint) or not METHODS.issuperset(methods):
        return "invalid"
    return None


class Attributes(fields.Field[dict[str, str]]):
    """metaData.attributes: a small map of texts."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str]:
        return dict(value or {})

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        kept = {name: text for name, text in value.items() if text is not None}
        if not all(isinstance(text, str) for text in kept.values()):
            raise ValidationError("invalidJSON")
        if len(kept) > MOST_ATTRIBUTES or any(len(name) + len(text) > LONGEST_ATTRIBUTE for name, text in kept.items()):
            raise ValidationError("tooLong")
        if not all(storable(name) and storable(text) for name, text in kept.items()):
            raise ValidationError("invalid")
        return kept


class PermissionsSchema(WireSchema):
    endpoints = Endpoints(load_default=dict, metadata=VERBS_BY_ENDPOINT)


class MetaDataSchema(WireSchema):
    attributes = Attributes(load_default=dict, metadata={"type": "object", "additionalProperties": {"type": "string"}})


class ApiKeySchema(WireSchema):
    """`keyManager` is only ever shown: it can not be set through the API."""

    id = Id(dump_only=True)
    key = KeyText(limit=LONGEST_KEY)
    tenant_id = Id()
    name = Text(limit=191)
    permissions = Part(PermissionsSchema)
    key_manager = Flag(dump_only=True)
    retrievable = Flag(load_default=True)
    expiration_instant = Instant()
    ip_access_control_list_id = Id()
    meta_data = Part(MetaDataSchema)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)


class KickstartKeySchema(ApiKeySchema):
    """An API key of a kickstart file, which may also choose an id, be a key manager and be described shortly."""

    id = Id()
    key = KeyText(limit=LONGEST_KEY, blank=False, required=True)
    key_manager = Flag(load_default=False)
    description = Text(limit=LONGEST_ATTRIBUTE)


class ApiKeyRequestSchema(WireSchema):
    api_key = Part(ApiKeySchema)
    source_key_id = Id()


class ApiKeyResponseSchema(WireSchema):
    api_key = Part(ApiKeySchema)


def draft_from(loaded: Mapping[str, Any]) -> ApiKeyDraft:
    """What an ApiKeySchema has loaded, as the flow takes it."""
    attributes = dict(loaded["meta_data"]["attributes"])
    return ApiKeyDraft(
        key=loaded.get("key"),
        tenant_id=loaded.get("tenant_id"),
        name=loaded.get("name"),
        description=attributes.pop("description", None),
        permissions=loaded["permissions"]["endpoints"],
        retrievable=loaded["retrievable"],
        expiration_instant=loaded.get("expiration_instant"),
        ip_access_control_list_id=loaded.get("ip_access_control_list_id"),
        attributes=attributes,
    )


def document_of(key: ApiKey, text: str | None = None) -> dict[str, Any]:
    """The wire form of a key, with its text where it is shown."""
    attributes = dict(key.attributes)
    if key.description is not None:
        attributes["description"] = key.description
    values = {name: getattr(key, name) for name in ApiKeySchema._declared_fields if hasattr(key, name)}
    values |= {"key": text, "permissions": {"endpoints": key.permissions}, "meta_data": {"attributes": attributes}}
    document: dict[str, Any] = ApiKeySchema().dump(values)
    return document
