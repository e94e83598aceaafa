"""Making keys, taking keys in, and what others get to see of them."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import JWKRegistry

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.keymaterial.certificates import describe, self_sign
from identity.keymaterial.errors import BadKey
from identity.keymaterial.importing import Material, import_key
from identity.keymaterial.jwk import jwk, jwks, parameters, thumbprint
from identity.keymaterial.making import generate, private_pem, public_pem
from tests.unit.key_samples import ASYMMETRIC, ISSUER, NOW, counted_bytes, sample

ID = UUID("ea751186-3678-48c0-8f08-11f0e3c1937b")
RS, ES, HS, ED = (sample(KeyAlgorithm(name)) for name in ("RS256", "ES256", "HS256", "Ed25519"))


def take(**members: Any) -> SigningKey:
    return import_key(Material(**members), id=ID, name="imported", now=NOW)


def refusal(**members: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(BadKey) as refused:
        take(**members)
    return refused.value.errors


def make(algorithm: KeyAlgorithm, length: int | None = None, issuer: str = ISSUER, now: int = NOW) -> SigningKey:
    return generate(algorithm, id=ID, name="made", length=length, issuer=issuer, now=now, random_bytes=counted_bytes)


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes | None = None) -> str:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, protection).decode()


# Making


@pytest.mark.parametrize(
    ("algorithm", "length", "kept"),
    [
        (KeyAlgorithm.RS256, 2048, 2048),
        (KeyAlgorithm.RS384, 3072, 3072),
        (KeyAlgorithm.ES256, None, 256),
        (KeyAlgorithm.ES384, 384, 384),
        (KeyAlgorithm.ES512, None, 521),
        (KeyAlgorithm.ED25519, None, 32),
        (KeyAlgorithm.HS256, None, None),
    ],
)
def test_a_made_key_knows_its_length_and_has_what_it_signs_with(
    algorithm: KeyAlgorithm, length: int, kept: int | None
) -> None:
    key = make(algorithm, length)
    assert (key.length, key.has_private_key) == (kept, kept is not None)
    assert (key.id, key.name, key.insert_instant, key.last_update_instant) == (ID, "made", NOW, NOW)


@pytest.mark.parametrize(
    ("algorithm", "length", "reason"),
    [
        (KeyAlgorithm.RS256, None, "missing"),
        (KeyAlgorithm.RS256, 1024, "invalid"),
        (KeyAlgorithm.RS256, 2047, "invalid"),
        (KeyAlgorithm.RS256, 1 << 40, "invalid"),
        (KeyAlgorithm.ES256, 384, "invalid"),
    ],
)
def test_a_length_that_does_not_fit_is_refused(algorithm: KeyAlgorithm, length: int | None, reason: str) -> None:
    with pytest.raises(BadKey) as refused:
        make(algorithm, length)
    assert refused.value.errors == (("length", reason),)


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_made_secret_has_as_many_random_bits_as_its_hash(algorithm: str, size: int) -> None:
    key = make(KeyAlgorithm(algorithm))
    assert base64.b64decode(key.secret) == counted_bytes(size)
    assert len(key.kid) == 10
    assert key.kid not in key.secret


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_kid_is_the_thumbprint_of_the_certificate(algorithm: KeyAlgorithm) -> None:
    key = sample(algorithm)
    der = ssl.PEM_cert_to_DER_cert(key.certificate_pem)
    assert base64.urlsafe_b64decode(key.kid + "=") == hashlib.sha1(der).digest()


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_certificate_is_signed_by_its_own_key_and_lasts_ten_years(algorithm: KeyAlgorithm) -> None:
    key = sample(algorithm)
    certificate = x509.load_pem_x509_certificate(key.certificate_pem.encode())
    certificate.verify_directly_issued_by(certificate)
    assert public_pem(certificate.public_key()) == key.public_pem
    assert certificate.serial_number == key.id.int
    assert key.expiration_instant == int(certificate.not_valid_after_utc.timestamp()) * 1000
    assert certificate.not_valid_after_utc == certificate.not_valid_before_utc.replace(year=2033)


def test_a_certificate_made_on_a_leap_day_ends_on_a_real_day() -> None:
    leap_day = 1_709_164_800_000
    assert make(KeyAlgorithm.ES256, now=leap_day).expiration_instant == 2_024_697_600_000


def test_a_long_issuer_and_the_nil_id_still_make_a_certificate() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    text = self_sign(private, KeyAlgorithm.ES256, key_id=UUID(int=0), issuer="https://" + "x" * 90, now=NOW)
    assert describe(text).serial_number == "01"
    assert make(KeyAlgorithm.ES256, issuer="https://" + "x" * 90).issuer == "https://" + "x" * 90


def test_a_certificate_is_described_by_digests_of_its_der() -> None:
    der = ssl.PEM_cert_to_DER_cert(ES.certificate_pem)
    told = describe(ES.certificate_pem)
    for text, digest in (
        (told.md5_fingerprint, hashlib.md5(der)),
        (told.sha1_fingerprint, hashlib.sha1(der)),
        (told.sha256_fingerprint, hashlib.sha256(der)),
    ):
        assert bytes.fromhex(text.replace(":", "")) == digest.digest()
        assert text == text.upper()
    assert base64.urlsafe_b64decode(told.sha256_thumbprint + "=") == hashlib.sha256(der).digest()
    assert (told.issuer, told.subject) == (f"CN={ISSUER}", f"CN={ISSUER}")
    assert (told.valid_from, told.valid_to) == (NOW, ES.expiration_instant)


def test_a_serial_number_with_its_first_bit_set_has_a_leading_zero_octet() -> None:
    told = describe(make(KeyAlgorithm.ED25519).certificate_pem)
    assert told.serial_number == "00:EA:75:11:86:36:78:48:C0:8F:08:11:F0:E3:C1:93:7B"


def test_a_key_shows_no_secret_when_it_is_printed() -> None:
    for key in (RS, HS):
        assert "PRIVATE" not in repr(key)
        assert str(key.secret) == "None" or key.secret not in repr(key)


# Taking in


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_private_key_alone_brings_its_public_part_along(algorithm: KeyAlgorithm) -> None:
    made = sample(algorithm)
    key = take(private_key=made.private_pem, algorithm=algorithm)
    assert (key.public_pem, key.private_pem, key.length) == (made.public_pem, made.private_pem, made.length)
    assert (key.has_private_key, key.certificate_pem, key.expiration_instant) == (True, None, None)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_public_key_alone_cannot_sign(algorithm: KeyAlgorithm) -> None:
    key = take(public_key=sample(algorithm).public_pem, algorithm=algorithm)
    assert (key.has_private_key, key.public_pem) == (False, sample(algorithm).public_pem)


def test_a_certificate_gives_public_key_kid_and_end() -> None:
    key = take(certificate=ES.certificate_pem)
    assert (key.public_pem, key.kid, key.has_private_key) == (ES.public_pem, ES.kid, False)
    assert key.expiration_instant == ES.expiration_instant


def test_a_whole_key_comes_back_as_it_was() -> None:
    members = {"public_key": RS.public_pem, "private_key": RS.private_pem, "certificate": RS.certificate_pem}
    assert take(**members, type=KeyType.RSA) == replace(
        RS, id=ID, name="imported", issuer=None, insert_instant=NOW, last_update_instant=NOW
    )


@pytest.mark.parametrize(
    ("algorithm", "inferred"),
    [("RS512", "RS256"), ("ES256", "ES256"), ("ES384", "ES384"), ("ES512", "ES512"), ("Ed25519", "Ed25519")],
)
def test_the_algorithm_is_inferred_from_the_key(algorithm: str, inferred: str) -> None:
    assert take(public_key=sample(KeyAlgorithm(algorithm)).public_pem).algorithm is KeyAlgorithm(inferred)


def test_older_pem_forms_are_taken_in_and_normalised() -> None:
    for made in (RS, ES):
        private: Any = serialization.load_pem_private_key(made.private_pem.encode(), None)
        assert take(private_key=pem(private, PrivateFormat.TraditionalOpenSSL)).private_pem == made.private_pem
    public: Any = serialization.load_pem_public_key(RS.public_pem.encode())
    old = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert take(public_key=f"\n{old}\n\n").public_pem == RS.public_pem


def test_the_kid_is_given_or_the_thumbprint_of_the_key() -> None:
    assert take(public_key=ES.public_pem, kid="mine").kid == "mine"
    public: Any = serialization.load_pem_public_key(ES.public_pem.encode())
    assert take(public_key=ES.public_pem).kid == take(private_key=ES.private_pem).kid == thumbprint(public)


@pytest.mark.parametrize("kid", ["a" * 256, "a\nb", "\x00", "\ud800"])
def test_a_kid_that_no_token_can_name_is_refused(kid: str) -> None:
    assert refusal(public_key=ES.public_pem, kid=kid) == (("kid", "invalid"),)


def test_parts_of_different_keys_are_refused_by_the_part_that_differs() -> None:
    other = sample(KeyAlgorithm.ES256, 2)
    assert refusal(private_key=ES.private_pem, public_key=other.public_pem) == (("public_key", "mismatch"),)
    assert refusal(private_key=ES.private_pem, certificate=other.certificate_pem) == (("certificate", "mismatch"),)
    assert refusal(public_key=ES.public_pem, certificate=other.certificate_pem) == (("certificate", "mismatch"),)
    assert refusal(private_key=ES.private_pem, public_key=RS.public_pem) == (("public_key", "mismatch"),)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_private_key_is_refused(form: PrivateFormat) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert refusal(private_key=pem(key, form, b"secret")) == (("private_key", "encrypted"),)


@pytest.mark.parametrize("field", ["private_key", "public_key", "certificate"])
@pytest.mark.parametrize(
    "text", ["garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "\x00", "é"]
)
def test_garbage_is_refused_by_its_field(field: str, text: str) -> None:
    assert refusal(**{field: text}) == ((field, "invalid"),)


def test_a_part_in_the_wrong_field_is_refused() -> None:
    assert refusal(private_key=ES.public_pem) == (("private_key", "invalid"),)
    assert refusal(public_key=ES.private_pem) == (("public_key", "invalid"),)
    assert refusal(certificate=ES.public_pem) == (("certificate", "invalid"),)


def test_nothing_at_all_is_no_key() -> None:
    assert refusal() == (("public_key", "missing"),)
    assert refusal(algorithm=KeyAlgorithm.RS256, secret="x" * 40) == (("public_key", "missing"),)


def test_a_certificate_of_a_version_that_does_not_exist_is_refused() -> None:
    der = bytearray(ssl.PEM_cert_to_DER_cert(ES.certificate_pem))
    at = der.index(b"\xa0\x03\x02\x01\x02")
    der[at + 4] = 1
    assert refusal(certificate=ssl.DER_cert_to_PEM_cert(bytes(der))) == (("certificate", "invalid"),)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ed448.Ed448PrivateKey.generate, id="Ed448"),
        pytest.param(x25519.X25519PrivateKey.generate, id="X25519"),
        pytest.param(lambda: dsa.generate_private_key(1024), id="DSA"),
    ],
)
def test_a_kind_of_key_that_signs_no_token_is_refused(key: Any) -> None:
    private = key()
    assert refusal(private_key=pem(private)) == (("private_key", "invalid"),)
    assert refusal(public_key=public_pem(private.public_key())) == (("public_key", "invalid"),)


def test_a_curve_without_an_algorithm_is_refused() -> None:
    assert refusal(private_key=pem(ec.generate_private_key(ec.SECP256K1()))) == (("algorithm", "invalid"),)


def test_an_algorithm_or_type_of_another_key_is_refused() -> None:
    assert refusal(public_key=RS.public_pem, algorithm=KeyAlgorithm.ES256) == (("algorithm", "invalid"),)
    assert refusal(public_key=ES.public_pem, algorithm=KeyAlgorithm.ES384) == (("algorithm", "invalid"),)
    assert refusal(public_key=RS.public_pem, type=KeyType.EC) == (("type", "invalid"),)
    assert refusal(public_key=RS.public_pem, type=KeyType.HMAC)[0] == ("public_key", "invalid")


def test_an_rsa_key_of_1024_bits_only_verifies() -> None:
    short = rsa.generate_private_key(65537, 1024)
    assert take(public_key=public_pem(short.public_key())).length == 1024
    assert refusal(private_key=private_pem(short)) == (("length", "invalid"),)


def test_an_rsa_key_of_an_odd_length_is_refused() -> None:
    odd = rsa.generate_private_key(65537, 2056)
    assert refusal(public_key=public_pem(odd.public_key())) == (("length", "invalid"),)


def test_a_secret_is_taken_in_with_its_algorithm() -> None:
    key = take(secret="s" * 32, algorithm=KeyAlgorithm.HS512, type=KeyType.HMAC, kid="old")
    assert (key.secret, key.algorithm, key.kid) == ("s" * 32, KeyAlgorithm.HS512, "old")
    assert (key.has_private_key, key.public_pem) == (False, None)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("x" * 31, "tooShort"),
        pytest.param(RS.public_pem, "invalid", id="public key"),
        pytest.param(RS.certificate_pem, "invalid", id="certificate"),
        ('{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}', "invalid"),
    ],
)
def test_a_secret_that_is_short_or_everybodys_is_refused(secret: str | None, reason: str) -> None:
    assert refusal(secret=secret, algorithm=KeyAlgorithm.HS256) == (("secret", reason),)


def test_a_secret_of_no_named_algorithm_is_for_hs256() -> None:
    assert take(secret="s" * 32, type=KeyType.HMAC).algorithm is KeyAlgorithm.HS256


def test_a_secret_beside_a_pair_or_without_type_is_refused() -> None:
    assert refusal(secret="x" * 32) == (("type", "missing"),)
    assert refusal(secret="x" * 32, algorithm=KeyAlgorithm.RS256, public_key=RS.public_pem) == (("secret", "invalid"),)
    assert refusal(secret="x" * 32, algorithm=KeyAlgorithm.HS256, public_key=RS.public_pem) == (
        ("public_key", "invalid"),
    )
    assert refusal(secret="x" * 32, algorithm=KeyAlgorithm.HS256, type=KeyType.RSA) == (("type", "invalid"),)


# What others see


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_json_web_key_has_the_members_of_its_type_and_no_private_one(algorithm: KeyAlgorithm) -> None:
    shown = jwk(sample(algorithm))
    own = {"RSA": {"e", "n"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}[algorithm.type.value]
    assert set(shown) == {"alg", "kid", "kty", "use", "x5c", "x5t", "x5t#S256"} | own
    assert list(shown) == sorted(shown)
    assert (shown["alg"], shown["use"], shown["kid"]) == (algorithm.jose, "sig", shown["x5t"])
    assert base64.b64decode(shown["x5c"][0]) == ssl.PEM_cert_to_DER_cert(sample(algorithm).certificate_pem)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_joserfc_reads_the_same_public_key(algorithm: KeyAlgorithm) -> None:
    read: Any = JWKRegistry.import_key(jwk(sample(algorithm)))
    assert read.as_pem(private=False).decode().strip() == sample(algorithm).public_pem


def test_coordinates_are_padded_to_the_size_of_the_curve() -> None:
    points = (ec.derive_private_key(scalar, ec.SECP256R1()).public_key() for scalar in range(1, 2000))
    public = next(point for point in points if point.public_numbers().x < 1 << 248)  # one in 256 is that short
    assert len(parameters(public)["x"]) == 43


def test_the_set_leaves_secrets_out_and_a_key_without_certificate_has_no_x5c() -> None:
    plain = take(public_key=RS.public_pem)
    shown = jwks([HS, plain, ED])["keys"]
    assert [key["kid"] for key in shown] == [plain.kid, ED.kid]
    assert set(shown[0]) == {"alg", "e", "kid", "kty", "n", "use"}
    with pytest.raises(ValueError, match="secret"):
        jwk(HS)


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def test_the_thumbprint_is_that_of_rfc_7638_section_3_1() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    public = rsa.RSAPublicNumbers(number("AQAB"), number(modulus)).public_key()
    assert parameters(public) == {"kty": "RSA", "n": modulus, "e": "AQAB"}
    assert thumbprint(public) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_thumbprint_is_that_of_rfc_8037_appendix_a() -> None:
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
    assert parameters(public)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_no_private_byte_of_any_key_is_in_the_set() -> None:
    shown = repr(jwks(map(sample, KeyAlgorithm)))
    for algorithm in ASYMMETRIC:
        private: Any = JWKRegistry.import_key(sample(algorithm).private_pem, algorithm.type.value)
        assert private.as_dict(private=True)["d"] not in shown
    assert all(sample(KeyAlgorithm(name)).secret not in shown for name in ("HS256", "HS384", "HS512"))
