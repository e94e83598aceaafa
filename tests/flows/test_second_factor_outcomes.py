"""What a right code leads to: every outcome of a first step (supporting contract 12.2), the trace and the events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.acting import Acting
from tests.login_world import World
from tests.password_door import Door
from tests.second_factors import (
    METHODS,
    Phone,
    answer,
    challenge,
    change_application,
    change_tenant,
    tenant_policy,
    with_phone,
)
from tests.verifying import FORM_FIELD, GATED, register, verify_emails, verify_registrations
from tests.webhook_world import NO, Hooks, hooks_of

TOKENS = {"token", "tokenExpirationInstant", "refreshToken", "refreshTokenId"}
EVENTS = (
    "user.login.success",
    "user.two-factor.method.add",
    "user.two-factor.method.remove",
    "jwt.refresh-token.revoke",
)


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


class Person:
    """Somebody with a password, a registration and an authenticator."""

    def __init__(self, world: World, **members: Any) -> None:
        self.world, self.door = world, Door(world)
        self.id = self.door.add_user(**members)
        self.phone, self.recovery_codes = with_phone(world, self.id)

    def challenge(self, **members: Any) -> str:
        response = self.door.knock(**members)
        assert response.status_code == 242, response.text
        return str(response.json()["twoFactorId"])

    def log_in(self, **members: Any) -> requests.Response:
        """Both steps."""
        return answer(self.world, self.challenge(), self.phone.code(), **members)


@pytest.fixture
def person(world: World) -> Person:
    return Person(world)


def rule_of(world: World, response: requests.Response) -> str:
    """The rule that the trace of this login names."""
    found = world.service.call("GET", f"/api/system/login-trace/{response.headers['X-Identity-Trace']}")
    assert found.status_code == 200, found.text
    return str(found.json()["loginTrace"]["rule"])


def test_a_password_login_is_completed_and_keeps_its_kind(world: World, person: Person) -> None:
    response = person.log_in()
    assert response.status_code == 200
    assert set(response.json()) == TOKENS | {"user"}
    records = world.rows("SELECT authentication_type FROM login_records WHERE user_id = %s", person.id)
    assert records == [("PASSWORD",)]


def test_a_trusted_computer_may_be_named_in_the_body_of_a_password_login(world: World, person: Person) -> None:
    trust_id = person.log_in(trustComputer=True).json()["twoFactorTrustId"]
    assert person.door.status(twoFactorTrustId=trust_id) == 200
    assert person.door.status(twoFactorTrustId="another") == 242
    body = {"loginId": person.door.email, "password": "correct horse battery", "twoFactorTrustId": trust_id}
    wins = world.service.call("POST", "/api/login", body, cookies={"fusionauth.trust": "another"})
    assert wins.status_code == 242


def test_a_login_without_an_application_may_name_one_at_the_second_step(world: World, person: Person) -> None:
    plain = answer(world, person.challenge(applicationId=None), person.phone.code())
    assert (plain.status_code, "refreshToken" in plain.json()) == (200, False)
    named = answer(world, person.challenge(applicationId=None), person.phone.code(), applicationId=world.application_id)
    assert (named.status_code, "refreshToken" in named.json()) == (200, True)
    two_factor_id = person.challenge(applicationId=None)
    unknown = answer(world, two_factor_id, person.phone.code(), applicationId=str(uuid4()))
    assert unknown.json()["fieldErrors"]["applicationId"][0]["code"] == "[invalid]applicationId"


def test_202_who_is_not_registered(world: World) -> None:
    response = Person(world, registered=False).log_in()
    assert response.status_code == 202
    assert set(response.json()) == {"token", "tokenExpirationInstant", "user"}


def test_203_whose_password_must_be_changed_after_the_second_factor(world: World, person: Person) -> None:
    world.change_user(person.id, passwordChangeRequired=True)
    response = person.log_in()
    assert response.status_code == 203
    assert response.json()["changePasswordReason"] == "Administrative"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(("settings", "members"), [({}, TOKENS | {"user"}), (GATED, {"user"})], ids=["Allow", "Gated"])
def test_212_whose_e_mail_is_not_verified(world: World, settings: dict[str, Any], members: set[str]) -> None:
    verify_emails(world, **settings)
    response = Person(world).log_in()
    assert response.status_code == 212
    assert set(response.json()) == members


def test_213_whose_registration_is_not_verified(world: World) -> None:
    verify_registrations(world, **FORM_FIELD)
    response = Person(world).log_in()
    assert response.status_code == 213
    assert set(response.json()) == {"user", "registrationVerificationId"}


def test_409_who_is_banned_between_the_steps(world: World, person: Person) -> None:
    acting = Acting(world.service, str(world.add_user(email="admin@example.com")["id"]))
    two_factor_id = person.challenge()
    acting.ban(person.id)
    response = answer(world, two_factor_id, person.phone.code(), trustComputer=True)
    assert response.status_code == 409
    assert set(response.json()) == {"actions"}
    assert "Set-Cookie" not in response.headers


def test_410_who_expires_between_the_steps(world: World, person: Person) -> None:
    world.change_user(person.id, expiry=world.service.services.runtime.now() + 60_000)
    two_factor_id = person.challenge()
    world.clock.advance(seconds=61)
    assert answer(world, two_factor_id, person.phone.code()).status_code == 410


def test_504_when_a_webhook_vetoes_the_login(world: World, person: Person, hooks: Hooks) -> None:
    hooks.add("user.login.success", behaviour=NO)
    hooks.switch_on("user.login.success", transaction="AbsoluteMajority")
    two_factor_id = person.challenge()
    response = answer(world, two_factor_id, person.phone.code(), trustComputer=True)
    assert response.status_code == 504
    assert response.json()["generalErrors"][0]["code"] == "[WebhookTransactionException]"
    assert "Set-Cookie" not in response.headers
    assert answer(world, two_factor_id, person.phone.code()).status_code == 404


def test_the_second_factor_comes_before_password_change_and_verification(world: World) -> None:
    verify_emails(world)
    person = Person(world, passwordChangeRequired=True)
    assert person.door.status() == 242


def test_the_trace_names_the_rule(world: World, person: Person) -> None:
    first = person.door.knock()
    assert rule_of(world, first) == "3.5 row 26"
    two_factor_id = first.json()["twoFactorId"]
    assert rule_of(world, answer(world, two_factor_id, person.phone.wrong_codes(1)[0])) == "12.2 code 421"
    assert rule_of(world, answer(world, "unknown", "123456")) == "12.2 code 404"
    assert rule_of(world, answer(world, two_factor_id, person.phone.code())) == "3.5 row 32"


def test_who_sets_a_method_up_and_removes_it_is_told_to_webhooks(world: World, person: Person, hooks: Hooks) -> None:
    hook = hooks.add(*EVENTS)
    hooks.switch_on(*EVENTS)
    change_tenant(world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onMultiFactorEnable": True}})
    with_phone(world, person.id)
    removed = world.service.call("DELETE", f"{METHODS}/{person.id}", params={"code": person.recovery_codes[0]})
    assert removed.status_code == 200
    hooks.deliver()
    added, revoked, *gone = hook.events
    assert [event["type"] for event in hook.events] == [
        "user.two-factor.method.add",
        "jwt.refresh-token.revoke",
        "user.two-factor.method.remove",
        "user.two-factor.method.remove",
    ]
    assert added["method"]["method"] == "authenticator"
    assert len(added["user"]["twoFactor"]["methods"]) == 2
    assert revoked["userId"] == person.id
    assert {event["method"]["id"] for event in gone} >= {added["method"]["id"]}
    assert all(event["user"]["twoFactor"]["methods"] == [] for event in gone)
    assert "secret" not in str(hook.requests)


def test_a_wrong_code_is_a_failed_login(world: World, person: Person, hooks: Hooks) -> None:
    hook = hooks.add("user.login.failed")
    hooks.switch_on("user.login.failed")
    two_factor_id = person.challenge()
    assert answer(world, two_factor_id, person.phone.wrong_codes(1)[0]).status_code == 421
    assert answer(world, two_factor_id, person.phone.code()).status_code == 200
    hooks.deliver()
    [failed] = hook.events
    assert failed["reason"]["code"] == "credentials"
    assert (failed["user"]["id"], failed["authenticationType"]) == (person.id, "PASSWORD")


def test_a_veto_of_the_revocation_sets_no_method_up(world: World, person: Person, hooks: Hooks) -> None:
    change_tenant(world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onMultiFactorEnable": True}})
    hooks.add("jwt.refresh-token.revoke", behaviour=NO)
    hooks.switch_on("jwt.refresh-token.revoke", transaction="AbsoluteMajority")
    phone = Phone(world)
    body = {"method": "authenticator", "secret": phone.base64, "code": phone.code()}
    assert world.service.call("POST", f"{METHODS}/{person.id}", body).status_code == 504
    assert len(world.user(person.id)["twoFactor"]["methods"]) == 1


def test_a_right_second_factor_does_not_lift_a_lockout_for_passwords(world: World, person: Person) -> None:
    two_factor_id = person.challenge()
    assert [person.door.status("wrong") for _ in range(5)] == [404] * 5
    assert person.door.status() == 423
    assert answer(world, two_factor_id, person.phone.code()).status_code == 421
    world.clock.advance(minutes=3)
    assert answer(world, two_factor_id, person.phone.code()).status_code == 200


def test_too_many_wrong_codes_lock_the_password_door_too(world: World, person: Person) -> None:
    wrong = person.phone.wrong_codes(12)
    for start in (0, 4, 8):
        two_factor_id = person.challenge()
        for code in wrong[start : start + 4]:
            assert answer(world, two_factor_id, code).status_code == 421
    assert person.door.status() == 423


def test_an_application_that_was_deactivated_or_removed_meanwhile_ends_the_login(world: World, person: Person) -> None:
    first, second = person.challenge(), person.challenge()
    path = f"/api/application/{world.application_id}"
    assert world.service.call("DELETE", path).status_code == 200
    assert answer(world, first, person.phone.code()).status_code == 404
    assert world.service.call("DELETE", f"{path}?hardDelete=true").status_code == 200
    assert answer(world, second, person.phone.code()).status_code == 404


def test_another_tenants_header_makes_a_challenge_unknown(world: World, person: Person) -> None:
    tenant_id, _ = world.add_tenant("other")
    two_factor_id, headers = person.challenge(), {"X-FusionAuth-TenantId": tenant_id}
    assert answer(world, two_factor_id, person.phone.code(), headers=headers).status_code == 404
    path = f"/api/two-factor/send/{two_factor_id}"
    assert world.service.call("POST", path, {"methodId": "AAAA"}, key="", headers=headers).status_code == 404
    assert answer(world, two_factor_id, person.phone.code()).status_code == 200


def test_the_codes_that_came_with_an_import_work_however_they_are_written(world: World) -> None:
    phone = Phone(world)
    user = {
        "email": "imported@example.com",
        "active": True,
        "password": "correct horse battery",
        "twoFactor": {
            "methods": [{"method": "authenticator", "secret": phone.base64}],
            "recoveryCodes": ["abcd-efgh-1234", "ZYXW9876"],
        },
    }
    assert world.service.call("POST", "/api/user/import", {"users": [user]}).status_code == 200
    door = Door(world, email="imported@example.com")
    for code in ("ABCDEFGH1234", "zyxw-9876", phone.code()):
        assert answer(world, door.knock().json()["twoFactorId"], code).status_code == 202


def test_required_of_an_application_alone(world: World) -> None:
    change_application(world, multiFactorConfiguration={"loginPolicy": "Required"})
    door = Door(world)
    door.add_user()
    response = door.knock()
    assert (response.status_code, response.json()["configurableMethods"]) == (242, ["authenticator"])
    assert door.status(applicationId=None) == 200


def test_t5_second_factors_that_somebody_planted_go_with_the_password(world: World) -> None:
    user = world.add_user(email="alice@example.com")
    phone, _ = with_phone(world, str(user["id"]))
    with world.service.services.db.read() as conn:
        conn.execute("UPDATE users SET verified = false WHERE id = %s", (user["id"],))
    tenant_policy(world, email={"enabled": True})
    login = world.logged_in("alice")
    assert login["user"]["id"] == user["id"]
    assert login["user"]["twoFactor"]["methods"] == []
    assert world.count("two_factor_methods") == world.count("two_factor_recovery_codes") == 0
    assert phone.shown


def test_a_registration_made_between_the_steps_counts(world: World) -> None:
    person = Person(world, registered=False)
    two_factor_id = person.challenge()
    register(world, person.id)
    assert answer(world, two_factor_id, person.phone.code()).status_code == 200


def test_a_challenge_of_a_provider_login_is_that_persons(world: World) -> None:
    alice = str(world.logged_in("alice")["user"]["id"])
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    somebody = Person(world)
    assert answer(world, two_factor_id, somebody.phone.code()).status_code == 421
    assert answer(world, two_factor_id, phone.code()).json()["user"]["id"] == alice
