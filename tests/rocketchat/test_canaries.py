"""Secrets of the Rocket.Chat door are seen by nobody who is not meant to (security T29): no log, no error, no row."""

from __future__ import annotations

import hashlib

from tests.flows.test_canaries import Canaries, Everything, log
from tests.password_door import PASSWORD
from tests.rocketchat.client import LOGIN, Chat
from tests.rocketchat.factors import guarded

__all__ = ["log"]

HEADERS = ("X-Auth-Token", "X-User-Id", "x-2fa-code")


def test_a_canary_in_every_input_of_the_door_is_in_no_trace_log_event_or_error(chat: Chat, log: Everything) -> None:
    canaries = Canaries(chat.world.service)
    person = guarded(chat, "totp")
    password = hashlib.sha256(canaries("password").encode()).hexdigest()
    canaries.made["digest"] = password
    right = {"user": person.email, "password": PASSWORD}
    for body in (
        right | {"password": canaries("password")},
        right | {"password": {"digest": password, "algorithm": "sha-256"}},
        right | {"code": canaries("code")},
        {"resume": canaries("resume")},
        {"serviceName": "twitter", "accessToken": canaries("access token"), "appSecret": canaries("app secret")},
        {"serviceName": "facebook", "accessToken": canaries("access token"), "secret": canaries("secret")},
    ):
        canaries.call("POST", LOGIN, body, key="")
        canaries.call("POST", LOGIN, body, key="", headers={"x-2fa-code": canaries("code in a header")})
    headers = {name: canaries(name) for name in HEADERS}
    for path in ("/api/v1/me", "/api/v1/users.2fa.disableEmail", "/api/v1/logout"):
        canaries.call("GET" if path.endswith("me") else "POST", path, {}, key="", headers=headers)
    canaries.made["totp"] = person.phone.code()
    session = canaries.call("POST", LOGIN, right | {"code": canaries.made["totp"]}, key="").json()["data"]
    canaries.made["token"] = session["authToken"]
    signed_in = {"X-Auth-Token": session["authToken"], "X-User-Id": session["userId"]}
    canaries.call("POST", "/api/v1/users.2fa.disableEmail", {}, key="", headers=signed_in | {"x-2fa-code": password})
    del canaries.made["totp"]  # six digits occur by chance
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()
