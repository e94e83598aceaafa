"""Password hashes against published vectors and other implementations."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import pytest
from argon2 import PasswordHasher

from identity.hashing import (
    SCHEMES,
    Hashed,
    digest_of,
    hash_password,
    imported,
    matches,
    matches_digest,
    milliseconds,
    nobodys,
    problems,
)

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


def test_another_argon2_program_verifies_ours_over_the_digest() -> None:
    hashed = hash_password("correct horse", "argon2id", None, secrets.token_bytes)
    assert hashed.hash.startswith("sha256$argon2id$v=19$m=19456,t=2,p=1$")
    digest = hashlib.sha256(b"correct horse").hexdigest()
    assert PasswordHasher().verify(hashed.hash.removeprefix("sha256"), digest)


def test_the_digest_of_a_password_is_checked_against_argon2id() -> None:
    hashed = hash_password("correct horse", "argon2id", 1, secrets.token_bytes)
    assert matches_digest(digest_of("correct horse"), hashed)
    assert not matches_digest(digest_of("another horse"), hashed)
    assert not matches(digest_of("correct horse"), hashed), "the digest is not the password"
    assert not matches_digest("correct horse", hashed)


def test_a_hash_over_the_bare_password_takes_the_password_and_no_digest() -> None:
    bare = Hashed("argon2id", 2, "", PasswordHasher().hash("correct horse"))
    assert matches("correct horse", bare)
    assert not matches_digest(digest_of("correct horse"), bare)
    assert not bare.is_made_by("argon2id", 2)
    over_text_of_digest = Hashed("argon2id", 2, "", PasswordHasher().hash(digest_of("correct horse")))
    assert not matches_digest(digest_of("correct horse"), over_text_of_digest)


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"argon2id"}))
def test_no_other_scheme_takes_a_digest(scheme: str) -> None:
    hashed = hash_password("correct horse", scheme, CHEAP.get(scheme, 10), secrets.token_bytes)
    assert not matches_digest(digest_of("correct horse"), hashed)
    assert hashed.is_made_by(scheme, hashed.factor)


def test_nobodys_hash_takes_no_digest() -> None:
    assert not matches_digest(digest_of(""), nobodys("argon2id", 1))


@pytest.mark.parametrize(
    ("password", "scheme", "factor", "found"),
    [
        ("x", "argon2id", None, []),
        ("x", "argon2id", 17, [("factor", "invalid")]),
        ("x", "salted-pbkdf2-hmac-sha256", 1_000_000, []),
        ("x", "salted-pbkdf2-hmac-sha256", 1_000_001, [("factor", "invalid")]),
        ("x", "salted-pbkdf2-hmac-sha256", 0, [("factor", "invalid")]),
        ("x", "salted-md5", None, []),
        ("x", "salted-md4", None, [("encryptionScheme", "invalid")]),
        ("x", "salted-hmac-sha256", 0, []),
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


SALT = b"sixteen bytes!!!"
SALT_TEXT = base64.b64encode(SALT).decode()


def test_salted_md5_and_sha256_hash_password_then_salt_as_often_as_the_factor_says() -> None:
    three = hashlib.md5(hashlib.md5(hashlib.md5(b"pw" + SALT).digest()).digest()).digest()
    assert matches("pw", Hashed("salted-md5", 3, SALT_TEXT, base64.b64encode(three).decode()))
    two = hashlib.sha256(hashlib.sha256(b"pw" + SALT).digest()).digest()
    assert matches("pw", Hashed("salted-sha256", 2, SALT_TEXT, base64.b64encode(two).decode()))
    assert not matches("pw", Hashed("salted-sha256", 1, SALT_TEXT, base64.b64encode(two).decode()))


def test_an_unsalted_md5_is_salted_md5_with_an_empty_salt_and_factor_one() -> None:
    text = base64.b64encode(bytes.fromhex("5f4dcc3b5aa765d61d8327deb882cf99")).decode()
    assert matches("password", Hashed("salted-md5", 1, "", text))


def test_salted_hmac_has_the_salt_as_its_key_and_no_factor() -> None:
    made = base64.b64encode(hmac.digest(SALT, b"pw", "sha256")).decode()
    assert matches("pw", Hashed("salted-hmac-sha256", 1, SALT_TEXT, made))
    assert matches("pw", Hashed("salted-hmac-sha256", 20_000, SALT_TEXT, made))


def test_phpass_md5_verifies_the_vector_of_the_php_framework() -> None:
    """$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0: the digit 9 stands for 2048 rounds."""
    assert matches("test12345", Hashed("phpass-md5", 2048, "IQRaTwmf", "eRo7ud9Fh4E2PdI0S3r.L0"))
    assert not matches("test12346", Hashed("phpass-md5", 2048, "IQRaTwmf", "eRo7ud9Fh4E2PdI0S3r.L0"))


def test_phpass_sha512_verifies_a_hash_of_drupal() -> None:
    """$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf: the digit C stands for 16384 rounds."""
    stored = Hashed("phpass-sha512", 16384, "33783772", "bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf")
    assert matches("hashcat", stored)


@pytest.mark.parametrize(("scheme", "digest", "length"), [("phpass-md5", "md5", 24), ("phpass-sha512", "sha512", 43)])
def test_phpass_in_the_documented_base64_matches_as_well(scheme: str, digest: str, length: int) -> None:
    made = hashlib.new(digest, b"salt" + b"pw").digest()
    for _ in range(5):
        made = hashlib.new(digest, made + b"pw").digest()
    text = base64.b64encode(made).decode()[:length]
    assert matches("pw", Hashed(scheme, 5, "salt", text))
    assert matches("pw", Hashed(scheme, 5, "salt", text.rstrip("=")))


def test_a_whole_bcrypt_string_is_taken_apart() -> None:
    taken = imported("bcrypt", 10, "", "$2y$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe")
    assert taken == Hashed("bcrypt", 6, "m0CrhHm10qJ3lXRY.5zDGO", "3rS2KdeeWLuGmsfGlMfOxih58VYVfxe")


def test_an_argon2id_string_of_another_program_is_imported_with_its_own_rounds() -> None:
    taken = imported("argon2id", 1, "", PasswordHasher(time_cost=3, memory_cost=1024).hash("correct horse"))
    assert taken.factor == 3
    assert matches("correct horse", taken)


@pytest.mark.parametrize(
    ("scheme", "factor", "salt", "text"),
    [
        ("salted-md4", 1, "", ""),
        ("salted-md5", 0, "", ""),
        ("salted-md5", 1, "no base64!", "AAAA"),
        ("salted-md5", 1, "AAAA", "no base64!"),
        ("phpass-md5", 1, "é", "AAAA"),
        ("bcrypt", 10, "short", "3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("bcrypt", 10, "m0CrhHm10qJ3lXRY.5zDGO", "short"),
        ("bcrypt", 10, "", "$2y$99$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("bcrypt", 10, "", "$2y$"),
        ("argon2id", 2, "", "$argon2id$"),
        ("argon2id", 2, "", "$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=155648,t=16,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=155648,t=1,p=500$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=8,t=1,p=2$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=8,t=-1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=99$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=8,t=1,p=1$c2Fs$aGFzaGhhc2hoYXNoaGFzaA"),
        ("argon2id", 2, "", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGE"),
        ("argon2id", 2, "", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ"),
    ],
)
def test_what_can_be_no_hash_of_its_scheme_is_not_imported(scheme: str, factor: int, salt: str, text: str) -> None:
    with pytest.raises(ValueError):
        imported(scheme, factor, salt, text)


def test_a_stored_text_that_is_no_hash_is_nobodys_password() -> None:
    assert not matches("", Hashed("argon2id", 1, "", "$argon2id$v=19$m=8,t=1,p=1$c2Fs$aGFzaGhhc2hoYXNoaGFzaA"))


def test_the_time_a_hash_takes_is_about_known_for_every_scheme() -> None:
    """Twenty thousand users of a new tenant can be imported at once; a costly factor makes it fewer."""
    assert 20_000 * milliseconds("argon2id", None) < 600_000
    assert milliseconds("bcrypt", 16) == 64 * milliseconds("bcrypt", 10)
    assert all(milliseconds(scheme, None) < 100 for scheme in SCHEMES)
