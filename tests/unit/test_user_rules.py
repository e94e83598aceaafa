"""Which login ids a user may have, and who starts as verified."""

from __future__ import annotations

import pytest

from identity.domain.passwords import PasswordRules
from identity.domain.user_rules import UserRules, login_id_problems, starts_verified, stored_email


@pytest.mark.parametrize(
    ("email", "username", "found"),
    [
        ("bob@example.com", None, []),
        ("bob@example.com", "bob", []),
        (None, "Jürgen", []),
        (None, None, [("user.email", "blank"), ("user.username", "blank")]),
        ("bob", None, [("user.email", "notEmail")]),
        ("bob@evil.example", None, [("user.email", "blocked")]),
        ("bob@EVIL.example", "bob", [("user.email", "blocked")]),
        ("bob@ｅvil.example", None, [("user.email", "blocked")]),
        (None, "x" * 191, []),
        (None, "x" * 192, [("user.username", "tooLong")]),
        (None, "\ufdfa" * 20, [("user.username", "tooLong")]),  # one such character folds into eighteen
        (None, "bob\u202eexe", [("user.username", "invalid")]),
        (None, "bo\u200bb", [("user.username", "invalid")]),
        (None, "bob\n", [("user.username", "invalid")]),
    ],
)
def test_login_ids_are_refused_by_field_and_reason(
    email: str | None, username: str | None, found: list[tuple[str, str]]
) -> None:
    assert login_id_problems(email, username, frozenset({"evil.example"})) == found


def test_a_username_in_the_form_of_an_email_may_only_be_the_users_own() -> None:
    assert login_id_problems("bob@example.com", "BOB@example.com") == []
    assert login_id_problems("bob@example.com", "alice@example.com") == [("user.username", "invalid")]
    assert login_id_problems(None, "alice@example.com") == [("user.username", "invalid")]
    assert login_id_problems(None, "alice＠example.com") == [("user.username", "invalid")]


def test_a_stored_email_is_lower_case_without_outer_spaces() -> None:
    assert stored_email("  Bob@Example.COM ") == "bob@example.com"
    assert stored_email("   ") is None
    assert stored_email(None) is None


@pytest.mark.parametrize(
    ("verify_email", "skip", "expected"),
    [
        (False, False, (True, "Disabled")),
        (False, True, (True, "Skipped")),
        (True, True, (True, "Skipped")),
        (True, False, (False, "Pending")),
    ],
)
def test_a_user_starts_verified_unless_verification_is_on_and_not_skipped(
    verify_email: bool, skip: bool, expected: tuple[bool, str]
) -> None:
    assert starts_verified(UserRules(verify_email=verify_email), skip_verification=skip) == expected


def test_a_tenant_without_settings_has_the_defaults() -> None:
    assert UserRules.of({}) == UserRules()


def test_the_rules_are_read_from_the_tenants_settings() -> None:
    settings = {
        "email_configuration": {"verify_email": True},
        "registration_configuration": {"blocked_domains": ["Evil.Example"]},
        "password_encryption_configuration": {"encryption_scheme": "bcrypt", "encryption_scheme_factor": 0},
        "password_validation_rules": {"min_length": 12},
        "jwt_configuration": {"refresh_token_revocation_policy": {"on_password_changed": False}},
    }
    assert UserRules.of(settings) == UserRules(
        verify_email=True,
        blocked_domains=frozenset({"evil.example"}),
        encryption_scheme="bcrypt",
        encryption_scheme_factor=None,
        password=PasswordRules(min_length=12),
        revoke_tokens_on_password_change=False,
    )
