"""The Rocket.Chat-compatible front end: one module per group of routes, all of them in `BLUEPRINTS`."""

from identity.http.rocketchat import login, logout, me

BLUEPRINTS = (
    login.blueprint,
    logout.blueprint,
    me.blueprint,
)
