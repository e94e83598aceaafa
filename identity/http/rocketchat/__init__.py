"""The Rocket.Chat-compatible front end: one module per group of routes, all of them in `BLUEPRINTS`."""

from identity.http.rocketchat import (
    avatar,
    email_factor,
    info,
    login,
    logout,
    me,
    people,
    personal_tokens,
    user_sessions,
)

BLUEPRINTS = (
    avatar.blueprint,
    email_factor.blueprint,
    info.blueprint,
    login.blueprint,
    logout.blueprint,
    me.blueprint,
    people.blueprint,
    personal_tokens.blueprint,
    user_sessions.blueprint,
)
