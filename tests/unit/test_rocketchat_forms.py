"""Which form of a login the body at the Rocket.Chat door is (rocket sections 2.2, 2.3 and 13)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.rocketchat_forms import (
    LONGEST_LOGIN_ID,
    LONGEST_PASSWORD,
    LONGEST_TOKEN,
    Looked,
    Password,
    PasswordForm,
    ResumeForm,
    ServiceForm,
    read_form,
)

SECRET = Password("secret")
DIGEST = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


def form(**body: Any) -> PasswordForm:
    found = read_form({"password": "secret"} | body)
    assert isinstance(found, PasswordForm)
    return found


@pytest.mark.parametrize(
    ("body", "login_id", "looked"),
    [
        ({"user": "ada"}, "ada", Looked.USERNAME),
        ({"user": "ada@example.com"}, "ada@example.com", Looked.EMAIL_THEN_USERNAME),
        ({"username": "ada"}, "ada", Looked.USERNAME),
        ({"username": "Ada@example.museum"}, "Ada@example.museum", Looked.USERNAME_THEN_EMAIL),
        ({"email": "ada@example.com"}, "ada@example.com", Looked.EMAIL),
        ({"email": "ada"}, "ada", Looked.EMAIL),
        ({"user": {"username": "ada"}}, "ada", Looked.USERNAME),
        ({"user": {"email": "ada@example.com"}}, "ada@example.com", Looked.EMAIL),
        ({"user": {"id": "x7"}}, "x7", Looked.ID),
        ({"user": "ada", "username": "bob", "email": "c@example.com"}, "ada", Looked.USERNAME),
        ({"user": None, "username": "bob", "email": "c@example.com"}, "bob", Looked.USERNAME),
        ({"user": {"username": "ada"}, "username": "bob"}, "bob", Looked.USERNAME),
        ({"user": 3, "email": "c@example.com"}, "c@example.com", Looked.EMAIL),
        ({"user": "ada", "ldap": True, "unknown": {}}, "ada", Looked.USERNAME),
    ],
)
def test_who_a_body_names_and_where_they_are_looked_for(body: dict[str, Any], login_id: str, looked: Looked) -> None:
    found = form(**body)
    assert (found.login_id, found.looked, found.password, found.code) == (login_id, looked, SECRET, None)


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"user": ""},
        {"user": 3},
        {"user": True},
        {"user": ["ada"]},
        {"user": {}},
        {"user": {"username": "ada", "email": "a@example.com"}},
        {"user": {"username": ""}},
        {"user": {"username": {"$ne": ""}}},
        {"user": {"name": "ada"}},
        {"username": 3},
        {"username": ["ada"]},
        {"username": ""},
        {"email": {"$gt": ""}},
        {"user": "a\x00b"},
        {"user": "\ud800"},
        {"user": "a" * (LONGEST_LOGIN_ID + 1)},
    ],
)
def test_whatever_names_nobody_is_no_form(who: dict[str, Any]) -> None:
    assert read_form({"password": "secret"} | who) is None


def test_a_digest_stands_for_the_password() -> None:
    found = form(user="ada", password={"digest": DIGEST, "algorithm": "sha-256"})
    assert found.password == Password(digest=DIGEST)


@pytest.mark.parametrize(
    "password",
    [
        None,
        "",
        3,
        True,
        ["secret"],
        {},
        {"digest": DIGEST},
        {"digest": DIGEST, "algorithm": "md5"},
        {"digest": DIGEST, "algorithm": 256},
        {"digest": DIGEST.upper(), "algorithm": "sha-256"},
        {"digest": DIGEST + "\n", "algorithm": "sha-256"},
        {"digest": 3, "algorithm": "sha-256"},
        {"hashed": DIGEST},
        "a\x00b",
        "a" * (LONGEST_PASSWORD + 1),
    ],
)
def test_whatever_is_no_password_is_no_form(password: object) -> None:
    assert read_form({"user": "ada", "password": password}) is None


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("224610", "224610"),
        ("123-456", "123456"),
        ("12 34 56", "123456"),
        (224610, "224610"),
        (42, "000042"),
        (0, "000000"),
    ],
)
def test_a_code_is_text_or_a_whole_number_with_its_zeros(code: object, read: str) -> None:
    assert form(user="ada", code=code).code == read
    assert form(user={"username": "ada"}, code=code).code == read


@pytest.mark.parametrize("code", [True, False, 1.5, -3, ["224610"], {}, "1" * (LONGEST_LOGIN_ID + 1)])
def test_any_other_code_is_no_form(code: object) -> None:
    assert read_form({"user": "ada", "password": "secret", "code": code}) is None


def test_the_header_counts_where_the_body_has_no_code() -> None:
    def code(body: dict[str, Any]) -> str | None:
        found = read_form({"user": "ada", "password": "secret"} | body, "654-321")
        assert isinstance(found, PasswordForm)
        return found.code

    assert code({}) == code({"code": None}) == "654321"
    assert code({"code": "224610"}) == "224610"
    assert code({"code": ""}) is None


def test_a_token_to_go_on_with_wins_over_everything() -> None:
    body = {"resume": "t", "user": "ada", "password": "secret", "accessToken": "a", "code": []}
    assert read_form(body) == ResumeForm("t")


@pytest.mark.parametrize("token", [3, True, ["t"], {"$ne": ""}, "t" * (LONGEST_TOKEN + 1)])
def test_whatever_is_no_token_is_no_form(token: object) -> None:
    assert read_form({"resume": token, "user": "ada", "password": "secret"}) is None


@pytest.mark.parametrize("token", [None, "", 0, False])
def test_an_empty_token_leaves_it_to_the_other_forms(token: object) -> None:
    assert form(user="ada", resume=token).login_id == "ada"


def test_an_access_token_is_the_form_of_a_service() -> None:
    body = {"serviceName": "twitter", "accessToken": "a", "expiresIn": 200, "code": "123-456"}
    assert read_form(body) == ServiceForm(body, "123456")
    assert read_form(body | {"password": "", "user": "ada"}) == ServiceForm(
        body | {"password": "", "user": "ada"}, "123456"
    )
    assert read_form(body | {"accessToken": ""}) is None


def test_a_password_comes_before_an_access_token() -> None:
    assert form(user="ada", accessToken="a").login_id == "ada"
    assert isinstance(read_form({"password": "secret", "accessToken": "a"}), ServiceForm)


@pytest.mark.parametrize("body", [None, [], [{"user": "ada", "password": "secret"}], 3, "text", True, {}])
def test_other_json_is_no_form(body: object) -> None:
    assert read_form(body) is None


MEMBERS = ("user", "username", "email", "password", "code", "resume", "accessToken", "serviceName", "other")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES), st.none() | st.text())
def test_no_body_breaks_the_reading(body: dict[str, Any], header: str | None) -> None:
    found = read_form(body, header)
    assert found is None or isinstance(found, PasswordForm | ResumeForm | ServiceForm)


def test_no_form_shows_its_secrets() -> None:
    shown = repr(
        [form(user="ada", code="224610"), read_form({"resume": "token"}), read_form({"accessToken": "access"})]
    )
    assert not [secret for secret in ("secret", "224610", "token'", "access'") if secret in shown]
