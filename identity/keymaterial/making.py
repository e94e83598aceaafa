"""Generating keys. Source: supporting contract 9, decision 26."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.keymaterial.certificates import PrivateKey, describe, self_sign
from identity.keymaterial.errors import BadKey

RSA_LENGTHS = (2048, 3072, 4096)
CURVES: dict[KeyAlgorithm, ec.EllipticCurve] = {
    KeyAlgorithm.ES256: ec.SECP256R1(),
    KeyAlgorithm.ES384: ec.SECP384R1(),
    KeyAlgorithm.ES512: ec.SECP521R1(),
}
ED25519_BYTES = 32


def generate(
    algorithm: KeyAlgorithm,
    *,
    id: UUID,
    name: str,
    length: int | None,
    issuer: str,
    now: int,
    random_bytes: Callable[[int], bytes],
) -> SigningKey:
    """A new key; an asymmetric one comes with a self-signed certificate whose thumbprint is its kid.

    `length` is required for RSA, and may only repeat the obvious for EC. Raises BadKey.
    """
    if algorithm.type is KeyType.HMAC:
        return _generate_hmac(algorithm, id=id, name=name, now=now, random_bytes=random_bytes)
    private, bits = _generate_private(algorithm, length)
    certificate_pem = self_sign(private, algorithm, key_id=id, issuer=issuer, now=now)
    information = describe(certificate_pem)
    return SigningKey(
        id=id,
        kid=information.sha1_thumbprint,
        algorithm=algorithm,
        name=name,
        length=bits,
        issuer=issuer,
        public_pem=public_pem(private.public_key()),
        has_private_key=True,
        private_pem=private_pem(private),
        certificate_pem=certificate_pem,
        expiration_instant=information.valid_to,
        insert_instant=now,
        last_update_instant=now,
    )


def secret_kid(id: UUID) -> str:
    """The kid of a secret: ten hex digits as FusionAuth's are, taken from the key's id, never from the secret."""
    return hashlib.sha256(id.bytes).hexdigest()[:10]


def public_pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode().strip()


def private_pem(key: PrivateKey) -> str:
    form, open_text = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, open_text).decode().strip()


def _generate_private(algorithm: KeyAlgorithm, length: int | None) -> tuple[PrivateKey, int]:
    if algorithm.type is KeyType.RSA:
        if length is None:
            raise BadKey(("length", "missing"))
        if length not in RSA_LENGTHS:
            raise BadKey(("length", "invalid"))
        return rsa.generate_private_key(public_exponent=65537, key_size=length), length
    if algorithm.type is KeyType.EC:
        curve = CURVES[algorithm]
        if length not in (None, curve.key_size):
            raise BadKey(("length", "invalid"))
        return ec.generate_private_key(curve), curve.key_size
    return ed25519.Ed25519PrivateKey.generate(), ED25519_BYTES


def _generate_hmac(
    algorithm: KeyAlgorithm, *, id: UUID, name: str, now: int, random_bytes: Callable[[int], bytes]
) -> SigningKey:
    """As many random bits as the hash has (RFC 7518 3.2), in base64: the text itself is the secret."""
    size = int(algorithm.value[2:]) // 8
    return SigningKey(
        id=id,
        kid=secret_kid(id),
        algorithm=algorithm,
        name=name,
        secret=base64.b64encode(random_bytes(size)).decode(),
        insert_instant=now,
        last_update_instant=now,
    )
