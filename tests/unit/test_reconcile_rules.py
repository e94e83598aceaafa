"""What a reconcile lambda may change, field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.domain.reconcile import (
    REGISTRATION_SETTABLE,
    USER_SETTABLE,
    USER_SETTABLE_WHEN_NEW,
    Checks,
    Settled,
    settled_registration,
    settled_user,
)
from identity.outbound.lambda_answer import restored

CHECKS = Checks(known_zone={"Europe/Berlin", "UTC"}.__contains__, valid_email=lambda text: text.count("@") == 1)

STORED = {
    "id": "3c219e58-ed0e-4b18-ad48-f4f92793ae32",
    "active": True,
    "email": "ann@example.com",
    "username": "ann",
    "full_name": "Ann",
    "image_url": "stored before the rules, with blanks",
    "timezone": "Mars/Olympus",
    "data": {"a": 1},
    "preferred_languages": ["en"],
    "verified": True,
}


def user(after: dict[str, Any], *, new: bool = False) -> Settled:
    return settled_user(STORED, {**STORED, **after}, new=new, checks=CHECKS)


def registration(after: dict[str, Any], role_names: tuple[str, ...] = ("admin", "user")) -> Settled:
    return settled_registration({"roles": ["user"], "verified": True}, after, role_names=role_names, checks=CHECKS)


def test_a_user_that_the_lambda_left_alone_is_as_before() -> None:
    assert user({}) == Settled(STORED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_date", "1976-05-30"),
        ("data", {"deep": {"list": [1, None, True, "é"]}}),
        ("first_name", "Ann"),
        ("full_name", "日本語"),
        ("image_url", "https://pbs.example/ann.png?x=1#y"),
        ("image_url", "pictures/ann.png"),
        ("last_name", "Example"),
        ("middle_name", "B."),
        ("mobile_phone", "+49 30 1234"),
        ("parent_email", "parent@example.com"),
        ("preferred_languages", ["de", "en_GB"]),
        ("timezone", "Europe/Berlin"),
    ],
)
def test_a_settable_field_takes_the_lambda_s_value(name: str, value: Any) -> None:
    assert user({name: value}) == Settled({**STORED, name: value})


@pytest.mark.parametrize(
    "name",
    [
        "id", "tenant_id", "active", "expiry", "password", "password_change_required", "verified", "verified_instant",
        "two_factor", "memberships", "insert_instant", "last_login_instant", "connector_id", "registrations",
    ],
)  # fmt: skip
@pytest.mark.parametrize("new", [True, False])
def test_a_field_that_is_not_settable_is_silently_as_before(name: str, new: bool) -> None:
    assert user({name: "lambda"}, new=new) == Settled(STORED)
    without = {key: value for key, value in STORED.items() if key != name}
    assert settled_user(STORED, without, new=new, checks=CHECKS).values.get(name) == STORED.get(name)


@pytest.mark.parametrize(
    ("name", "value"), [("email", "eve@example.com"), ("username", "eve"), ("phone_number", "+493012345")]
)
def test_a_login_name_is_settable_on_a_new_user_only(name: str, value: str) -> None:
    assert user({name: value}, new=True) == Settled({**STORED, name: value})
    assert user({name: value}) == Settled(STORED)
    assert user({name: 17}) == Settled(STORED)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_blank_remove_a_text(nothing: str | None) -> None:
    assert user({"full_name": nothing}).values == {k: v for k, v in STORED.items() if k != "full_name"}


def test_removed_collections_are_empty() -> None:
    values = user({"data": None, "preferred_languages": None}).values
    assert (values["data"], values["preferred_languages"]) == ({}, [])


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("birth_date", "30.05.1976", "invalid"),
        ("birth_date", "1976-02-30", "invalid"),
        ("birth_date", "19760530", "invalid"),
        ("birth_date", 19760530, "invalid"),
        ("data", [], "invalid"),
        ("data", "text", "invalid"),
        ("data", {"a": "\x00"}, "invalid"),
        ("data", {"\ud800": 1}, "invalid"),
        ("data", {"a": "x" * 270_000}, "tooLong"),
        ("first_name", {"a": 1}, "invalid"),
        ("first_name", True, "invalid"),
        ("full_name", "half \ud83d", "invalid"),
        ("full_name", "x" * 10_001, "tooLong"),
        ("image_url", "no uri", "invalid"),
        ("image_url", "https://x/" + "y" * 2_048, "tooLong"),
        ("image_url", '"><script>', "invalid"),
        ("mobile_phone", 491234, "invalid"),
        ("parent_email", "parent", "invalid"),
        ("preferred_languages", "de", "invalid"),
        ("preferred_languages", ["de", 1], "invalid"),
        ("preferred_languages", ["de"] * 21, "tooMany"),
        ("timezone", "Mars/Base", "invalid"),
        ("email", "no address", "invalid"),
        ("username", "x" * 192, "tooLong"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_not_taken(name: str, value: Any, reason: str) -> None:
    assert user({name: value}, new=True) == Settled(STORED, ((f"user.{name}", reason),))


def test_data_that_is_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(32):
        deep = [deep]
    assert user({"data": {"a": deep}}).refused == (("user.data", "invalid"),)
    assert user({"data": {"a": deep[0][0]}}).refused == ()


def test_all_refusals_are_told_at_once() -> None:
    settled = user({"birth_date": 1, "timezone": 2, "full_name": "Ann B."})
    assert settled.refused == (("user.birth_date", "invalid"), ("user.timezone", "invalid"))
    assert settled.values["full_name"] == "Ann B."


def test_a_registration_takes_its_settable_fields_and_no_other() -> None:
    after = {
        "data": {"a": 1}, "preferred_languages": ["de"], "roles": ["admin"], "timezone": "UTC", "username": "ann",
        "authentication_token": "secret", "verified": False, "id": "x", "cleanspeak_id": "y",
    }  # fmt: skip
    assert registration(after) == Settled({**{name: after[name] for name in REGISTRATION_SETTABLE}, "verified": True})


def test_roles_that_the_application_does_not_have_are_dropped_and_named() -> None:
    settled = registration({"roles": ["root", "admin", "admin", "god"]})
    assert settled.values["roles"] == ["admin"]
    assert settled.dropped_roles == ("root", "god")
    assert settled.refused == ()


@pytest.mark.parametrize("roles", ["admin", {"admin": True}, [["admin"]], [1]])
def test_roles_that_are_no_list_of_names_are_refused(roles: Any) -> None:
    assert registration({"roles": roles}) == Settled(
        {"data": {}, "preferred_languages": [], "roles": ["user"], "verified": True},
        (("registration.roles", "invalid"),),
    )


def test_roles_can_be_taken_away() -> None:
    assert registration({"roles": []}).values["roles"] == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from([*USER_SETTABLE, *USER_SETTABLE_WHEN_NEW, *REGISTRATION_SETTABLE, "id", "active", "verified"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the rules
@given(after=st.dictionaries(names, json_values), new=st.booleans())
def test_whatever_a_lambda_leaves_behind_is_settled_without_an_error(after: dict[str, Any], new: bool) -> None:
    before = dict(STORED)
    settled = settled_user(before, after, new=new, checks=CHECKS)
    assert before == STORED
    assert {name: settled.values.get(name) for name in ("id", "active", "verified")} == {
        name: STORED[name] for name in ("id", "active", "verified")
    }
    assert all(path.removeprefix("user.") in after for path, _ in settled.refused)
    registered = settled_registration(before, after, role_names=("admin",), checks=CHECKS)
    assert set(registered.values["roles"]) <= {"admin"}


def rounded(value: Any) -> Any:
    """What an engine without large integers makes of a value."""
    walk: Callable[[Any], Any] = rounded
    if isinstance(value, dict):
        return {key: walk(item) for key, item in value.items()}
    if isinstance(value, list):
        return [walk(item) for item in value]
    return int(float(value)) if isinstance(value, int) and not isinstance(value, bool) else value


@given(original=json_values, other=json_values)
def test_what_the_lambda_did_not_touch_is_restored_and_what_it_set_is_kept(original: Any, other: Any) -> None:
    before = {"same": original, "gone": 1, "set": 2**60}
    after = restored(before, rounded(before), {"same": rounded(original), "set": "changed", "new": other})
    assert after == {"same": original, "set": "changed", "new": other}


def test_true_is_not_taken_for_an_unchanged_one() -> None:
    assert restored({"a": 1, "b": [1]}, {"a": 1, "b": [1]}, {"a": True, "b": [True]})["a"] is True
    assert restored([1], [1], [True])[0] is True
