"""/api/theme: create, retrieve, update, patch, delete, search. Their variables colour the hosted pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound
from identity.domain.theme import Theme
from identity.flows.configuration import save_theme
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.themes import (
    ThemeRequest,
    ThemeResponse,
    ThemeSchema,
    ThemeSearchRequest,
)
from identity.http.patch import patched
from identity.store import themes

ENDPOINT = "/api/theme"
ONE = "/api/theme/<theme_id>"
SEARCH = "/api/theme/search"
SEARCH_QUERY = {**CRITERIA, "type": "advanced or simple"}
SCHEMA, REQUEST = ThemeSchema(), ThemeRequest()
routes = Routes("Themes", "How hosted pages look: by the variables; the rest is kept and given back.")


@routes.post(ENDPOINT, ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ThemeRequest, gives=ThemeResponse)
def create_theme(call: Call, theme_id: UUID | None = None) -> dict[str, Any]:
    """Create a theme, or copy the one that `sourceThemeId` names."""
    given = call.load(REQUEST)
    source_id = given.get("source_theme_id")
    return _one(save_theme.create(call.services, call.now, call.actor, given["theme"], theme_id, source_id))


@routes.get(ENDPOINT, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=ThemeResponse)
def retrieve_themes(call: Call) -> dict[str, Any]:
    """All themes by name."""
    with call.services.db.read() as conn:
        return {"themes": [_shown(each) for each in themes.list_all(conn)]}


@routes.get(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, gives=ThemeResponse)
def retrieve_theme(call: Call, theme_id: UUID) -> dict[str, Any]:
    """One theme."""
    return _one(_existing(call, theme_id))


@routes.put(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ThemeRequest, gives=ThemeResponse)
def update_theme(call: Call, theme_id: UUID) -> dict[str, Any]:
    """Replace a theme: a member left out is gone; the type stays. The default theme is read only."""
    return _save(call, theme_id, lambda _: call.json())


@routes.patch(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL, takes=ThemeRequest, gives=ThemeResponse)
def patch_theme(call: Call, theme_id: UUID) -> dict[str, Any]:
    """Change members of a theme, in one of three dialects that the content type chooses."""
    return _save(call, theme_id, lambda stored: patched(call.request, _one(stored)))


@routes.delete(ONE, endpoint=ENDPOINT, scope=Scope.GLOBAL)
def delete_theme(call: Call, theme_id: UUID) -> None:
    """Delete a theme that no tenant and no application names."""
    save_theme.delete(call.services, call.now, call.actor, theme_id)


@routes.get(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, gives=ThemeResponse, query=SEARCH_QUERY)
def search_themes_by_query(call: Call) -> dict[str, Any]:
    """The themes that match the query's criteria."""
    return _search(call)


@routes.post(SEARCH, endpoint=SEARCH, scope=Scope.GLOBAL, takes=ThemeSearchRequest, gives=ThemeResponse)
def search_themes(call: Call) -> dict[str, Any]:
    """The themes that match the criteria under `search`."""
    return _search(call)


def _search(call: Call) -> dict[str, Any]:
    wanted = criteria(call, ThemeSearchRequest())
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = themes.search(conn, page_of(wanted), name=wanted.get("name"), type=wanted.get("type"))
    return {"themes": [_shown(each) for each in found], "total": total}


def _save(call: Call, theme_id: UUID, document: Callable[[Theme], dict[str, Any]]) -> dict[str, Any]:
    _existing(call, theme_id)
    call.request.get_data(cache=True)  # a slow body must not hold the row

    def change(stored: Theme) -> dict[str, Any]:
        return dict(REQUEST.load(document(stored))["theme"])

    return _one(save_theme.update(call.services, call.now, call.actor, theme_id, change))


def _existing(call: Call, theme_id: UUID) -> Theme:
    with call.services.db.read() as conn:
        found = themes.find(conn, theme_id)
    if found is None:
        raise NotFound
    return found


def _one(found: Theme) -> dict[str, Any]:
    return {"theme": _shown(found)}


def _shown(found: Theme) -> dict[str, Any]:
    shown: dict[str, Any] = SCHEMA.dump(
        {
            **found.settings,
            "id": found.id,
            "name": found.name,
            "type": found.type,
            "data": found.data,
            "insert_instant": found.insert_instant,
            "last_update_instant": found.last_update_instant,
        }
    )
    return shown
