"""FusionAuth's Errors object as the OpenAPI document describes it. Source: login contract 1.3."""

from __future__ import annotations

from marshmallow import fields

from identity.wire import Free, Text, WireSchema


class ErrorSchema(WireSchema):
    """One problem. `code` is for programs, `message` for people."""

    code = Text(required=True)
    message = Text(required=True)
    data = Free()


class ErrorsSchema(WireSchema):
    """Problems with members by their path from the body's root, and problems with the request as a whole."""

    field_errors = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(ErrorSchema)), required=True)
    general_errors = fields.List(fields.Nested(ErrorSchema), required=True)
