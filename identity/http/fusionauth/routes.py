"""The route table of the FusionAuth front end: every route says its permission, its scope, what it takes and gives.

A route that is registered here is at once served, guarded, listed in the OpenAPI document and covered by the tests that
walk the table. Order of checks (login contract 1.4): route and verb, API key, tenant, content type, path and query; a
view then checks existence before it reads the body.

Path arguments whose names end in `_id` are UUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app
from flask.globals import request_ctx
from flask.wrappers import Request
from flask_smorest import Blueprint
from werkzeug.exceptions import MethodNotAllowed

from identity.domain.access import Caller
from identity.domain.bounds import storable
from identity.domain.errors import Unauthorized, invalid_field
from identity.domain.outcome import Door
from identity.domain.trace import Trace
from identity.flows.services import Services
from identity.http import api_key, body
from identity.http.fusionauth.respond import empty_reply, json_reply
from identity.http.fusionauth.schemas.errors import ErrorsSchema
from identity.http.tracing import traced
from identity.http.visit import event_info_of
from identity.wire import WireSchema, camel_case, parse_uuid

View = Callable[..., Any]
ABSENT = frozenset({"", "undefined", "null"})
"""What the official TypeScript client sends for an argument that was left out (login contract 0.4)."""
PYTHON_CLIENT_NUMBERS = {"false": "0", "true": "1"}
"""The official Python client writes every argument that equals True or False so, the numbers 1 and 0 included."""

WHOLE = re.compile(r"-?[0-9]{1,19}")
PATH_ARGUMENT = re.compile(r"<(\w+)>")
UUID_KIND = {"type": "string", "format": "uuid"}
TEXT_KIND = {"type": "string"}
FLAGS = frozenset(
    {
        "accurateTotal",
        "active",
        "async",
        "dryRun",
        "global",
        "hardDelete",
        "inactive",
        "preventingLogin",
        "reactivate",
        "retrieveTotal",
        "sendVerifyEmail",
        "sendVerifyPasswordEmail",
        "sendVerifyRegistrationEmail",
    }
)
NUMBERS = frozenset({"end", "limit", "numberOfResults", "offset", "start", "startRow", "status"})
NO_UUIDS = frozenset({"changePasswordId", "identityProviderUserId", "loginId", "methodId", "verificationId"})
LISTS: dict[str, dict[str, Any]] = {"ids": UUID_KIND, "loginIdTypes": TEXT_KIND}


VETOED = {504: "A transactional webhook refused: nothing was changed."}
WITH_ERRORS = frozenset({429, 504, 512})
"""Answers whose body is FusionAuth's Errors object on every route."""

SAYS_WHY = frozenset({"/api/identity-provider/login", "/api/identity-provider/start"})
"""Here a 401 has an Errors body: it is the provider that refuses, not a key that is missing."""


class Scope(Enum):
    """What a tenant means to a route."""

    TENANT = "tenant"
    """Scoped by the header or a locked key."""

    GLOBAL = "global"
    """The header is neither parsed nor checked (decision 9); a tenant-locked key is refused."""

    ANY_KEY = "any key"
    """As GLOBAL, but a locked key is welcome and sees its tenant's part."""

    OWN = "own"
    """The view looks after key and tenant itself: the hot routes."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table. `endpoint` is the permission name of an API key; None means open to everybody."""

    method: str
    path: str
    endpoint: str | None
    scope: Scope
    name: str
    door: Door | None = None
    """The door of a login, each of whose calls leaves a trace."""


@dataclass
class Call:
    """One request: who calls, for which tenant, and its converted query and body."""

    services: Services
    request: Request
    caller: Caller | None
    tenant_id: UUID | None
    trace: Trace
    """At the door of a login, what happens to it; elsewhere nobody reads it."""

    @cached_property
    def now(self) -> int:
        """The service's time of this request, epoch milliseconds: one value for the whole request."""
        return self.services.runtime.now()

    @property
    def actor(self) -> str:
        """Who acts, for the audit log: the id of the key."""
        return str(self.caller.key_id) if self.caller else "anonymous"

    def tenant(self) -> UUID:
        """The tenant of this request, or the only one there is. Raises Invalid `[TenantIdRequired]`."""
        if self.tenant_id is not None:
            return self.tenant_id
        with self.services.db.read() as conn:
            return api_key.only_tenant(conn)

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the request: the fields of a form, if it came with one, else the query."""
        if body.content_type(self.request) == body.FORM and body.has_body(self.request):
            return body.read_form(self.request)
        return self.request.args

    def text(self, name: str) -> str | None:
        """A parameter; `undefined`, `null` and empty count as absent (D49)."""
        value = self.parameters.get(name, "")
        if not storable(value):
            raise invalid_field(name, "invalid")
        return None if value in ABSENT else value

    def uuid(self, name: str) -> UUID | None:
        value = self.text(name)
        if value is None:
            return None
        parsed = parse_uuid(value)
        if parsed is None:
            raise invalid_field(name, "couldNotConvert")
        return parsed

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        value = PYTHON_CLIENT_NUMBERS.get(value, value)
        if not WHOLE.fullmatch(value):
            raise invalid_field(name, "couldNotConvert")
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise invalid_field(name, "couldNotConvert")
        return value.lower() == "true"

    def json(self) -> dict[str, Any]:
        """The request's JSON object; an empty body is an empty object. Raises Invalid."""
        return body.read_object(self.request)

    def load(self, schema: WireSchema) -> dict[str, Any]:
        """The body through a schema. Raises Invalid with every field error at once."""
        loaded: dict[str, Any] = schema.load(self.json())
        return loaded


