"""Second factors that come with a new user: supporting contract 3.2 and 3.6."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.contract.people import PASSWORD, codes
from tests.login_world import World
from tests.second_factors import Phone, answer

Json = dict[str, Any]


def log_in(world: World, email: str) -> requests.Response:
    return world.service.call("POST", "/api/login", {"loginId": email, "password": PASSWORD})


def challenged(world: World, email: str) -> str:
    response = log_in(world, email)
    assert response.status_code == 242, response.text
    return str(response.json()["twoFactorId"])


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


def authenticator(phone: Phone) -> Json:
    return {"methods": [{"method": "authenticator", "secret": phone.base64}]}


def test_who_is_created_with_an_authenticator_logs_in_with_its_code(world: World, phone: Phone) -> None:
    email = f"{uuid4().hex}@example.com"
    user = world.add_user(email=email, twoFactor=authenticator(phone))
    [method] = user["twoFactor"]["methods"]
    assert method["authenticator"] == {"algorithm": "HmacSHA1", "codeLength": 6, "timeStep": 30}
    assert "secret" not in method
    assert world.user(user["id"])["twoFactor"]["methods"] == [method]
    assert answer(world, challenged(world, email), phone.wrong_codes(1)[0]).status_code == 421
    assert answer(world, challenged(world, email), phone.code()).status_code == 200


def test_who_is_imported_with_methods_and_recovery_codes_logs_in_with_either(world: World, phone: Phone) -> None:
    email, spare = f"{uuid4().hex}@example.com", "RECOVER234"
    brought = authenticator(phone) | {"recoveryCodes": [spare]}
    person = {"email": email, "password": PASSWORD, "active": True, "twoFactor": brought}
    assert world.service.call("POST", "/api/user/import", {"users": [person]}).status_code == 200
    assert answer(world, challenged(world, email), phone.code()).status_code == 200
    assert answer(world, challenged(world, email), spare).status_code == 200
    assert answer(world, challenged(world, email), spare).status_code == 421


def test_no_secret_of_a_brought_method_is_stored_in_clear(world: World, phone: Phone) -> None:
    world.add_user(username="careful", twoFactor=authenticator(phone))
    assert world.rows("SELECT 1 FROM two_factor_methods WHERE secret IS NOT NULL") != []
    assert world.rows(f"SELECT 1 FROM two_factor_methods t WHERE strpos(t::text, '{phone.base64}') > 0") == []


@pytest.mark.parametrize(
    ("method", "member", "code"),
    [
        ({}, "method", "blank"),
        ({"method": "pigeon"}, "method", "invalid"),
        ({"method": "authenticator"}, "secret", "blank"),
        ({"method": "authenticator", "secret": "c2hvcnQ="}, "secret", "invalid"),
        ({"method": "email", "email": "nobody"}, "email", "notEmail"),
        ({"method": "sms"}, "mobilePhone", "blank"),
    ],
)
def test_a_brought_method_that_could_not_be_used_is_refused(world: World, method: Json, member: str, code: str) -> None:
    user = {"username": "careless", "password": PASSWORD, "twoFactor": {"methods": [method]}}
    path = f"twoFactor.methods[0].{member}"
    created = world.service.call("POST", "/api/user", {"user": user})
    assert codes(created) == {f"user.{path}": [f"[{code}]user.{path}"]}
    imported = world.service.call("POST", "/api/user/import", {"users": [user]})
    assert codes(imported) == {f"users[0].{path}": [f"[{code}]users[0].{path}"]}
    assert world.rows("SELECT 1 FROM users WHERE username = 'careless'") == []
