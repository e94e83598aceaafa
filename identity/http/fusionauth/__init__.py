"""The FusionAuth-compatible front end: one module per documented page, all of them in `PAGES`."""

from identity.http.fusionauth import applications, roles, system, tenants
from identity.http.fusionauth.routes import Routes

PAGES: tuple[Routes, ...] = (applications.routes, roles.routes, system.routes, tenants.routes)
