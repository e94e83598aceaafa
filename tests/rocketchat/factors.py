"""Second factors for tests of the Rocket.Chat door: people who have some, and what their clients are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.password_door import PASSWORD
from tests.rocketchat.client import Chat
from tests.second_factors import Phone, mailed_codes, messaged_codes, tenant_policy, with_phone

NUMBER = "+49 30 901820"


def offer_every_kind(chat: Chat) -> None:
    """The tenant offers authenticators, e-mail and messages."""
    messenger = {"messenger": {"type": "Generic", "name": "Gateway", "url": "http://127.0.0.1:9/", "transport": "http"}}
    made = chat.world.service.call("POST", "/api/messenger", messenger)
    assert made.status_code == 200, made.text
    sms = {"enabled": True, "messengerId": made.json()["messenger"]["id"]}
    tenant_policy(chat.world, email={"enabled": True}, sms=sms)


@dataclass
class Guarded:
    """Somebody with a password and second factors; `recovery` are the codes that came with an authenticator."""

    chat: Chat
    email: str
    user_id: str
    phone: Phone
    recovery: list[str] = field(default_factory=list)

    def login(self, code: Any = None, **options: Any) -> requests.Response:
        body = {"user": self.email, "password": PASSWORD} | ({} if code is None else {"code": code})
        return self.chat.login(body, **options)

    def error(self, code: Any = None) -> str:
        """The error of a login that must fail."""
        answer = self.login(code)
        assert answer.status_code == 401, answer.text
        return str(answer.json()["error"])

    def details(self, code: Any = None) -> dict[str, Any]:
        answer = self.login(code)
        assert answer.status_code == 401, answer.text
        told: dict[str, Any] = answer.json()["details"]
        return told

    def mailed(self) -> list[str]:
        return mailed_codes(self.chat.world, self.email)

    def messaged(self) -> list[str]:
        return messaged_codes(self.chat.world, NUMBER)

    def logins(self) -> int:
        """How many logins of theirs were recorded."""
        [(count,)] = self.chat.world.rows("SELECT count(*) FROM login_records WHERE user_id = %s", self.user_id)
        return int(count)


def guarded(chat: Chat, *kinds: str, **members: Any) -> Guarded:
    """Somebody new with methods of these kinds: "totp", "email", "sms"."""
    person = chat.person()
    addresses = {"email": {"email": person.email}, "sms": {"mobilePhone": NUMBER}}
    sent = [{"method": kind} | addresses[kind] for kind in kinds if kind in addresses]
    user_id = person.add_user(**members, **({"twoFactor": {"methods": sent}} if sent else {}))
    made = Guarded(chat, person.email, user_id, Phone(chat.world))
    if "totp" in kinds:
        made.phone, made.recovery = with_phone(chat.world, user_id)
    return made
