"""Services: what flows use of the world, built once per process by `identity/app.py` and handed in everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.events import NO_INFO, Event, EventInfo
from identity.flows.configuration.configurations import Configurations
from identity.flows.configuration.system_configurations import SystemConfigurations
from identity.flows.courier import Courier, Deliver
from identity.flows.login.login_traces import LoginTraces
from identity.outbound.callout import Caller
from identity.outbound.http import Client
from identity.outbound.ldap import Directory
from identity.outbound.reconcile import LambdaPool
from identity.outbound.smtp import Smtp
from identity.runtime import Runtime
from identity.sealing import Sealer
from identity.settings import Settings
from identity.store.db import Database
from identity.store.development_clock import DevelopmentClock


@dataclass(frozen=True, slots=True)
class Services:
    """Frozen: nothing here is looked up by name or replaced at run time."""

    settings: Settings
    db: Database
    sealer: Sealer
    runtime: Runtime
    http: Client
    lambdas: LambdaPool
    configurations: Configurations
    caller: Caller
    """Calls to addresses that administrators typed in."""

    directory: Directory
    """Directories that know passwords of people."""

    smtp: Smtp
    courier: Courier
    deliverers: Mapping[str, Deliver]
    """Who delivers parcels of a kind."""

    present_event: Callable[[Event], dict[str, Any]]
    """An event's own members as webhooks get them; the front end knows the wire."""
    traces: LoginTraces
    system: SystemConfigurations
    clock: DevelopmentClock | None = None
    """What moves `runtime.now`, in development mode."""

    info: EventInfo = NO_INFO
    """Where the request that is being served came from: for events whose flow does not say it itself."""

    def close(self) -> None:
        """End connections and children; for an orderly end of the process."""
        self.traces.close()
        self.courier.close()
        self.lambdas.close()
        self.http.close()
        self.db.close()
        if self.clock is not None:
            self.clock.close()