class Routes:
    """The routes of one documented page: a decorator per verb, over a flask-smorest blueprint."""

    def __init__(self, title: str, description: str, *, announces: bool = False) -> None:
        """`announces`: webhooks hear of every write, and may have a say in it."""
        self._announces = announces
        self.table: list[Route] = []
        self._blueprint = Blueprint(title, __name__, description=description)

    def route(
        self,
        method: str,
        *paths: str,
        endpoint: str | None,
        scope: Scope = Scope.TENANT,
        takes: type[WireSchema] | None = None,
        gives: type[WireSchema] | str | None = None,
        types: tuple[str, ...] = (body.JSON,),
        statuses: dict[int, str] | None = None,
        query: dict[str, str] | None = None,
        door: Door | None = None,
    ) -> Callable[[View], View]:
        """Serve `method` on `paths`. `gives` is the answer's schema, or the media type of a file.

        `statuses` documents answers beside 200; `query` its parameters by description.
        """

        answers = {**VETOED, **(statuses or {})} if self._announces and method != "GET" else statuses

        def register(view: View) -> View:
            for number, path in enumerate(paths):
                name = view.__name__ if number == 0 else f"{view.__name__}_{number}"
                row = Route(method, path, endpoint, scope, f"{self._blueprint.name}.{name}", door)
                self.table.append(row)
                served = _serve(view, row, types)
                served.__name__, served.__doc__ = name, view.__doc__
                documented = self._blueprint.doc(**_documentation(row, takes, gives, types, answers, query))(served)
                self._blueprint.route(path, methods=[method], endpoint=name)(documented)
            return view

        return register

    def get(self, *paths: str, **options: Any) -> Callable[[View], View]:
        return self.route("GET", *paths, **options)

    def post(self, *paths: str, **options: Any) -> Callable[[View], View]:
        return self.route("POST", *paths, **options)

    def put(self, *paths: str, **options: Any) -> Callable[[View], View]:
        return self.route("PUT", *paths, **options)

    def patch(self, *paths: str, **options: Any) -> Callable[[View], View]:
        options.setdefault("types", (body.JSON, body.JSON_PATCH, body.MERGE_PATCH))
        return self.route("PATCH", *paths, **options)

    def delete(self, *paths: str, **options: Any) -> Callable[[View], View]:
        return self.route("DELETE", *paths, **options)

    @property
    def blueprint(self) -> Any:
        return self._blueprint


def fixed_paths(pages: Iterable[Routes]) -> dict[str, list[str]]:
    """The paths without arguments, with their verbs."""
    found: dict[str, list[str]] = {}
    for row in (row for page in pages for row in page.table if "<" not in row.path):
        found.setdefault(row.path, []).append(row.method)
    return found


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["identity"]
    return found


def _serve(view: View, row: Route, types: tuple[str, ...]) -> View:
    """The view with everything that comes before it: key, tenant, content type, path."""

    def serve(**arguments: str) -> Response:
        services = services_of(current_app)
        # The request itself instead of Flask's proxy, which looks it up again at every access.
        asked = request_ctx.request
        if row.door is None:
            return _answer(view, row, types, Call(services, asked, None, None, Trace(services.runtime.now)), arguments)
        with traced(services.runtime, row.door) as trace:
            return _answer(view, row, types, Call(services, asked, None, None, trace), arguments)

    return serve


def _answer(view: View, row: Route, types: tuple[str, ...], call: Call, arguments: dict[str, str]) -> Response:
    if arguments:
        _refuse_another_verb(call.request)
    call.caller, call.tenant_id = _admit(call.services, row, call.request)
    body.require_type(call.request, types)
    if row.scope is not Scope.OWN and row.method != "GET":  # the hot routes say it themselves
        call.services = replace(call.services, info=event_info_of(call.request, {}))
    answer = view(call, **_converted(arguments))
    if isinstance(answer, Response):
        return answer
    return empty_reply() if answer is None else json_reply(answer)


