"""What tests of second factors do to users and tenants: an authenticator on the caller's side, and calls."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

from identity.domain.totp import Authenticator, code_at
from identity.flows import courier
from identity.store.outbox import Parcel
from tests.login_world import World

LOGIN = "/api/two-factor/login"
START = "/api/two-factor/start"
STATUS = "/api/two-factor/status"
METHODS = "/api/user/two-factor"
RECOVERY = "/api/user/two-factor/recovery-code"


@dataclass
class Phone:
    """An authenticator application. Each of its codes is shown once, as time allows: a step has one code."""

    world: World
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(20))
    shape: Authenticator = field(default_factory=Authenticator)
    shown: int = 0

    @property
    def base64(self) -> str:
        return base64.b64encode(self.secret).decode()

    @property
    def base32(self) -> str:
        return base64.b32encode(self.secret).decode()

    def step(self) -> int:
        return self.shape.step_at(self.world.service.services.runtime.now())

    def code(self) -> str:
        """The next code that was not shown before; the clock is moved on when it is not its time yet."""
        if self.step() <= self.shown:
            self.world.clock.advance(seconds=self.shape.time_step * (self.shown + 1 - self.step()))
        self.shown = self.step()
        return code_at(self.secret, self.shown, self.shape)

    def wrong_codes(self, count: int) -> list[str]:
        """Codes that are no code of the steps around now."""
        near = {code_at(self.secret, self.step() + offset, self.shape) for offset in range(-3, 40)}
        found = [text for number in range(1_000) if (text := f"{number:06}") not in near]
        return found[:count]


def enable(world: World, user_id: str, phone: Phone, **members: Any) -> requests.Response:
    body = {"code": phone.code(), "method": "authenticator", "secret": phone.base64} | members
    return world.service.call("POST", f"{METHODS}/{user_id}", body)


def with_phone(world: World, user_id: str) -> tuple[Phone, list[str]]:
    """Set an authenticator up for the user: the phone, and the recovery codes."""
    phone = Phone(world)
    answer = enable(world, user_id, phone)
    assert answer.status_code == 200, answer.text
    return phone, answer.json().get("recoveryCodes", [])


def answer(world: World, two_factor_id: str, code: str, **members: Any) -> requests.Response:
    """Answer a challenge, as a login page does: without a key."""
    options = {name: members.pop(name) for name in ("cookies", "headers") if name in members}
    body = {"twoFactorId": two_factor_id, "code": code} | members
    return world.service.call("POST", LOGIN, body, key="", **options)


def tenant_policy(world: World, **members: Any) -> None:
    """Change the tenant's multiFactorConfiguration."""
    change_tenant(world, multiFactorConfiguration=members)


def change_tenant(world: World, **members: Any) -> None:
    answered = world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": members})
    assert answered.status_code == 200, answered.text


def change_application(world: World, application_id: str | None = None, **members: Any) -> None:
    path = f"/api/application/{application_id or world.application_id}"
    answered = world.service.call("PATCH", path, {"application": members})
    assert answered.status_code == 200, answered.text


def challenge(world: World, person: str, **options: Any) -> str:
    """Log in through the provider up to the 242; the twoFactorId."""
    answered = world.login(person, **options)
    assert answered.status_code == 242, (answered.status_code, answered.text)
    return str(answered.json()["twoFactorId"])


def posted(world: World, kind: str) -> list[dict[str, Any]]:
    """What waits in the outbox, oldest first: what a courier would deliver."""
    services = world.service.services
    columns = "id, tenant_id, kind, ordering_key, payload, queued_instant, place, tries"
    rows = world.rows(f"SELECT {columns} FROM outbox WHERE kind = %s ORDER BY queued_instant, place", kind)
    return [orjson.loads(courier.text_of(services, Parcel(*row))) for row in rows]


def mails(world: World, address: str, subject: str) -> list[str]:
    """The texts of the mails of this subject that wait for this address, oldest first."""
    found = [each for each in posted(world, "mail") if each["to"] == address]
    return [str(each["mail"]["text"]) for each in found if each["mail"]["subject"] == subject]


def mailed_codes(world: World, address: str) -> list[str]:
    """The codes that were mailed to this address, oldest first."""
    return [re.findall(r"Your code is (\S+)", text)[0] for text in mails(world, address, "Your code")]


def messaged_codes(world: World, phone: str) -> list[str]:
    """The codes in messages to this phone, oldest first."""
    return [str(each["body"]["code"]) for each in posted(world, "message") if each["body"]["phoneNumber"] == phone]
