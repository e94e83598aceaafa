"""What a kickstart file asks for: FusionAuth's format, with variables, inclusions and escapes expanded.

Source: supporting contract 19. Expansion works on the parsed JSON, string by string, so a value never needs escaping.
Reading files, the environment and random ids are handed in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

MARK = re.compile(r"\\(?P<literal>[#@&]\{)|(?P<kind>[#@&])\{(?P<name>[^{}]*)\}")
WHOLE_FILE = re.compile(r"&\{(?P<name>[^{}]+)\}")
ENVIRONMENT = "ENV."
NEW_ID = "UUID()"
DEEPEST_INCLUSION = 16
METHODS = ("POST", "PUT", "PATCH")
JSON = "application/json"
TENANT_ID = "FUSIONAUTH_TENANT_ID"
TENANT_MANAGER_IDS = ("FUSIONAUTH_TENANT_MANAGER_APPLICATION_ID", "TENANT_MANAGER_ID")
BUILTIN_NAMES = (
    "FUSIONAUTH_APPLICATION_ID",
    "FUSIONAUTH_DEFAULT_SIGNING_KEY_ID",
    "FUSIONAUTH_FORM[adminRegistration]_ID",
    "FUSIONAUTH_FORM[adminUser]_ID",
    "FUSIONAUTH_LAMBDA[AppleReconcile]_ID",
    "FUSIONAUTH_LAMBDA[FacebookReconcile]_ID",
    "FUSIONAUTH_LAMBDA[GoogleReconcile]_ID",
    "FUSIONAUTH_LAMBDA[OpenIDReconcile]_ID",
    "FUSIONAUTH_LAMBDA[SAMLv2Reconcile]_ID",
    "FUSIONAUTH_LAMBDA[TwitterReconcile]_ID",
    TENANT_ID,
    *TENANT_MANAGER_IDS,
)
"""The names that FusionAuth documents; an installation has values for those whose objects it has."""
SHORTEST_SECRET = 8
"""Shorter values of the environment are not masked in messages: they would blot out ordinary words."""


class BadKickstart(Exception):
    """A kickstart file cannot be used; the message says where and why. Nothing of it was applied."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a kickstart file may draw on."""

    read: Callable[[str], str]
    """The text of a file, by its path relative to the kickstart file. Raises BadKickstart."""
    environment: Mapping[str, str] = field(repr=False)
    builtins: Mapping[str, str]
    new_id: Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the service's own API."""

    method: str
    path: str
    tenant_id: str | None
    content_type: str
    body: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """A kickstart file, expanded. `keys` are the wire documents of the API keys; timeouts in seconds."""

    keys: tuple[dict[str, Any], ...] = field(repr=False)
    requests: tuple[Request, ...]
    connect_timeout: float
    read_timeout: float
    default_tenant_id: UUID | None
    """The id that the default tenant is to have."""
    tenant_manager_application_id: UUID | None
    secrets: frozenset[str] = field(repr=False)
    """Values that no message may show."""


def plan(text: str, sources: Sources) -> Plan:
    """Read a kickstart file. Raises BadKickstart."""
    document = _parsed(text, "the kickstart file")
    if not isinstance(document, dict):
        raise BadKickstart("The kickstart file must be a JSON object.")
    expander = _Expander(sources)
    variables = expander.define(_member(document, "variables", dict) or {})
    keys = expander.expand(_member(document, "apiKeys", list) or [], "apiKeys")
    requests = expander.expand(_member(document, "requests", list) or [], "requests")
    settings = expander.expand(_member(document, "settings", dict) or {}, "settings")
    if not keys:
        raise BadKickstart("The kickstart file has no apiKeys: at least one is needed to send its requests with.")
    for number, key in enumerate(keys):
        if not isinstance(key, dict) or not isinstance(key.get("key"), str) or not key["key"]:
            raise BadKickstart(f"apiKeys[{number}] must be an object with the member 'key'.")
    return Plan(
        keys=tuple(keys),
        requests=tuple(_request(request, f"requests[{number}]") for number, request in enumerate(requests)),
        connect_timeout=_seconds(settings, "connectTimeout"),
        read_timeout=_seconds(settings, "readTimeout"),
        default_tenant_id=_id(variables, "defaultTenantId"),
        tenant_manager_application_id=_id(variables, "tenantManagerApplicationId"),
        secrets=frozenset({key["key"] for key in keys} | expander.secrets),
    )


