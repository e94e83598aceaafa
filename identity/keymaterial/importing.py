"""Taking in keys that were made elsewhere. Source: supporting contract 9.

A private key signs and brings its public part along; a public key or a certificate alone verifies. What is given
must belong together, and an RSA key of 1024 bits may only verify.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm

from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.keymaterial.certificates import PrivateKey, describe, to_pem
from identity.keymaterial.errors import BadKey
from identity.keymaterial.jwk import PublicKey, thumbprint
from identity.keymaterial.making import CURVES, ED25519_BYTES, RSA_LENGTHS, private_pem, public_pem, secret_kid

VERIFY_ONLY_RSA_LENGTH = 1024
LEAST_SECRET_BYTES = 32
KID_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Material:
    """What an import request carries; a blank text is the same as none."""

    algorithm: KeyAlgorithm | None = None
    type: KeyType | None = None
    kid: str | None = None
    public_key: str | None = None
    private_key: str | None = field(default=None, repr=False)
    certificate: str | None = None
    secret: str | None = field(default=None, repr=False)


def import_key(material: Material, *, id: UUID, name: str, now: int) -> SigningKey:
    """The key that the material makes, its texts normalised. Raises BadKey."""
    if material.kid and (len(material.kid) > KID_LIMIT or not material.kid.isprintable()):
        raise BadKey(("kid", "invalid"))
    if _is_secret(material):
        return _import_secret(material, id=id, name=name, now=now)
    return _import_pair(material, id=id, name=name, now=now)


def _is_secret(material: Material) -> bool:
    if material.algorithm is not None:
        return material.algorithm.type is KeyType.HMAC
    return material.type is KeyType.HMAC or bool(material.secret)


def _import_secret(material: Material, *, id: UUID, name: str, now: int) -> SigningKey:
    errors = [(field, "invalid") for field in ("public_key", "private_key", "certificate") if getattr(material, field)]
    if material.algorithm is None and material.type is None:
        errors.append(("type", "missing"))
    if material.type not in (None, KeyType.HMAC):
        errors.append(("type", "invalid"))
    if reason := _secret_problem(material.secret):
        errors.append(("secret", reason))
    if errors:
        raise BadKey(*errors)
    return SigningKey(
        id=id,
        kid=material.kid or secret_kid(id),
        algorithm=material.algorithm or KeyAlgorithm.HS256,
        name=name,
        secret=material.secret,
        insert_instant=now,
        last_update_instant=now,
    )


def _secret_problem(secret: str | None) -> str | None:
    if not secret:
        return "missing"
    if len(secret.encode()) < LEAST_SECRET_BYTES:
        return "tooShort"
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:  # it looks like a PEM, an SSH key, a certificate or a JWK: anybody may know it
        return "invalid"
    return None


def _import_pair(material: Material, *, id: UUID, name: str, now: int) -> SigningKey:
    private = _read_private(material.private_key) if material.private_key else None
    certificate = _read_certificate(material.certificate) if material.certificate else None
    public = _agreed_public(material, private, certificate)
    algorithm = _algorithm_of(public, material.algorithm)
    if material.type not in (None, algorithm.type):
        raise BadKey(("type", "invalid"))
    if material.secret:
        raise BadKey(("secret", "invalid"))
    length = ED25519_BYTES if isinstance(public, ed25519.Ed25519PublicKey) else public.key_size
    if isinstance(public, rsa.RSAPublicKey):
        _check_rsa_length(length, signs=private is not None)
    information = describe(to_pem(certificate)) if certificate else None
    return SigningKey(
        id=id,
        kid=material.kid or (information.sha1_thumbprint if information else thumbprint(public)),
        algorithm=algorithm,
        name=name,
        length=length,
        public_pem=public_pem(public),
        has_private_key=private is not None,
        private_pem=private_pem(private) if private else None,
        certificate_pem=to_pem(certificate) if certificate else None,
        expiration_instant=information.valid_to if information else None,
        insert_instant=now,
        last_update_instant=now,
    )


def _agreed_public(material: Material, private: PrivateKey | None, certificate: x509.Certificate | None) -> PublicKey:
    """The one public key that all given parts speak of."""
    found: dict[str, PublicKey] = {}
    if private is not None:
        found["private_key"] = private.public_key()
    if material.public_key:
        found["public_key"] = _read_public(material.public_key)
    if certificate is not None:
        found["certificate"] = _public_of(certificate)
    if not found:
        raise BadKey(("public_key", "missing"))
    first = next(iter(found.values()))
    mismatches = [(field, "mismatch") for field, other in found.items() if other != first]
    if mismatches:
        raise BadKey(*mismatches)
    return first


def _read_private(pem: str) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise BadKey(("private_key", "encrypted")) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(("private_key", "invalid")) from error
    if not isinstance(key, PrivateKey):
        raise BadKey(("private_key", "invalid"))
    return key


def _read_public(pem: str) -> PublicKey:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(("public_key", "invalid")) from error
    if not isinstance(key, PublicKey):
        raise BadKey(("public_key", "invalid"))
    return key


def _read_certificate(pem: str) -> x509.Certificate:
    """The first certificate of the text."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, x509.InvalidVersion) as error:
        raise BadKey(("certificate", "invalid")) from error


def _public_of(certificate: x509.Certificate) -> PublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(("certificate", "invalid")) from error
    if not isinstance(key, PublicKey):
        raise BadKey(("certificate", "invalid"))
    return key


def _algorithm_of(public: PublicKey, wanted: KeyAlgorithm | None) -> KeyAlgorithm:
    """The wanted algorithm, or the usual one of such a key; RSA keys suit any of three."""
    if isinstance(public, rsa.RSAPublicKey):
        suitable = [KeyAlgorithm.RS256, KeyAlgorithm.RS384, KeyAlgorithm.RS512]
    elif isinstance(public, ec.EllipticCurvePublicKey):
        suitable = [algorithm for algorithm, curve in CURVES.items() if curve.name == public.curve.name]
    else:
        suitable = [KeyAlgorithm.ED25519]
    chosen = wanted or next(iter(suitable), None)
    if chosen is None or chosen not in suitable:
        raise BadKey(("algorithm", "invalid"))
    return chosen


def _check_rsa_length(length: int, *, signs: bool) -> None:
    if length not in RSA_LENGTHS and (signs or length != VERIFY_ONLY_RSA_LENGTH):
        raise BadKey(("length", "invalid"))
