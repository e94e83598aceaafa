"""Personal access tokens for tests, and people of other tenants."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import requests

from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat, Session

GENERATE = "/api/v1/users.generatePersonalAccessToken"
REGENERATE = "/api/v1/users.regeneratePersonalAccessToken"
REMOVE = "/api/v1/users.removePersonalAccessToken"
LIST = "/api/v1/users.getPersonalAccessTokens"

PROOF = {"x-2fa-code": hashlib.sha256(PASSWORD.encode()).hexdigest(), "x-2fa-method": "password"}
"""What somebody without a second factor proves themselves by (decision 49)."""

NOT_TEXTS: tuple[object, ...] = (7, 1.5, True, ["a"], {"$ne": ""}, "\x00", "a" * 501)
"""What no parameter that is a text may be."""


def generate(session: Session, name: object, **members: Any) -> requests.Response:
    return session.post(GENERATE, {"tokenName": name} | members, headers=PROOF)


def personal(session: Session, name: str = "mine", **members: Any) -> Session:
    """The same person with a personal token."""
    answer = generate(session, name, **members)
    assert answer.status_code == 200, answer.text
    return Session(session.chat, session.user_id, answer.json()["token"])


def stranger(chat: Chat, **members: Any) -> dict[str, Any]:
    """A user of another tenant, with `username` and `id`."""
    tenant_id, _ = chat.world.add_tenant(f"other-{uuid4().hex}")
    document = {"username": f"stranger-{uuid4().hex}", "password": PASSWORD} | members
    answer = chat.world.service.call("POST", "/api/user", {"user": document}, tenant=tenant_id)
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()["user"]
    return user


def refusal(answer: requests.Response) -> str:
    """The errorType of a 400, whose whole shape is looked at."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body["success"] is False
    assert body["error"].endswith(f" [{body['errorType']}]")
    return str(body["errorType"])


def is_forbidden(answer: requests.Response, error: str = "unauthorized") -> bool:
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code == 403 and answer.json() == {"success": False, "error": error}
