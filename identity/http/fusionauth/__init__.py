"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import (
    api_keys,
    event_logs,
    keys,
    public_keys,
    registrations,
    system,
    tenants,
    user_search,
    users,
)
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (
    api_keys.routes,
    event_logs.routes,
    keys.routes,
    public_keys.routes,
    registrations.routes,
    system.routes,
    tenants.routes,
    user_search.routes,
    users.routes,
)
