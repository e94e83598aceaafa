"""The OpenAPI document at /openapi.json: how our field types look in it."""

from __future__ import annotations

from threading import Lock
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from flask_smorest import Api, Blueprint

from identity import __version__, wire
from identity.http.fusionauth.schemas.errors import ErrorsSchema


class _Converter(OpenAPIConverter):
    """Knows the fields of `identity.wire`."""

    field_mapping = {  # noqa: RUF012  # as the library declares it
        **OpenAPIConverter.field_mapping,
        wire.Text: ("string", None),
        wire.Id: ("string", "uuid"),
        wire.Free: ("object", None),
        wire.IdMap: ("object", None),
        wire.OneForm: ("object", None),
    }

    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]
        self.add_attribute_function(_bounds)  # type: ignore[no-untyped-call]


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


class _Api(Api):  # type: ignore[misc]  # the library has no types
    """flask-smorest with FusionAuth's error object for its own, named only by the operations that answer with it.

    It describes the operations when somebody first asks for the document: that takes as long as all the rest of a
    worker's start, and hardly a worker is ever asked.
    """

    ERROR_SCHEMA = ErrorsSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, **options: Any) -> None:
        self._undescribed: list[Blueprint] = []
        self._describing = Lock()
        super().__init__(app, **options)

    def register_blueprint(self, blp: Blueprint) -> None:
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._undescribed.append(blp)

    @property
    def spec(self) -> APISpec:
        with self._describing:
            for blueprint in self._undescribed:
                blueprint.register_views_in_doc(self, self._app, self._spec, name=blueprint.name, parameters=None)
                self._spec.tag({"name": blueprint.name, "description": blueprint.description})
            self._undescribed.clear()
        return self._spec

    @spec.setter
    def spec(self, made: APISpec) -> None:
        """The library sets it, still empty."""
        self._spec = made


def describe(app: Flask) -> Api:
    """Attach flask-smorest and return its Api; the caller registers the blueprints."""
    app.config.update(
        API_TITLE="identity",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    schemes = {"apiKey": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    options: dict[str, Any] = {
        "marshmallow_plugin": _Plugin(),
        "components": {"securitySchemes": schemes},
        "info": {"description": "Compatible with FusionAuth's API; not affiliated with FusionAuth."},
    }
    return _Api(app, spec_kwargs=options)


def _bounds(converter: OpenAPIConverter, field: Any, **_: Any) -> dict[str, Any]:
    """What our fields refuse beyond their type, and what the entries of a map are."""
    match field:
        case wire.OneOf():
            return {"enum": list(field.choices)}
        case wire.Text():
            return {"maxLength": field.limit} | ({} if field.blank else {"minLength": 1})
        case wire.Whole():
            return {"minimum": field.least, "maximum": field.most}
        case wire.IdMap():
            return {"additionalProperties": converter.resolve_nested_schema(field.inner)}  # type: ignore[no-untyped-call]
        case wire.OneForm():
            return {"oneOf": [converter.resolve_nested_schema(form) for form in field.forms]}  # type: ignore[no-untyped-call]
        case wire.Many():
            return {"maxItems": field.most}
    return {}
