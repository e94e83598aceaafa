"""The settings of the whole installation, with what the program itself reads of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.cors import Cors, normal_origin

DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class SystemConfiguration:
    """`settings` are the members in snake_case. No instants: nobody has changed the defaults yet."""

    settings: Mapping[str, Any]
    insert_instant: int | None = None
    last_update_instant: int | None = None

    @property
    def cors(self) -> Cors:
        given = self.settings["cors_configuration"]
        return Cors(
            enabled=given["enabled"],
            allow_credentials=given["allow_credentials"],
            allowed_headers=tuple(given["allowed_headers"]),
            allowed_methods=frozenset(given["allowed_methods"]),
            allowed_origins=frozenset(normal_origin(origin) or origin for origin in given["allowed_origins"]),
            exposed_headers=tuple(given["exposed_headers"]),
            preflight_max_age_in_seconds=given["preflight_max_age_in_seconds"],
            debug=given["debug"],
        )

    @property
    def report_timezone(self) -> str:
        return str(self.settings["report_timezone"])

    def oldest(self, name: str, now: int) -> int | None:
        """Before which instant `login_record`s or `audit_log` entries are deleted; None: never."""
        delete = self.settings[f"{name}_configuration"]["delete"]
        return now - delete["number_of_days_to_retain"] * DAY if delete["enabled"] else None
