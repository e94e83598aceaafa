"""Creating, changing and deleting themes. `values` are the members as the wire schema loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.theme import DEFAULT_THEME_ID, Theme
from identity.flows.services import Services
from identity.store import audit, configuration, themes
from identity.store.db import Connection, UniqueConflict

Values = Mapping[str, Any]
T = TypeVar("T")
FIELDS = {"themes_pkey": "theme.id", "themes_name_key": "theme.name"}
ADVANCED = "advanced"


def create(
    services: Services, now: int, actor: str, values: Values, theme_id: UUID | None, source_id: UUID | None
) -> Theme:
    """A new theme, or a copy of another one under a new name. Raises Invalid."""

    def work(conn: Connection) -> Theme:
        settings: Mapping[str, Any] = _settings(values)
        kind = values.get("type") or ADVANCED
        if source_id is not None:
            source = themes.find(conn, source_id)
            if source is None:
                raise invalid_field("sourceThemeId", "invalid")
            settings, kind = source.settings, source.type
        new = Theme(theme_id or services.runtime.new_id(), values["name"], kind, settings, values["data"], now, now)
        themes.insert(conn, new)
        audit.add(conn, now, actor, f"Created the theme with id {new.id} and name {new.name!r}")
        return new

    return _change(services, work)


def update(services: Services, now: int, actor: str, theme_id: UUID, change: Callable[[Theme], Values]) -> Theme:
    """Replace a theme by what `change` makes of the stored one. Raises NotFound, Invalid."""

    def work(conn: Connection) -> Theme:
        stored = themes.find(conn, theme_id, lock=True)
        if stored is None:
            raise NotFound
        _refuse_default(theme_id)
        values = change(stored)
        if values.get("type") not in (None, stored.type):
            raise invalid_field("theme.type", "invalid", "The type of a theme can not be changed.")
        wanted = replace(
            stored, name=values["name"], settings=_settings(values), data=values["data"], last_update_instant=now
        )
        themes.update(conn, wanted)
        audit.add(conn, now, actor, f"Updated the theme with id {theme_id} and name {wanted.name!r}")
        return wanted

    return _change(services, work)


def delete(services: Services, now: int, actor: str, theme_id: UUID) -> None:
    """Delete a theme that nothing names. Raises NotFound, Invalid."""

    def work(conn: Connection) -> None:
        _refuse_default(theme_id)
        if themes.is_used(conn, theme_id):
            raise invalid_field("theme.id", "inUse")
        if not themes.delete(conn, theme_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the theme with id {theme_id}")

    _change(services, work)


def _refuse_default(theme_id: UUID) -> None:
    if theme_id == DEFAULT_THEME_ID:
        raise invalid_field("theme.id", "invalid", "The default theme can not be changed; copy it.")


def _settings(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in {"name", "type", "data"}}


def _change(services: Services, work: Callable[[Connection], T]) -> T:
    try:
        return configuration.change(services.db, work)
    except UniqueConflict as error:
        raise invalid_field(FIELDS[error.constraint], "duplicate") from error
