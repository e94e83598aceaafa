"""Lambdas: create, retrieve, update, patch, delete, search. Source: login contract 6.1, supporting contract 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.lambdas import Lambda, LambdaType
from identity.flows.configuration import save_lambda
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.lambdas import (
    ENGINE,
    LambdaRequest,
    LambdaResponse,
    LambdaSchema,
    LambdaSearchRequest,
    NewLambdaRequest,
)
from identity.http.patch import patched
from identity.store import lambdas

ENDPOINT = "/api/lambda"
ONE = "/api/lambda/<lambda_id>"
SEARCH = "/api/lambda/search"
SEARCH_QUERY = {**CRITERIA, "body": "A part of the source; * stands for anything", "type": "Lambdas of this type only"}

routes = Routes("Lambdas", "Functions that run at fixed points of a login.")


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=NewLambdaRequest, gives=LambdaResponse)
def create_lambda(call: Call, lambda_id: UUID | None = None) -> dict[str, Any]:
    """Create a lambda; its source must define the function of its type."""
    values = _members(call.load(NewLambdaRequest()))
    return _one(save_lambda.create(call.services, call.now, call.actor, values, lambda_id))


@routes.get(
    ENDPOINT,
    endpoint=ENDPOINT,
    scope=Scope.GLOBAL,
    gives=LambdaResponse,
    query={"type": "Lambdas of this type only"},
)
def retrieve_lambdas(call: Call) -> dict[str, Any]:
    """All lambdas by name, or those of one type."""
    wanted = _type_of(call)
    with call.services.db.read() as conn:
        return {"lambdas": [_shown(each) for each in lambdas.list_all(conn, wanted)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=LambdaResponse)
def retrieve_lambda(call: Call, lambda_id: UUID) -> dict[str, Any]:
    """One lambda."""
    return _one(_existing(call, lambda_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=LambdaRequest, gives=LambdaResponse)
def update_lambda(call: Call, lambda_id: UUID) -> dict[str, Any]:
    """Replace a lambda: a member left out returns to its default; the type stays."""
    return _save(call, lambda_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=LambdaRequest, gives=LambdaResponse)
def patch_lambda(call: Call, lambda_id: UUID) -> dict[str, Any]:
    """Change members of a lambda, in one of three dialects that the content type chooses."""
    return _save(call, lambda_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_lambda(call: Call, lambda_id: UUID) -> None:
    """Delete a lambda that nothing refers to."""
    save_lambda.delete(call.services, call.now, call.actor, lambda_id)


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=LambdaResponse, query=SEARCH_QUERY)
def search_lambdas_by_query(call: Call) -> dict[str, Any]:
    """The lambdas that match the query's criteria."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=LambdaSearchRequest, gives=LambdaResponse)
def search_lambdas(call: Call) -> dict[str, Any]:
    """The lambdas that match the criteria under `search`."""
    return _search(call)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, LambdaSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = lambdas.search(
            conn, page_of(wanted), name=wanted.get("name"), body=wanted.get("body"), type=wanted.get("type")
        )
    return {"lambdas": [_shown(each) for each in found], "total": total}


def _save(call: Call, lambda_id: UUID, document: Callable[[Lambda], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, lambda_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Lambda) -> dict[str, Any]:
        return _members(LambdaRequest().load(document(stored)))

    return _one(save_lambda.update(call.services, call.now, call.actor, lambda_id, change))


def _members(loaded: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = loaded["lambda_"]
    return {**values, "engine_type": ENGINE}


def _existing(call: Call, lambda_id: UUID) -> Lambda:
    with call.services.db.read() as conn:
        found = lambdas.find(conn, lambda_id)
    if found is None:
        raise NotFound
    return found


def _type_of(call: Call) -> LambdaType | None:
    name = call.text("type")
    try:
        return LambdaType(name) if name else None
    except ValueError as error:
        raise invalid_field("type", "couldNotConvert") from error


def _one(found: Lambda) -> dict[str, Any]:
    return {"lambda": _shown(found)}


def _shown(found: Lambda) -> dict[str, Any]:
    shown: dict[str, Any] = LambdaSchema().dump(found)
    return shown
