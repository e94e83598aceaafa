"""The database of `identity dev`: the embedded PostgreSQL, or the one that a setting names."""

from __future__ import annotations

from identity.dev.children import Report
from identity.settings import Settings
from identity.store.embedded import EmbeddedFailed, EmbeddedPostgres


class DevDatabase:
    """Started, started again when it dies, and stopped; another's database is only used."""

    def __init__(self, settings: Settings) -> None:
        self._embedded = None if settings.database.url else _embedded(settings)
        self.url = settings.database.url

    def start(self, report: Report) -> None:
        """Raises EmbeddedFailed."""
        if self._embedded is not None:
            self.url = self._embedded.start(report)

    def revive(self, report: Report) -> None:
        """Start it again when it has died; `url` may have changed then. Call this often."""
        if self._embedded is None or self._embedded.is_alive():
            return
        report("PostgreSQL ended; starting it again")
        try:
            self.url = self._embedded.start(report)
        except EmbeddedFailed as failure:
            report(str(failure))

    def stop(self) -> None:
        if self._embedded is not None:
            self._embedded.stop()

    @property
    def description(self) -> str:
        if self._embedded is None or self._embedded.facts is None:
            return "the PostgreSQL of IDENTITY_DATABASE_URL"
        facts = self._embedded.facts
        return f"PostgreSQL {facts.version} in {facts.cluster_dir} (runs as {facts.account})"


def _embedded(settings: Settings) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        settings.data_dir,
        binaries=settings.postgres.binaries,
        account=settings.postgres.account,
        keep_running=settings.postgres.keep_running,
    )
