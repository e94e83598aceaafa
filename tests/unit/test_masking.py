"""Addresses as pages show them."""

from __future__ import annotations

import pytest

from identity.domain.masking import masked_email, masked_phone


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann@example.com", "a•••@example.com"),
        ("a@example.com", "a•••@example.com"),
        ("@example.com", "•••@example.com"),
    ],
)
def test_of_a_mail_address_the_first_character_and_the_domain_are_seen(address: str, shown: str) -> None:
    assert masked_email(address) == shown


@pytest.mark.parametrize(("number", "shown"), [("+49 170 1234567", "•••67"), ("1234", "•••"), ("", "•••")])
def test_of_a_phone_number_the_last_two_digits_are_seen_unless_that_is_half_of_it(number: str, shown: str) -> None:
    assert masked_phone(number) == shown
