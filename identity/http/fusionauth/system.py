"""Status and health: open routes for load balancers and scripts. Source: supporting contract section 20."""

from __future__ import annotations

from typing import Any

from flask import Response

from identity import __version__
from identity.domain.errors import NotFound
from identity.http import api_key
from identity.http.fusionauth.respond import accepted_reply, empty_reply, json_reply, not_ready_reply, unhealthy_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.store import configuration, migrate
from identity.store.db import StoreUnavailable
from identity.wire import Text, WireSchema

REINDEX = "/api/system/reindex"
routes = Routes("System", "Status, health and version of the service.")


class VersionSchema(WireSchema):
    version = Text()


class StatusSchema(VersionSchema):
    """`version` is for those who send a key."""

    status = Text()


class ReindexSchema(WireSchema):
    index = Text()


_reindex = ReindexSchema()


@routes.get("/api/status", endpoint=None, scope=Scope.OWN, gives=StatusSchema)
def retrieve_status(call: Call) -> Response:
    """Whether the service can work: migrations applied and the database answering. With a key also the version."""
    try:
        with call.services.db.read() as conn:
            if migrate.pending(conn):
                return not_ready_reply("The database migrations have not been applied.")
            configuration.version(conn)
            known = api_key.find_caller(conn, call.request, call.now) is not None
    except migrate.MigrationRefused as refused:
        return not_ready_reply(str(refused))
    except StoreUnavailable:
        return not_ready_reply("The database does not answer.")
    body: dict[str, Any] = {"status": "OK"}
    if known:
        body["version"] = __version__
    return json_reply(body)


@routes.get("/api/health", endpoint=None, scope=Scope.OWN, statuses={500: "The database does not answer."})
def retrieve_health(call: Call) -> Response:
    """200 while the process can reach its database, else 500; no body."""
    try:
        with call.services.db.read() as conn:
            configuration.version(conn)
    except StoreUnavailable:
        return unhealthy_reply()
    return empty_reply()


@routes.post(
    REINDEX, endpoint=REINDEX, scope=Scope.GLOBAL, takes=ReindexSchema, statuses={202: "Nothing is left to do."}
)
def rebuild_index(call: Call) -> Response:
    """FusionAuth rebuilds its search index here. This service searches the database, which has no other index."""
    call.load(_reindex)
    return accepted_reply()


@routes.get(REINDEX, endpoint=REINDEX, scope=Scope.GLOBAL, statuses={404: "No index is being rebuilt."})
def retrieve_index_status(_: Call) -> Response:
    """Whether an index is being rebuilt: it never is."""
    raise NotFound


@routes.get("/api/system/version", endpoint="/api/system/version", scope=Scope.GLOBAL, gives=VersionSchema)
def retrieve_version(_: Call) -> dict[str, Any]:
    """The version of this service."""
    return {"version": __version__}
