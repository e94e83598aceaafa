"""The Rocket.Chat-compatible front end: one module per group of routes, all of them in `BLUEPRINTS`."""

from identity.http.rocketchat import email_factor, login, logout, me

BLUEPRINTS = (
    email_factor.blueprint,
    login.blueprint,
    logout.blueprint,
    me.blueprint,
)
