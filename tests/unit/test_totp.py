"""Authenticator codes: RFC 6238's values, drift, and one code once."""

from __future__ import annotations

import base64

import pytest

from identity.domain.errors import Invalid
from identity.domain.totp import Authenticator, accepted_step, base32, code_at, provisioning_uri, secret_from

RFC_SECRET = b"12345678901234567890"
SIX = Authenticator()
EIGHT = Authenticator(code_length=8)
NOW = 1_111_111_109_000


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_values_of_rfc_6238_come_out(seconds: int, code: str) -> None:
    assert code_at(RFC_SECRET, EIGHT.step_at(seconds * 1000), EIGHT) == code
    assert code_at(RFC_SECRET, SIX.step_at(seconds * 1000), SIX) == code[2:]


@pytest.mark.parametrize(
    ("algorithm", "length", "code"), [("HmacSHA256", 32, "46119246"), ("HmacSHA512", 64, "90693936")]
)
def test_the_longer_digests_of_rfc_6238_come_out(algorithm: str, length: int, code: str) -> None:
    secret = (RFC_SECRET * 4)[:length]
    shape = Authenticator(algorithm=algorithm, code_length=8)
    assert code_at(secret, shape.step_at(59_000), shape) == code


@pytest.mark.parametrize(("offset", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(offset: int, accepted: bool) -> None:
    step = SIX.step_at(NOW) + offset
    found = accepted_step(RFC_SECRET, code_at(RFC_SECRET, step, SIX), SIX, NOW)
    assert found == (step if accepted else None)


def test_a_used_step_and_those_before_it_are_not_accepted_again() -> None:
    step = SIX.step_at(NOW)
    code, former = code_at(RFC_SECRET, step, SIX), code_at(RFC_SECRET, step - 1, SIX)
    assert accepted_step(RFC_SECRET, code, SIX, NOW, last_step=step - 1) == step
    assert accepted_step(RFC_SECRET, code, SIX, NOW, last_step=step) is None
    assert accepted_step(RFC_SECRET, former, SIX, NOW, last_step=step) is None


@pytest.mark.parametrize("code", ["", "1", "28708", "2870820", "abcdef", "２８７０８２"])
def test_what_is_no_code_is_not_accepted(code: str) -> None:
    assert accepted_step(RFC_SECRET, code, SIX, 59_000) is None


@pytest.mark.parametrize(
    "spelling",
    [lambda text: text, str.lower, lambda text: " ".join(text[i : i + 4] for i in range(0, len(text), 4))],
)
def test_a_secret_in_base32_is_read_in_the_spellings_people_use(spelling: object) -> None:
    assert callable(spelling)
    assert secret_from(None, spelling(base32(RFC_SECRET))) == RFC_SECRET


def test_a_secret_in_base64_wins_and_needs_no_padding() -> None:
    text = base64.b64encode(RFC_SECRET).decode()
    assert secret_from(text, "AAAA") == secret_from(text.rstrip("="), None) == RFC_SECRET


def test_the_short_secrets_of_other_systems_are_taken() -> None:
    assert secret_from(None, "JBSWY3DPEHPK3PXP") == base64.b32decode("JBSWY3DPEHPK3PXP")


@pytest.mark.parametrize(
    ("text", "base32_text", "path"),
    [
        (None, None, "secret"),
        ("not base64!", None, "secret"),
        ("AAAA", None, "secret"),
        ("A" * 1000, None, "secret"),
        (None, "1189", "secretBase32Encoded"),
        (None, "AAAA", "secretBase32Encoded"),
    ],
)
def test_a_secret_that_is_none_is_a_field_error(text: str | None, base32_text: str | None, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        secret_from(text, base32_text)
    assert set(refused.value.field_errors) == {path}


def test_what_a_qr_code_says_leaves_out_what_every_application_takes_for_granted() -> None:
    uri = provisioning_uri(b"12345678901234567890", Authenticator(), "Pied & Piper", "ann+1@example.com")
    assert uri == (
        "otpauth://totp/Pied%20%26%20Piper:ann%2B1@example.com"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Pied%20%26%20Piper"
    )
    other = Authenticator("HmacSHA256", 8, 60)
    assert provisioning_uri(b"1234567890", other, "P", "a").endswith("&algorithm=SHA256&digits=8&period=60")
