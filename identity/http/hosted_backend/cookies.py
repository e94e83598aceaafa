"""The cookies app.*, which a browser application and its SDK live on (supporting contract 22).

Two of them are for scripts to read: the ID token, and when the access token ends.
"""

from __future__ import annotations

from flask import Request, Response

from identity.flows.oauth.clients import Client
from identity.flows.oauth.tokens import OAuthTokens
from identity.flows.services import Services
from identity.http.trust_cookie import uses_https

ACCESS, REFRESH, ID_TOKEN, EXPIRY = "app.at", "app.rt", "app.idt", "app.at_exp"
FOR_SCRIPTS = (ID_TOKEN, EXPIRY)


class TokenCookies:
    """Written into the answer to one request."""

    def __init__(self, services: Services, request: Request, response: Response) -> None:
        self._response = response
        self._secure = uses_https(services, request)
        self._domain = services.settings.hosted_backend.cookie_domain or None

    def give(self, client: Client, tokens: OAuthTokens, refresh_token: str | None, now: int) -> None:
        """`now`: before the tokens were made, in epoch milliseconds; `refresh_token`: the one to refresh with next.

        What there is no new one of is forgotten: it may be another person's, or another application's.
        """
        seconds = tokens.expires_in
        minutes = client.configuration.jwt.refresh_token_time_to_live_in_minutes
        self._set(ACCESS, tokens.access_token, seconds)
        self._set(EXPIRY, str(now // 1000 + seconds), seconds)
        self._set_or_take(ID_TOKEN, tokens.id_token, seconds)
        self._set_or_take(REFRESH, refresh_token, minutes * 60)

    def take(self) -> None:
        """Have the browser forget them."""
        for name in (ACCESS, REFRESH, ID_TOKEN, EXPIRY):
            self._set(name, "", 0)

    def _set_or_take(self, name: str, value: str | None, seconds: int) -> None:
        self._set(name, value or "", seconds if value else 0)

    def _set(self, name: str, value: str, seconds: int) -> None:
        self._response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            domain=self._domain,
            secure=self._secure,
            httponly=name not in FOR_SCRIPTS,
            samesite="Lax",
        )
