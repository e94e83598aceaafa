"""OAuth for tests: a client with a person of its own, how their browser comes back, and what the client sends."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import requests

from identity.http.oauth.authorization import AuthorizationError, Granted, respond
from identity.http.pages.to_client import to_client
from identity.store.logins import find_by_id
from tests.login_world import World
from tests.password_door import PASSWORD

REDIRECT_URI = "https://client.example/callback"
GRANTS = ["authorization_code", "implicit", "password", "refresh_token"]
SCOPES = "openid offline_access email profile"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-x"
TOKEN = "/oauth2/token"
DISCOVERY = "/.well-known/openid-configuration"
OPERATIONS = {
    ("GET", DISCOVERY),
    ("GET", f"/{{tenant_id}}{DISCOVERY}"),
    ("GET", "/oauth2/userinfo"),
    ("POST", "/oauth2/userinfo"),
    ("POST", "/oauth2/introspect"),
    ("POST", TOKEN),
}
"""What the OpenAPI document lists beside the routes of the API: a front end with errors of its own."""


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(location: str) -> dict[str, str]:
    """The parameters that a redirect brings, in query or fragment."""
    parts = urlsplit(location)
    return {name: values[0] for name, values in parse_qs(parts.fragment or parts.query, strict_parsing=True).items()}


@dataclass
class Client:
    """An application as an OAuth client, and one person who is registered for it."""

    world: World
    id: str
    secret: str
    email: str
    user_id: str
    granted: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        """An authorization request."""
        return {
            "client_id": self.id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": SCOPES,
            "state": "a state",
        }

    def granted_now(self) -> Granted:
        """What a login in a browser leads to, at this moment."""
        services = self.world.service.services
        user_id, tenant_id = UUID(self.user_id), self.world.service.tenant_id
        with services.db.read() as conn:
            known = find_by_id(conn, tenant_id, user_id)
        version = known.standing.login_version if known else 0
        granted = Granted(user_id, tenant_id, services.runtime.now(), "TWITTER", version)
        return Granted(**{name: getattr(granted, name) for name in Granted.__dataclass_fields__} | self.granted)

    def come_back(self, **parameters: str | None) -> dict[str, str]:
        """What the browser of a completed login brings to the client."""
        return query_of(self.answer(**parameters).headers["Location"])

    def answer(self, **parameters: str | None) -> Any:
        """The authorization response itself; a parameter that is None is left out."""
        services = self.world.service.services
        given = {name: value for name, value in {**self.parameters, **parameters}.items() if value is not None}
        try:
            return to_client(services, respond(services, given, self.granted_now()))
        except AuthorizationError as refused:
            return to_client(services, refused.answer)

    def code(self, **parameters: str | None) -> str:
        return self.come_back(**parameters)["code"]

    def post(self, path: str = TOKEN, *, basic: tuple[str, str] | None = None, **form: str | None) -> requests.Response:
        """A form, with the client in it unless `basic` is given; a field that is None is left out."""
        fields = {**({} if basic else {"client_id": self.id, "client_secret": self.secret}), **form}
        given = {name: value for name, value in fields.items() if value is not None}
        return requests.post(self.world.service.url + path, data=given, auth=basic, timeout=30)

    def redeem(self, code: str, **form: str | None) -> requests.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return self.post(**{**fields, **form})

    def refresh(self, token: str, **form: str | None) -> requests.Response:
        return self.post(**{"grant_type": "refresh_token", "refresh_token": token, **form})

    def log_in(self, password: str = PASSWORD, **form: str | None) -> requests.Response:
        fields = {"grant_type": "password", "username": self.email, "password": password, "scope": SCOPES}
        return self.post(**{**fields, **form})

    def tokens(self, **parameters: str | None) -> dict[str, Any]:
        """The tokens of one login."""
        answer = self.redeem(self.code(**parameters))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def userinfo(self, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.world.service.url}/oauth2/userinfo", headers=headers, timeout=30)

    def configure(self, **members: Any) -> None:
        """Change members of the oauthConfiguration."""
        self.change(oauthConfiguration=members)

    def change(self, **members: Any) -> None:
        path, headers = f"/api/application/{self.id}", {"Content-Type": "application/merge-patch+json"}
        answer = self.world.service.call("PATCH", path, {"application": members}, headers=headers)
        assert answer.status_code == 200, answer.text

    def has_session(self, refresh_token_id: str) -> bool:
        path = f"/api/jwt/refresh/{refresh_token_id}"
        return self.world.service.call("GET", path).status_code == 200


def refused(answer: requests.Response, status: int = 400) -> tuple[str, str]:
    """Error and reason of a refusal, which nobody may keep."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    body = answer.json()
    assert body["error_description"]
    return body["error"], body["error_reason"]


def add_client(world: World, *, registered: bool = True, **members: Any) -> Client:
    """A client of the default tenant; `members` change its oauthConfiguration."""
    client_id = str(uuid4())
    oauth = {
        "authorizedRedirectURLs": [REDIRECT_URI],
        "enabledGrants": GRANTS,
        "generateRefreshTokens": True,
        "clientSecret": secrets.token_urlsafe(32),
    } | members
    document = {
        "name": f"client {client_id}",
        "oauthConfiguration": oauth,
        "roles": [{"name": "user", "isDefault": True}],
    }
    tenant = world.service.tenant_id
    made = world.service.call("POST", f"/api/application/{client_id}", {"application": document}, tenant=tenant)
    assert made.status_code == 200, made.text
    email = f"{uuid4().hex}@example.com"
    user = world.add_user(
        email=email, password=PASSWORD, firstName="Ada", lastName="Lovelace", username=f"ada{uuid4().hex}"
    )
    if registered:
        body = {"registration": {"applicationId": client_id}}
        answer = world.service.call("POST", f"/api/user/registration/{user['id']}", body)
        assert answer.status_code == 200, answer.text
    return Client(world, client_id, oauth["clientSecret"], email, user["id"])
