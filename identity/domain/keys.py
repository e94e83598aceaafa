"""What a signing key is: its algorithm, its type, and what it may be used for.

A key's algorithm is a property of the stored key, never of a token (security T12).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID


class KeyType(Enum):
    """The family of a key, in FusionAuth's words, which are those of RFC 7517 save HMAC (`oct`)."""

    EC = "EC"
    RSA = "RSA"
    HMAC = "HMAC"
    OKP = "OKP"


class KeyAlgorithm(Enum):
    """FusionAuth's names. Source: supporting contract 9."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"
    ED25519 = "Ed25519"

    @property
    def jose(self) -> str:
        """The `alg` of a token. Ed25519 is `EdDSA` there, which is what clients know (decision 10)."""
        return "EdDSA" if self is KeyAlgorithm.ED25519 else self.value

    @property
    def type(self) -> KeyType:
        return _TYPES[self.value[:2]]


_TYPES = {"ES": KeyType.EC, "RS": KeyType.RSA, "HS": KeyType.HMAC, "Ed": KeyType.OKP}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the key table: PEM texts without a final newline, secrets in clear.

    A key that is only shown or verified with carries neither `private_pem` nor, for showing, `secret`.
    """

    id: UUID
    kid: str
    algorithm: KeyAlgorithm
    name: str
    length: int | None = None
    """Bits of an RSA modulus or an EC curve; bytes for Ed25519, as FusionAuth counts them; None for HMAC."""

    issuer: str | None = None
    public_pem: str | None = None
    has_private_key: bool = False
    """Whether we hold the private part, loaded here or not."""

    private_pem: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    certificate_pem: str | None = None
    expiration_instant: int | None = None
    """When the certificate ends (epoch milliseconds); verification does not look at it."""

    insert_instant: int = 0
    last_update_instant: int = 0

    @property
    def type(self) -> KeyType:
        return self.algorithm.type
