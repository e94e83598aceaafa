"""The public side of a key as a JSON Web Key (RFC 7517). Private members and secrets have no way in here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from identity.domain.keys import SigningKey
from identity.keymaterial.certificates import base64url

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

CURVE_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def jwks(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """The JWK set of these keys; secrets are left out."""
    return {"keys": [jwk(key) for key in keys if key.public_pem is not None]}


def jwk(key: SigningKey) -> dict[str, Any]:
    """One key that has a public part, members in alphabetical order as the service emits them."""
    if key.public_pem is None:
        raise ValueError("a secret has no public side")
    public = serialization.load_pem_public_key(key.public_pem.encode())
    if not isinstance(public, PublicKey):
        raise ValueError("no key of ours")
    members = {"alg": key.algorithm.jose, "kid": key.kid, "use": "sig", **parameters(public)}
    if key.certificate_pem is not None:
        members |= _certificate_members(key.certificate_pem)
    return dict(sorted(members.items()))


def parameters(public: PublicKey) -> dict[str, str]:
    """The members that make the key: `kty` and its numbers."""
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        size = (public.key_size + 7) // 8
        curve = CURVE_NAMES[public.curve.name]
        return {"kty": "EC", "crv": curve, "x": _number(point.x, size), "y": _number(point.y, size)}
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public.public_bytes_raw())}


def thumbprint(public: PublicKey) -> str:
    """The SHA-256 thumbprint of RFC 7638."""
    canonical = json.dumps(parameters(public), sort_keys=True, separators=(",", ":"))
    return base64url(hashlib.sha256(canonical.encode()).digest())


def _certificate_members(certificate_pem: str) -> dict[str, Any]:
    der = x509.load_pem_x509_certificate(certificate_pem.encode()).public_bytes(serialization.Encoding.DER)
    return {
        "x5c": [base64.b64encode(der).decode()],
        "x5t": base64url(hashlib.sha1(der, usedforsecurity=False).digest()),
        "x5t#S256": base64url(hashlib.sha256(der).digest()),
    }


def _number(value: int, size: int | None = None) -> str:
    """Big-endian; RSA numbers in as few octets as they need, coordinates padded to the curve (RFC 7518 6)."""
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
