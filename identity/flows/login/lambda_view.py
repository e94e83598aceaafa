"""How a lambda sees users and registrations: their wire form, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from identity.domain.model import Registration, User
from identity.wire import camel_case

UNSEEN = frozenset({"tokens", "authentication_token", "verified_reason"})
"""Fields that no lambda gets to see: secrets, and what is not in the wire form."""


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """The wire form of a value object: camelCase, ids as text, nothing that is absent."""
    return {
        camel_case(name): str(value) if isinstance(value, UUID) else value
        for name, value in values.items()
        if value is not None and name not in UNSEEN
    }


def shown_user(user: User, registrations: Iterable[Registration]) -> dict[str, Any]:
    return shown(asdict(user)) | {
        "memberships": [],
        "registrations": [shown(asdict(item)) for item in registrations],
    }
