"""What a tenant may demand of a password."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity.domain.passwords import PasswordRules, problems

PLAIN = PasswordRules()


@pytest.mark.parametrize(
    ("password", "reasons"),
    [
        ("1234567", ["tooShort"]),
        ("12345678", []),
        ("x" * 256, []),
        ("x" * 257, ["tooLong"]),
        ("ééééééé", ["tooShort"]),  # characters count, not bytes
        ("        ", []),  # no composition rule unless the tenant sets one
    ],
)
def test_by_default_only_the_length_counts(password: str, reasons: list[str]) -> None:
    assert problems(password, PLAIN) == reasons


@pytest.mark.parametrize(
    ("rule", "bad", "good", "reason"),
    [
        ("require_mixed_case", "lower case 1", "Upper and lower", "singleCase"),
        ("require_mixed_case", "UPPER CASE 1", "uPPER AND LOWER", "singleCase"),
        ("require_non_alpha", "lettersonly", "letters only", "onlyAlpha"),
        ("require_number", "no digit here", "digit 4 here", "requireNumber"),
        ("disallow_user_login_id", "my-bob@example.com!", "my-alice@example.com!", "containsLoginId"),
    ],
)
def test_each_rule_refuses_by_its_own_word(rule: str, bad: str, good: str, reason: str) -> None:
    rules = replace(PLAIN, **{rule: True})
    assert problems(bad, rules, ("bob@example.com", None)) == [reason]
    assert problems(good, rules, ("bob@example.com", None)) == []


def test_all_broken_rules_are_named_at_once() -> None:
    rules = replace(PLAIN, require_mixed_case=True, require_non_alpha=True, require_number=True)
    assert problems("abc", rules) == ["tooShort", "singleCase", "onlyAlpha", "requireNumber"]


def test_rules_come_from_settings_and_what_is_left_out_keeps_its_default() -> None:
    rules = PasswordRules.of({"min_length": 15, "require_number": True, "remember_previous_passwords": {"count": 1}})
    assert rules == PasswordRules(min_length=15, require_number=True)
