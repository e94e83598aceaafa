"""Generators of external identifiers: alphabet, length, and no character that is likelier than another."""

from __future__ import annotations

import base64
import secrets
from collections import Counter

import pytest

from identity.domain.generators import ALPHABETS, characters, generate


@pytest.mark.parametrize("kind", list(ALPHABETS))
def test_characters_are_of_the_alphabet_and_as_many_as_asked(kind: str) -> None:
    made = generate({"length": 64, "type": kind}, secrets.token_bytes)
    assert len(made) == 64
    assert set(made) <= set(ALPHABETS[kind])


def test_random_bytes_are_url_safe_text_of_all_bytes() -> None:
    raw = bytes(range(32))
    made = generate({"length": 32, "type": "randomBytes"}, lambda length: raw[:length])
    assert made == base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_bytes_that_would_favour_the_first_characters_are_drawn_again() -> None:
    drawn = iter([bytes([250, 251, 7]), bytes([255, 255, 255]), bytes([8, 9, 0])])
    assert characters("0123456789", 3, lambda _: next(drawn)) == "789"


def test_every_character_is_as_likely() -> None:
    every_byte_once = bytes(range(256))
    counted = Counter(characters("0123456789", 250, lambda _: every_byte_once))
    assert set(counted.values()) == {25}
