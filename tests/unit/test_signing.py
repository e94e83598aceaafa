"""Signing and verifying: what we sign others can verify, and nothing but what we signed verifies here."""

from __future__ import annotations

import hmac
import json
import warnings
from dataclasses import replace
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import KeySet, OctKey

from identity.domain.keys import KeyAlgorithm, SigningKey
from identity.keymaterial.jwk import jwks
from identity.signing import ID_TOKEN, TOKEN_USE, CannotSign, InvalidToken, sign, verify
from tests.unit.key_samples import ISSUER, NOW, encoded, forged, sample

CLAIMS: dict[str, Any] = {"aud": "app", "exp": NOW // 1000 + 3600, "iat": NOW // 1000, "iss": ISSUER, "sub": "someone"}
ISSUERS = frozenset({ISSUER})
RS, ES, HS = sample(KeyAlgorithm.RS256), sample(KeyAlgorithm.ES256), sample(KeyAlgorithm.HS256)
TABLE = {key.kid: key for key in map(sample, KeyAlgorithm)}

RFC7515_A3 = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


def check(token: str, **options: Any) -> dict[str, Any]:
    return verify(token, TABLE.get, **{"now": NOW, "issuers": ISSUERS, **options})


def signed_by_another(header: dict[str, Any], key: SigningKey) -> str:
    """A token with an unusual header that is truly signed with the key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = f"{encoded(header)}.{encoded(CLAIMS)}"
    private: Any = load_pem_private_key(key.private_pem.encode(), None)
    return f"{text}.{encoded(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_signed_token_verifies_under_every_algorithm(algorithm: KeyAlgorithm) -> None:
    assert check(sign(CLAIMS, sample(algorithm))) == CLAIMS


@pytest.mark.parametrize("algorithm", [a for a in KeyAlgorithm if not a.value.startswith("HS")])
def test_joserfc_verifies_every_algorithm_reading_only_the_key_set(algorithm: KeyAlgorithm) -> None:
    keys = KeySet.import_key_set(json.loads(json.dumps(jwks([RS, ES, HS, sample(algorithm)]))))
    with warnings.catch_warnings():  # joserfc prefers the newer name Ed25519 (RFC 9864); clients know EdDSA
        warnings.simplefilter("ignore")
        token = jwt.decode(sign(CLAIMS, sample(algorithm)), keys, algorithms=[algorithm.jose])
    assert token.claims == CLAIMS
    assert token.header == {"alg": algorithm.jose, "kid": sample(algorithm).kid, "typ": "JWT"}


@pytest.mark.parametrize("algorithm", [a for a in KeyAlgorithm if a.value.startswith("HS")])
def test_joserfc_verifies_a_secret_whose_text_is_the_key(algorithm: KeyAlgorithm) -> None:
    secret = OctKey.import_key(sample(algorithm).secret.encode())
    assert jwt.decode(sign(CLAIMS, sample(algorithm)), secret, algorithms=[algorithm.value]).claims == CLAIMS


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RS256, KeyAlgorithm.ES384, KeyAlgorithm.ED25519])
def test_authlib_verifies_reading_only_the_key_set(algorithm: KeyAlgorithm) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # authlib.jose is deprecated, and still what many clients run
        from authlib.jose import JsonWebKey, JsonWebToken

        keys = JsonWebKey.import_key_set(jwks(TABLE.values()))
        claims = JsonWebToken([algorithm.jose]).decode(sign(CLAIMS, sample(algorithm)), keys)
    assert dict(claims) == CLAIMS


def test_the_signature_of_a_secret_is_the_plain_hmac_of_its_text() -> None:
    text, _, signature = sign(CLAIMS, HS).rpartition(".")
    assert signature == encoded(hmac.digest(HS.secret.encode(), text.encode(), "sha256"))


def test_an_id_token_never_passes_for_an_access_token_nor_the_other_way_round() -> None:
    identity = sign(CLAIMS | {TOKEN_USE: ID_TOKEN}, RS)
    assert check(identity, id_token=True)["sub"] == "someone"
    for token, as_id_token in (
        (identity, False),
        (sign(CLAIMS, RS), True),
        (sign(CLAIMS | {TOKEN_USE: "x"}, RS), True),
    ):
        with pytest.raises(InvalidToken):
            check(token, id_token=as_id_token)


def test_the_grants_of_a_token_are_in_its_header_and_nowhere_else() -> None:
    token = sign(CLAIMS, RS, grants=("password", "refresh_token"))
    assert check(token) == CLAIMS
    header = pyjwt.get_unverified_header(token)
    assert header == {"alg": "RS256", "gty": ["password", "refresh_token"], "kid": RS.kid, "typ": "JWT"}


def test_a_key_without_private_part_cannot_sign() -> None:
    with pytest.raises(CannotSign):
        sign(CLAIMS, replace(RS, private_pem=None))


def test_a_public_key_alone_verifies() -> None:
    public_only = replace(RS, private_pem=None)
    assert verify(sign(CLAIMS, RS), {RS.kid: public_only}.get, now=NOW, issuers=ISSUERS) == CLAIMS


def test_a_key_replaced_under_the_same_id_and_kid_is_not_confused_with_its_predecessor() -> None:
    successor = replace(sample(KeyAlgorithm.RS256, 2), id=RS.id, kid=RS.kid)
    check(sign(CLAIMS, RS))
    with pytest.raises(InvalidToken):
        verify(sign(CLAIMS, RS), {RS.kid: successor}.get, now=NOW, issuers=ISSUERS)


# Confusions of key and algorithm (security T12)


@pytest.mark.parametrize("alg", ["HS256", "RS256", "none", "hs256", "HS512", "ES256"])
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(alg: str) -> None:
    for secret in (RS.public_pem, RS.public_pem + "\n", RS.certificate_pem):
        with pytest.raises(InvalidToken):
            check(forged({"alg": alg, "kid": RS.kid, "typ": "JWT"}, CLAIMS, secret.encode()))


def test_the_der_of_the_public_key_is_no_secret_either() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = load_pem_public_key(RS.public_pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(InvalidToken):
        check(forged({"alg": "HS256", "kid": RS.kid}, CLAIMS, der))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, ["RS256"], {"RS256": 1}, 0])
def test_an_unsigned_token_is_refused(alg: Any) -> None:
    for signature in ("", "AA"):
        with pytest.raises(InvalidToken):
            check(f"{encoded({'alg': alg, 'kid': RS.kid})}.{encoded(CLAIMS)}.{signature}")


@pytest.mark.parametrize(
    ("signer", "named"), [(HS, RS), (RS, HS), (ES, RS), (RS, ES), (RS, sample(KeyAlgorithm.RS512))]
)
def test_a_kid_of_another_key_is_refused(signer: SigningKey, named: SigningKey) -> None:
    with pytest.raises(InvalidToken):
        check(sign(CLAIMS, replace(signer, kid=named.kid)))


def test_another_algorithm_of_the_same_key_is_refused() -> None:
    with pytest.raises(InvalidToken):
        check(sign(CLAIMS, replace(RS, algorithm=KeyAlgorithm.RS512)))


@pytest.mark.parametrize("extra", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": True}, {"b64": False}])
def test_a_critical_header_is_refused_even_when_truly_signed(extra: dict[str, Any]) -> None:
    header = {"alg": "RS256", "kid": RS.kid, "typ": "JWT"}
    check(signed_by_another(header, RS))
    with pytest.raises(InvalidToken):
        check(signed_by_another(header | extra, RS))


def test_a_key_that_the_header_brings_along_is_not_used() -> None:
    stranger = sample(KeyAlgorithm.RS256, 2)
    own = jwks([stranger])["keys"][0]
    for extra in ({"jwk": own}, {"x5c": own["x5c"]}, {"jku": "http://127.0.0.1:1/"}, {"x5u": "http://127.0.0.1:1/"}):
        with pytest.raises(InvalidToken):
            check(signed_by_another({"alg": "RS256", "kid": RS.kid, **extra}, stranger))


@pytest.mark.parametrize(
    "kid",
    [
        "../../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "",
        " ",
        "\x00",
        "\ud800",
        "a" * 256,
        None,
        7,
        ["x"],
        {"a": 1},
        True,
    ],
)
def test_a_kid_that_names_no_key_of_the_table_is_refused(kid: Any) -> None:
    with pytest.raises(InvalidToken):
        check(forged({"alg": "HS256", "kid": kid}, CLAIMS, b""))


@pytest.mark.parametrize("kid", ["", "\x00", "\n", "\ud800", "a" * 256, None, 7, ["x"], {"a": 1}, True])
def test_a_kid_that_cannot_be_looked_up_never_reaches_the_table(kid: Any) -> None:
    asked: list[str] = []
    with pytest.raises(InvalidToken):
        verify(forged({"alg": "HS256", "kid": kid}, CLAIMS, b"x"), asked.append, now=NOW, issuers=ISSUERS)
    assert asked == []


def test_a_token_without_kid_is_refused_though_its_signature_is_good() -> None:
    with pytest.raises(InvalidToken):
        check(RFC7515_A3)
    with pytest.raises(InvalidToken):
        check(signed_by_another({"alg": "RS256", "typ": "JWT"}, RS))


@pytest.mark.parametrize("kind", ["at+jwt", "secevent+jwt", 1, None])
def test_another_kind_of_token_is_refused(kind: Any) -> None:
    with pytest.raises(InvalidToken):
        check(signed_by_another({"alg": "RS256", "kid": RS.kid, "typ": kind}, RS))


# Claims


@pytest.mark.parametrize("missing", ["exp", "iat", "iss"])
def test_exp_iat_and_iss_are_required(missing: str) -> None:
    with pytest.raises(InvalidToken):
        check(sign({name: value for name, value in CLAIMS.items() if name != missing}, RS))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": str(CLAIMS["exp"])},
        {"exp": CLAIMS["exp"] + 0.5},
        {"exp": True},
        {"iat": None},
        {"nbf": "0"},
        {"nbf": NOW // 1000 + 1},
        {"iat": NOW // 1000 + 1},
        {"iss": [ISSUER]},
        {"iss": ISSUER + "/"},
        {"iss": ISSUER[:5]},
        {"sub": 7},
    ],
)
def test_a_claim_of_the_wrong_kind_or_value_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        check(sign(CLAIMS | changed, HS) if changed.get("iss", "") != [ISSUER] else forged_with_secret(changed))


def forged_with_secret(changed: dict[str, Any]) -> str:
    return forged({"alg": "HS256", "kid": HS.kid}, CLAIMS | changed, HS.secret.encode())


def test_a_token_lives_until_the_millisecond_before_its_expiry() -> None:
    token = sign(CLAIMS, RS)
    check(token, now=CLAIMS["exp"] * 1000 - 1)
    with pytest.raises(InvalidToken):
        check(token, now=CLAIMS["exp"] * 1000)


def test_a_token_lives_from_the_second_it_was_issued() -> None:
    token = sign(CLAIMS, RS)
    check(token, now=CLAIMS["iat"] * 1000)
    with pytest.raises(InvalidToken):
        check(token, now=CLAIMS["iat"] * 1000 - 1)


def test_the_audience_is_checked_where_it_is_asked_for() -> None:
    check(sign(CLAIMS, HS), audience="app")
    check(sign(CLAIMS | {"aud": ["other", "app"]}, HS), audience="app")
    for audience in ("other", ["other"], None, {"app": 1}, "ap"):
        with pytest.raises(InvalidToken):
            check(sign(CLAIMS | {"aud": audience}, HS), audience="app")


def test_further_claims_are_required_where_they_are_asked_for() -> None:
    check(sign(CLAIMS, HS), require=("sub", "aud"))
    for subject in (None, ""):
        with pytest.raises(InvalidToken):
            check(sign(CLAIMS | {"sub": subject}, HS), require=("sub",))


# Nonsense


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        "a.b.c ",
        "\x00.a.b",
        "A" * 20_000,
        f"{'[' * 3000}.a.b",
        f"{encoded(b'[' * 8000)}.{encoded(CLAIMS)}.AA",
        f"{encoded(b'null')}.{encoded(CLAIMS)}.AA",
        f"{encoded(b'[]')}.{encoded(CLAIMS)}.AA",
        pytest.param(sign(CLAIMS, RS) + "=", id="padded"),
        pytest.param(sign(CLAIMS, RS)[:-4], id="cut"),
        pytest.param(sign(CLAIMS, RS)[:-1] + "é", id="not ASCII"),
    ],
)
def test_nonsense_is_an_invalid_token_and_nothing_else(token: str) -> None:
    with pytest.raises(InvalidToken):
        check(token)


@pytest.mark.parametrize(
    "payload", [b"null", b"[]", b"7", b"{", b"[" * 5000, b"\xff", b'{"exp": NaN}', b'{"exp": 1e999}']
)
def test_a_payload_that_is_no_object_of_claims_is_refused_though_it_is_signed(payload: bytes) -> None:
    with pytest.raises(InvalidToken):
        check(forged({"alg": "HS256", "kid": HS.kid}, payload, HS.secret.encode()))


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        check(text)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_no_changed_character_survives(position: int, character: str) -> None:
    token = sign(CLAIMS, HS)
    at = position % len(token)
    changed = token[:at] + character + token[at + 1 :]
    if changed != token:
        with pytest.raises(InvalidToken):
            check(changed)


def test_an_rsa_key_of_1024_bits_verifies_without_a_warning() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from identity.keymaterial.making import private_pem, public_pem

    private = rsa.generate_private_key(65537, 1024)
    short = replace(RS, private_pem=private_pem(private), public_pem=public_pem(private.public_key()))
    token = jws.serialize_compact({"alg": "HS256", "kid": RS.kid}, json.dumps(CLAIMS), OctKey.import_key("x" * 32))
    with pytest.raises(InvalidToken):
        verify(token, {RS.kid: short}.get, now=NOW, issuers=ISSUERS)
    assert verify(sign(CLAIMS, short), {RS.kid: replace(short, private_pem=None)}.get, now=NOW, issuers=ISSUERS)
