"""The demo's side of OpenID Connect, by authlib: discovery, code with PKCE and nonce, refresh, sign-out."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from authlib.integrations.base_client import MismatchingStateError
from authlib.integrations.flask_client import OAuth
from authlib.oidc.core import CodeIDToken
from flask import Flask

from identity.emulators.demo.options import DemoOptions

NAME = "demo"
SCOPE = "openid offline_access profile email"
PATIENCE = 10.0
"""Seconds that the service may take for an answer."""
STARTS = "_state_demo_"
"""How authlib names what it keeps of a sign-in that has begun."""
MOST_STARTS = 4


class IdTokenOfNow(CodeIDToken):  # type: ignore[misc]  # authlib has no types
    """An ID token that comes straight from the token endpoint.

    A development service whose clock was moved on issues it in our future; that alone is no reason to refuse it.
    """

    def validate(self, now: float | None = None, leeway: float = 0) -> None:
        wall = time.time() if now is None else now
        issued = self.get("iat")
        super().validate(max(wall, issued) if isinstance(issued, int | float) else wall, leeway)


def relying_party(app: Flask, options: DemoOptions) -> Any:
    """authlib's client, which keeps state, nonce and verifier in the session of `app`."""
    return OAuth(app).register(
        NAME,
        client_id=options.client_id,
        client_secret=options.client_secret,
        server_metadata_url=f"{options.service_url}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", "default_timeout": PATIENCE},
    )


def forget_old_starts(session: MutableMapping[str, Any]) -> None:
    """A browser may have begun to sign in on several pages at once, but a cookie holds only so much."""
    begun = sorted((name for name in session if name.startswith(STARTS)), key=lambda name: session[name]["exp"])
    for name in begun[: max(0, len(begun) - MOST_STARTS + 1)]:
        del session[name]


def require_start(party: Any, session: MutableMapping[str, Any], state: str | None) -> None:
    """Nothing that comes back is believed, an error neither, unless this browser has begun it.

    Raises MismatchingStateError.
    """
    if not state or party.framework.get_state_data(session, state) is None:
        raise MismatchingStateError


def refreshed(party: Any, refresh_token: str) -> dict[str, Any]:
    """The tokens of a refresh grant; the refresh token is the new one when there is a new one."""
    token: dict[str, Any] = party.fetch_access_token(grant_type="refresh_token", refresh_token=refresh_token)
    return {"refresh_token": refresh_token, **token}


def claims_of(party: Any, token: dict[str, Any], nonce: str | None = None) -> dict[str, Any]:
    """The ID token's claims, verified; empty without one."""
    claims = party.parse_id_token(token, nonce=nonce, claims_cls=IdTokenOfNow)
    return {} if claims is None else dict(claims)
