"""Secret members of a settings document: taken out and sealed for the store, opened and put back for a retrieve.

A secret is named by its dotted path in the document; it opens only in its own row (decision 25).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from identity.sealing import Place, Sealer

Settings = dict[str, Any]


def take_out(settings: Mapping[str, Any], names: Iterable[str]) -> tuple[Settings, dict[str, str]]:
    """A copy of the document without the named members, and these members in clear."""
    rest = copy.deepcopy(dict(settings))
    clear: dict[str, str] = {}
    for name in names:
        part, _, member = name.partition(".")
        secret = rest.get(part, {}).pop(member, None)
        if secret is not None:
            clear[name] = secret
    return rest, clear


def put_back(settings: Mapping[str, Any], clear: Mapping[str, str]) -> Settings:
    """A copy of the document with the secrets in it."""
    whole = copy.deepcopy(dict(settings))
    for name, secret in clear.items():
        part, _, member = name.partition(".")
        whole.setdefault(part, {})[member] = secret
    return whole


def sealed(sealer: Sealer, table: str, row: UUID, clear: Mapping[str, str]) -> dict[str, str]:
    return {name: sealer.seal(secret, _place(table, row, name)) for name, secret in clear.items()}


def opened(sealer: Sealer, table: str, row: UUID, secrets: Mapping[str, str]) -> dict[str, str]:
    """Raises CannotOpen."""
    return {name: sealer.open(text, _place(table, row, name)) for name, text in secrets.items()}


def _place(table: str, row: UUID, name: str) -> Place:
    return Place(table, row, f"secrets.{name}")
