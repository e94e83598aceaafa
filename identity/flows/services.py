"""Services: what flows use of the world, built once per process by `identity/app.py` and handed in everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from identity.runtime import Runtime
from identity.sealing import Sealer
from identity.settings import Settings
from identity.store.db import Database
from identity.upstream import Http


@dataclass(frozen=True, slots=True)
class Services:
    """Frozen: nothing here is looked up by name or replaced at run time."""

    settings: Settings
    db: Database
    sealer: Sealer
    http: Http
    runtime: Runtime
