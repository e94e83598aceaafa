"""The OpenAPI document at /openapi.json: how our field types look in it."""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api

from identity import __version__, wire
from identity.http.fusionauth.schemas.errors import ErrorsSchema


class _Api(Api):  # type: ignore[misc]  # the library has no types
    """flask-smorest with FusionAuth's error object for its own, named only by the operations that answer with it."""

    ERROR_SCHEMA = ErrorsSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def describe(app: Flask) -> Api:
    """Attach flask-smorest and return its Api; the caller registers the blueprints."""
    app.config.update(
        API_TITLE="identity",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    plugin = MarshmallowPlugin()
    schemes = {"apiKey": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    options: dict[str, Any] = {
        "marshmallow_plugin": plugin,
        "components": {"securitySchemes": schemes},
        "info": {"description": "Compatible with FusionAuth's API; not affiliated with FusionAuth."},
    }
    api = _Api(app, spec_kwargs=options)
    assert plugin.converter is not None  # Api has initialised the plugin
    for field, kind, form in (
        (wire.Text, "string", None),
        (wire.Id, "string", "uuid"),
        (wire.Free, "object", None),
        (wire.IdMap, "object", None),
    ):
        plugin.converter.field_mapping[field] = (kind, form)
    return api
