"""X.509 certificates of signing keys: the self-signed one of a generated key, and how a certificate is described."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from identity.domain.keys import KeyAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

LIFETIME_YEARS = 10
COMMON_NAME_LIMIT = 64
"""RFC 5280's bound; a longer issuer is cut, since nobody compares a certificate's name with the iss claim."""

HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class CertificateInformation:
    """What the key resource tells about a certificate. Fingerprints are AA:BB:.., thumbprints base64url."""

    issuer: str
    md5_fingerprint: str
    serial_number: str
    sha1_fingerprint: str
    sha1_thumbprint: str
    sha256_fingerprint: str
    sha256_thumbprint: str
    subject: str
    valid_from: int
    valid_to: int


def self_sign(key: PrivateKey, algorithm: KeyAlgorithm, *, key_id: UUID, issuer: str, now: int) -> str:
    """The PEM of a certificate that lasts ten years from `now` (epoch milliseconds), its serial number the key's id."""
    begins = datetime.fromtimestamp(now // 1000, UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer[:COMMON_NAME_LIMIT])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(_serial_number(key_id))
        .not_valid_before(begins)
        .not_valid_after(_years_after(begins, LIFETIME_YEARS))
    )
    signature_hash = None if isinstance(key, ed25519.Ed25519PrivateKey) else HASHES[algorithm.value[2:]]
    return to_pem(builder.sign(key, signature_hash))


def to_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode().strip()


def is_certificate(pem: str) -> bool:
    """Whether the text is an X.509 certificate as PEM."""
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return False
    return True


def are_certificates(pem: str) -> bool:
    """Whether the text is one or more X.509 certificates as PEM."""
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return False
    return True


def describe(certificate_pem: str) -> CertificateInformation:
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    der = certificate.public_bytes(serialization.Encoding.DER)
    md5 = hashlib.md5(der, usedforsecurity=False).digest()
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    sha256 = hashlib.sha256(der).digest()
    serial = certificate.serial_number
    return CertificateInformation(
        issuer=certificate.issuer.rfc4514_string(),
        md5_fingerprint=_colons(md5),
        serial_number=_colons(serial.to_bytes(serial.bit_length() // 8 + 1, "big")),
        sha1_fingerprint=_colons(sha1),
        sha1_thumbprint=base64url(sha1),
        sha256_fingerprint=_colons(sha256),
        sha256_thumbprint=base64url(sha256),
        subject=certificate.subject.rfc4514_string(),
        valid_from=_milliseconds(certificate.not_valid_before_utc),
        valid_to=_milliseconds(certificate.not_valid_after_utc),
    )


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _serial_number(key_id: UUID) -> int:
    """Positive, as RFC 5280 wants it: the nil id counts as one."""
    return key_id.int or 1


def _years_after(begins: datetime, years: int) -> datetime:
    if (begins.month, begins.day) == (2, 29):
        begins = begins.replace(day=28)
    return begins.replace(year=begins.year + years)


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1000


def _colons(raw: bytes) -> str:
    return raw.hex(":").upper()
