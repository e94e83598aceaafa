"""Password hashes against published vectors and other implementations."""

from __future__ import annotations

import base64
import secrets

import pytest
from argon2 import PasswordHasher

from identity.hashing import SCHEMES, Hashed, hash_password, matches, problems

CHEAP = {"argon2id": 1, "bcrypt": 4}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_password_matches_its_own_hash_and_no_other_does(scheme: str) -> None:
    hashed = hash_password("correct horse é", scheme, CHEAP.get(scheme, 10), secrets.token_bytes)
    assert hashed.scheme == scheme
    assert hashed.factor == CHEAP.get(scheme, 10)
    assert matches("correct horse é", hashed)
    assert not matches("correct horse e", hashed)
    assert not matches("", hashed)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_hashes_of_one_password_differ(scheme: str) -> None:
    first, second = (hash_password("same", scheme, CHEAP.get(scheme, 10), secrets.token_bytes) for _ in range(2))
    assert first.hash != second.hash


def test_pbkdf2_gives_the_vector_of_rfc_7914() -> None:
    expected = (
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    )
    salt = base64.b64encode(b"salt").decode()
    whole = base64.b64encode(bytes.fromhex(expected)).decode()
    half = base64.b64encode(bytes.fromhex(expected)[:32]).decode()
    assert matches("passwd", Hashed("salted-pbkdf2-hmac-sha256-512", 1, salt, whole))
    assert matches("passwd", Hashed("salted-pbkdf2-hmac-sha256", 1, salt, half))


def test_bcrypt_gives_the_published_vector() -> None:
    assert matches("a", Hashed("bcrypt", 6, "m0CrhHm10qJ3lXRY.5zDGO", "3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"))


def test_another_argon2_program_verifies_ours() -> None:
    hashed = hash_password("correct horse", "argon2id", None, secrets.token_bytes)
    assert hashed.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(hashed.hash, "correct horse")


@pytest.mark.parametrize(
    ("password", "scheme", "factor", "found"),
    [
        ("x", "argon2id", None, []),
        ("x", "argon2id", 17, [("factor", "invalid")]),
        ("x", "salted-pbkdf2-hmac-sha256", 1_000_000, []),
        ("x", "salted-pbkdf2-hmac-sha256", 1_000_001, [("factor", "invalid")]),
        ("x", "salted-pbkdf2-hmac-sha256", 0, [("factor", "invalid")]),
        ("x", "salted-md5", None, [("encryptionScheme", "invalid")]),
        ("é" * 36, "bcrypt", None, []),
        ("é" * 37, "bcrypt", 3, [("factor", "invalid"), ("password", "tooLong")]),
    ],
)
def test_what_can_not_be_hashed_is_named(
    password: str, scheme: str, factor: int | None, found: list[tuple[str, str]]
) -> None:
    assert problems(password, scheme, factor) == found


def test_bcrypt_refuses_to_match_beyond_its_72_bytes() -> None:
    hashed = hash_password("x" * 72, "bcrypt", 4, secrets.token_bytes)
    assert matches("x" * 72, hashed)
    assert not matches("x" * 73, hashed)


def test_a_stored_password_does_not_show_in_a_log() -> None:
    hashed = hash_password("x", "bcrypt", 4, secrets.token_bytes)
    assert hashed.hash not in repr(hashed)
    assert hashed.salt not in repr(hashed)
