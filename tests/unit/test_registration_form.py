"""What the page asks of whoever registers."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from identity.domain.model import User
from identity.domain.registration_form import OFFERED, FormField, RegistrationForm
from tests.unit.test_user_wire import BARE_USER, FULL_USER

REQUIRED, OPTIONAL = {"enabled": True, "required": True}, {"enabled": True, "required": False}
NOT_ASKED = {"enabled": False, "required": True}


def form(**chosen: Any) -> RegistrationForm:
    return RegistrationForm.of({"registration_configuration": chosen})


@pytest.mark.parametrize("settings", [{}, {"registration_configuration": None}, {"registration_configuration": {}}])
def test_without_settings_nobody_registers_and_the_form_would_ask_for_an_address_alone(
    settings: dict[str, Any],
) -> None:
    plain = RegistrationForm.of(settings)
    assert plain == RegistrationForm(enabled=False, login_id="email")
    assert plain.fields == (FormField("email", required=True),)


@pytest.mark.parametrize(
    ("member", "attribute"),
    [("enabled", "enabled"), ("confirm_password", "confirms_password"), ("complete_registration", "completes")],
)
@pytest.mark.parametrize("on", [True, False])
def test_each_switch_of_the_configuration_turns_one_thing(member: str, attribute: str, on: bool) -> None:
    assert form(**{member: on}) == replace(form(), **{attribute: on})


@pytest.mark.parametrize(
    ("kind", "login_id"), [("email", "email"), ("username", "username"), ("phoneNumber", "email"), (None, "email")]
)
def test_the_login_id_is_the_first_field_and_always_required(kind: str | None, login_id: str) -> None:
    asked = form(login_id_type=kind, last_name=OPTIONAL).fields
    assert asked == (FormField(login_id, required=True), FormField("last_name", required=False))


def test_the_form_asks_in_its_own_order_for_what_is_enabled() -> None:
    chosen = dict.fromkeys(reversed(OFFERED), REQUIRED) | {"full_name": NOT_ASKED, "middle_name": None}
    assert [each.name for each in form(**chosen).extra] == [
        "first_name",
        "last_name",
        "birth_date",
        "mobile_phone",
        "preferred_languages",
    ]


def test_a_form_asks_only_for_what_a_user_has() -> None:
    assert set(OFFERED) <= {each.name for each in fields(User)}
    assert form(password=REQUIRED, verified=REQUIRED).extra == ()


@pytest.mark.parametrize(
    ("profile", "blank"),
    [
        ({"first_name": "Ann", "preferred_languages": ["en"]}, []),
        ({"first_name": "", "preferred_languages": []}, ["first_name", "preferred_languages"]),
        ({"first_name": None, "preferred_languages": ["en"]}, ["first_name"]),
        ({}, ["first_name", "preferred_languages"]),
    ],
)
def test_a_required_field_that_is_empty_or_absent_is_blank_and_an_optional_one_never_is(
    profile: dict[str, Any], blank: list[str]
) -> None:
    asked = form(first_name=REQUIRED, last_name=OPTIONAL, birth_date=NOT_ASKED, preferred_languages=REQUIRED)
    assert asked.blanks(profile) == blank


def test_who_has_an_account_is_asked_for_what_is_required_and_missing() -> None:
    asked = form(complete_registration=True, first_name=REQUIRED, last_name=OPTIONAL, preferred_languages=REQUIRED)
    bare = replace(BARE_USER, first_name=None, last_name=None, preferred_languages=[])
    assert asked.missing(FULL_USER) == ()
    assert [each.name for each in asked.missing(bare)] == ["first_name", "preferred_languages"]
    assert asked.missing(replace(bare, first_name="Ann")) == (FormField("preferred_languages", required=True),)


@pytest.mark.parametrize("login_id", ["email", "username"])
def test_who_has_an_account_is_never_asked_for_a_login_id(login_id: str) -> None:
    nameless = replace(FULL_USER, email=None, username=None)
    assert form(complete_registration=True, login_id_type=login_id, first_name=REQUIRED).missing(nameless) == ()


def test_where_registrations_are_not_completed_nobody_is_asked_later() -> None:
    assert form(complete_registration=False, first_name=REQUIRED).missing(replace(BARE_USER, first_name=None)) == ()