class _Expander:
    """Replaces the marks in strings. `define` comes first: it settles the variables."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._names: dict[str, str] = dict(sources.builtins)
        self.secrets: set[str] = set()

    def define(self, variables: dict[str, Any]) -> dict[str, str]:
        """The variables' values, each computed once. They see the built-in names, but not one another."""
        values = {}
        for name, value in variables.items():
            place = f"variables.{name}"
            if isinstance(value, dict | list) or value is None:
                raise BadKickstart(f"{place} must be a text.")
            text = value if isinstance(value, str) else json.dumps(value)
            values[name] = self._text(text, place)
        if "defaultTenantId" in values:
            self._names[TENANT_ID] = values["defaultTenantId"]
        if "tenantManagerApplicationId" in values:
            self._names |= dict.fromkeys(TENANT_MANAGER_IDS, values["tenantManagerApplicationId"])
        self._names |= values
        return values

    def expand(self, value: Any, place: str, depth: int = 0) -> Any:
        """A JSON value with every mark in it replaced. `place` names it in messages."""
        if isinstance(value, str):
            whole = WHOLE_FILE.fullmatch(value)
            return self._document(whole["name"], place, depth) if whole else self._text(value, place)
        if isinstance(value, list):
            return [self.expand(inner, f"{place}[{number}]", depth) for number, inner in enumerate(value)]
        if isinstance(value, dict):
            return {self._text(key, place): self.expand(inner, f"{place}.{key}", depth) for key, inner in value.items()}
        return value

    def _document(self, name: str, place: str, depth: int) -> Any:
        if depth >= DEEPEST_INCLUSION:
            raise BadKickstart(f"{place}: the file {name!r} is included too deep; does it include itself?")
        path = self._text(name, place)
        return self.expand(_parsed(self._sources.read(path), f"the file {path!r}"), place, depth + 1)

    def _text(self, text: str, place: str, kinds: str = "#@&") -> str:
        """`kinds` are the marks to replace: an included text keeps its @{...} and &{...}."""

        def replaced(match: re.Match[str]) -> str:
            if (literal := match["literal"]) is not None:
                return literal if literal[0] in kinds else match[0]
            if match["kind"] not in kinds:
                return match[0]
            if match["kind"] == "&":
                raise BadKickstart(f"{place}: {match[0]} must stand alone. Write \\\\&{{ in JSON for a literal one.")
            if match["kind"] == "@":
                path = self._text(match["name"], place, "#")
                return self._text(self._sources.read(path), f"{place} (the file {path!r})", "#")
            return self._value(match["name"], place)

        return MARK.sub(replaced, text)

    def _value(self, name: str, place: str) -> str:
        if name == NEW_ID:
            return str(self._sources.new_id())
        if name.startswith(ENVIRONMENT):
            return self._environment(name.removeprefix(ENVIRONMENT), place)
        if name not in self._names:
            raise BadKickstart(
                f"{place}: there is no variable {name!r}. Variables do not see one another; "
                "for a literal #{ write \\\\#{ in JSON."
            )
        return self._names[name]

    def _environment(self, name: str, place: str) -> str:
        value = self._sources.environment.get(name)
        if value is None:
            raise BadKickstart(f"{place}: the environment variable {name!r} is not set.")
        if len(value) >= SHORTEST_SECRET:
            self.secrets.add(value)
        return value


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadKickstart(f"{what[0].upper()}{what[1:]} is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise BadKickstart(f"{what[0].upper()}{what[1:]} is nested too deep.") from error


def _member(document: dict[str, Any], name: str, kind: type) -> Any:
    value = document.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadKickstart(f"{name} must be {'an object' if kind is dict else 'a list'}.")
    return value


def _request(document: Any, place: str) -> Request:
    if not isinstance(document, dict):
        raise BadKickstart(f"{place} must be an object.")
    texts = {name: document.get(name) for name in ("method", "url", "tenantId", "contentType")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise BadKickstart(f"{place}.{name} must be a text.")
    method, url = (texts["method"] or "").upper(), texts["url"] or ""
    if method not in METHODS:
        raise BadKickstart(f"{place}.method must be one of {', '.join(METHODS)}.")
    if not url:
        raise BadKickstart(f"{place}.url is missing.")
    path = url if url.startswith("/") else f"/{url}"
    return Request(method, path, texts["tenantId"] or None, texts["contentType"] or JSON, document.get("body"))


def _seconds(settings: dict[str, Any], name: str, default: float = 5.0) -> float:
    """A timeout, given in milliseconds."""
    value = settings.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit() or int(value) == 0:
        raise BadKickstart(f"settings.{name} must be a number of milliseconds.")
    return int(value) / 1000


def _id(variables: Mapping[str, str], name: str) -> UUID | None:
    if name not in variables:
        return None
    try:
        return UUID(variables[name])
    except ValueError as error:
        raise BadKickstart(f"variables.{name} must be a UUID.") from error
