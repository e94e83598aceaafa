"""How the embedded PostgreSQL says that it cannot run: what happened, why, and what to do."""

from __future__ import annotations

OWN_DATABASE = "Set IDENTITY_DATABASE_URL to use a PostgreSQL of your own."


class EmbeddedFailed(Exception):
    """The embedded PostgreSQL cannot be used. The message is meant for the person at the terminal."""
