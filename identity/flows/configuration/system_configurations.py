"""The system configuration: read as a copy of the process that is proved at every use, and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from identity.domain.system_configuration import SystemConfiguration
from identity.store import audit, configuration, system_configuration
from identity.store.db import Connection, Database, StoreUnavailable


class SystemConfigurations:
    """The copy of one process. `defaults` are the settings while nothing has been stored."""

    def __init__(self, db: Database, defaults: Mapping[str, Any]) -> None:
        self._db = db
        self._defaults = defaults
        self._copy: tuple[int, SystemConfiguration] | None = None

    def current(self) -> SystemConfiguration:
        """As it is in the database; as it was last, while that is away. Raises StoreUnavailable."""
        known = self._copy
        try:
            with self._db.read() as conn:
                version = configuration.version(conn)
                if known is None or known[0] != version:
                    known = self._copy = (version, self.read(conn))
        except StoreUnavailable:
            if known is None:
                raise
        return known[1]

    def read(self, conn: Connection) -> SystemConfiguration:
        return system_configuration.find(conn) or SystemConfiguration(self._defaults)

    def change(
        self, now: int, actor: str, change: Callable[[SystemConfiguration], dict[str, Any]]
    ) -> SystemConfiguration:
        """Replace the settings by what `change` makes of the stored ones. Raises what `change` raises."""

        def work(conn: Connection) -> SystemConfiguration:
            changed = system_configuration.put(conn, change(self.read(conn)), now)
            audit.add(conn, now, actor, "Updated the system configuration")
            return changed

        return configuration.change(self._db, work)
