"""Wire forms of lambdas. Source: login contract 6.1, supporting contract 10."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from identity.domain.lambdas import LambdaType
from identity.http.fusionauth.schemas.common import SearchCriteria, off, one_of
from identity.wire import Id, Instant, Many, Part, Text, Whole, WireSchema

BODY_LIMIT = 256 * 1024
NAME_LIMIT = 191
ENGINE = "GraalJS"


def lambda_type(**options: Any) -> fields.Enum[LambdaType]:
    return fields.Enum(LambdaType, by_value=True, **options)


class LambdaSchema(WireSchema):
    """Nashorn is accepted for old installations' sake, and is GraalJS from then on, as in FusionAuth since 1.49."""

    body = Text(required=True, blank=False, limit=BODY_LIMIT)
    debug = off()
    engine_type = one_of(ENGINE, "Nashorn", default=ENGINE)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    name = Text(required=True, blank=False, limit=NAME_LIMIT)
    type = lambda_type()


class NewLambda(LambdaSchema):
    type = lambda_type(required=True)


class LambdaRequest(WireSchema):
    lambda_ = Part(LambdaSchema, data_key="lambda")


class NewLambdaRequest(WireSchema):
    lambda_ = Part(NewLambda, data_key="lambda")


class LambdaResponse(WireSchema):
    lambda_ = fields.Nested(LambdaSchema, data_key="lambda")
    lambdas = Many(fields.Nested(LambdaSchema))
    total = Whole()


class LambdaSearch(SearchCriteria):
    body = Text(limit=1_000)
    type = lambda_type()


class LambdaSearchRequest(WireSchema):
    search = Part(LambdaSearch)
