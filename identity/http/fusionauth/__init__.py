"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import api_keys, event_logs, registrations, system, user_search, users
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (
    api_keys.routes,
    event_logs.routes,
    registrations.routes,
    system.routes,
    user_search.routes,
    users.routes,
)
