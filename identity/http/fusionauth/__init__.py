"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import (
    api_keys,
    applications,
    connection_tests,
    event_logs,
    identity_providers,
    jwt,
    keys,
    lambdas,
    links,
    login,
    public_keys,
    refresh_tokens,
    registrations,
    roles,
    system,
    tenants,
    user_search,
    users,
)
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (
    api_keys.routes,
    applications.routes,
    connection_tests.routes,
    event_logs.routes,
    identity_providers.routes,
    jwt.routes,
    keys.routes,
    links.routes,
    login.routes,
    lambdas.routes,
    public_keys.routes,
    refresh_tokens.routes,
    registrations.routes,
    roles.routes,
    system.routes,
    tenants.routes,
    user_search.routes,
    users.routes,
)
