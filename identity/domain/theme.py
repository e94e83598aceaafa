"""Themes: how hosted pages look. Pages take the variables (`theme_style`); the rest is kept only (decision 43)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

DEFAULT_THEME_ID = UUID("75a068fd-e94b-451a-9aeb-3ddb9a3b5987")
"""Read only, in every installation (supporting contract 5.4)."""


@dataclass(frozen=True, slots=True)
class Theme:
    """`settings` holds messages, stylesheet, templates and variables, by their names in snake_case."""

    id: UUID
    name: str
    type: str
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    insert_instant: int
    last_update_instant: int