def _admit(services: Services, row: Route, request: Request) -> tuple[Caller | None, UUID | None]:
    if row.scope is Scope.OWN:
        return None, None
    now = services.runtime.now()
    with services.db.read() as conn:
        if row.endpoint is None:
            caller = api_key.find_caller(conn, request, now)
        else:
            caller = api_key.require_caller(conn, request, row.endpoint, now)
        if row.scope is Scope.TENANT:
            return caller, api_key.scope(conn, request, caller)
    locked = caller.tenant_id if caller else None
    if locked is not None and row.scope is Scope.GLOBAL and row.endpoint is not None:
        raise Unauthorized
    return caller, locked


def _refuse_another_verb(request: Request) -> None:
    """`PUT /api/user/search` names the search, not a user of that id. Raises MethodNotAllowed."""
    methods = current_app.extensions["identity.fixed_paths"].get(request.path.rstrip("/"))
    if methods:
        raise MethodNotAllowed(methods)


def _converted(arguments: dict[str, str]) -> dict[str, Any]:
    converted: dict[str, Any] = {}
    for name, text in arguments.items():
        converted[name] = parse_uuid(text) if name.endswith("_id") else text
        if converted[name] is None:
            raise invalid_field(camel_case(name), "couldNotConvert")
    return converted


def _documentation(
    row: Route,
    takes: type[WireSchema] | None,
    gives: type[WireSchema] | str | None,
    types: tuple[str, ...],
    statuses: dict[int, str] | None,
    query: dict[str, str] | None,
) -> dict[str, Any]:
    """The OpenAPI operation of a route."""
    responses: dict[str, Any] = {"200": {"description": "The request was successful.", **_content(gives)}}
    if row.endpoint is not None:
        responses["401"] = {"description": "The API key is missing, unknown, expired or not allowed here."}
    errors = {"content": {"application/json": {"schema": ErrorsSchema}}}
    responses["400"] = {"description": "The request was refused.", **errors}
    if "<" in row.path and row.method != "POST":
        responses["404"] = {"description": "There is no such object."}
    responses["503"] = {"description": "The database is not available; Retry-After says when to try again.", **errors}
    if takes is not None:
        responses["413"] = {"description": "The body is too large."}
    for status, text in (statuses or {}).items():
        responses[str(status)] = {"description": text, **_content_of(status, row, gives)}
    documentation: dict[str, Any] = {"responses": responses}
    if takes is not None:
        documentation["requestBody"] = {"content": {kind: {"schema": _patch_or(takes, kind)} for kind in types}}
    documentation["parameters"] = [
        *(
            {"in": "path", "name": name, "required": True, "schema": UUID_KIND if name.endswith("_id") else TEXT_KIND}
            for name in PATH_ARGUMENT.findall(row.path)
        ),
        *(
            {"in": "query", "name": name, "description": text, "schema": _kind_of(name)}
            for name, text in (query or {}).items()
        ),
    ]
    documentation["security"] = [] if row.endpoint is None else [{"apiKey": []}]
    return documentation


def _content(gives: type[WireSchema] | str | None) -> dict[str, Any]:
    if isinstance(gives, str):
        return {"content": {gives: {"schema": {"type": "string", "format": "binary"}}}}
    return {"content": {"application/json": {"schema": gives}}} if gives else {}


def _content_of(status: int, row: Route, gives: type[WireSchema] | str | None) -> dict[str, Any]:
    """The body of an answer that is neither 200 nor documented for every route."""
    refuses_aloud = status in WITH_ERRORS or (status == 401 and row.path in SAYS_WHY)
    if refuses_aloud:
        return _content(ErrorsSchema)
    goes_on = 200 < status < 300 and status != 204
    return _content(gives) if goes_on or (status == 409 and row.door is not None) else {}


def _kind_of(name: str) -> dict[str, Any]:
    """What a query parameter of this name takes, everywhere."""
    if name in FLAGS:
        return {"type": "boolean"}
    if name in NUMBERS:
        return {"type": "integer"}
    if name in LISTS:
        return {"type": "array", "items": LISTS[name]}
    return UUID_KIND if name.endswith("Id") and name not in NO_UUIDS else TEXT_KIND


def _patch_or(takes: type[WireSchema], kind: str) -> Any:
    if kind == body.JSON_PATCH:
        return {"type": "array", "items": {"type": "object"}, "description": "RFC 6902 operations"}
    return takes
