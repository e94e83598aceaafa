"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import registrations, system, user_search, users
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (system.routes, users.routes, user_search.routes, registrations.routes)
