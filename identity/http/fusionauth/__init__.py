"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import api_keys, connection_tests, event_logs, identity_providers, system, tenants
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (
    api_keys.routes,
    connection_tests.routes,
    event_logs.routes,
    identity_providers.routes,
    system.routes,
    tenants.routes,
)
