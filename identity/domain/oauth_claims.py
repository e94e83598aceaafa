"""What the ID token and the userinfo answer say of a user, by the scopes that were granted.

Source: OpenID Connect Core 1.0, 5.1 and 5.4; supporting contract 21.3; login contract 10.1 for the order of claims.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identity.domain.keys import KeyAlgorithm
from identity.domain.model import User
from identity.domain.oauth import OAuthRules
from identity.domain.tokens import AccessTokenFacts

Claim = Callable[[User], Any]


def full_name(user: User) -> str | None:
    """The name in full, as stored, else of its parts."""
    return user.full_name or " ".join(filter(None, (user.first_name, user.last_name))) or None


CLAIMS: Mapping[str, Mapping[str, Claim]] = {
    "email": {
        "email": lambda user: user.email,
        "email_verified": lambda user: user.verified if user.email else None,
    },
    "phone": {"phone_number": lambda user: user.mobile_phone},
    "profile": {
        "birthdate": lambda user: user.birth_date,
        "family_name": lambda user: user.last_name,
        "given_name": lambda user: user.first_name,
        "middle_name": lambda user: user.middle_name,
        "name": full_name,
        "picture": lambda user: user.image_url,
        "preferred_username": lambda user: user.username,
    },
}
"""The claims that each scope stands for."""


def user_claims(rules: OAuthRules, user: User, scopes: Collection[str]) -> dict[str, Any]:
    """What the scopes let a client know of the user; under Compatibility everything. Absent values are left out."""
    told = [claims for scope, claims in CLAIMS.items() if scope in scopes or not rules.strict]
    found = {name: claim(user) for claims in told for name, claim in claims.items()}
    return {name: value for name, value in found.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class IdTokenFacts:
    """What an ID token says beside the user's claims. `code` and `access_token` are those that come with it."""

    access: AccessTokenFacts
    nonce: str | None = None
    session_id: UUID | None = None
    access_token: str | None = None
    code: str | None = None


def id_token_claims(
    facts: IdTokenFacts, about: Mapping[str, Any], algorithm: KeyAlgorithm, *, jti: UUID, now: int, lives: int
) -> dict[str, Any]:
    """The claims of an ID token that lives `lives` seconds. `about` are the user's."""
    access, issued = facts.access, now // 1000
    session_id = access.refresh_token_id or facts.session_id
    registered = access.application_id is not None and access.roles is not None
    claims: dict[str, Any] = {
        "aud": str(access.application_id),
        "exp": issued + lives,
        "iat": issued,
        "iss": access.issuer,
        "sub": str(access.user_id),
        "jti": str(jti),
        "authenticationType": access.authentication_type,
        **about,
        "applicationId": str(access.application_id) if registered else None,
        "roles": sorted(set(access.roles or ())) if registered else None,
        "sid": str(session_id) if session_id else None,
        "auth_time": access.auth_instant // 1000,
        "tid": str(access.tenant_id),
        "nonce": facts.nonce,
        "at_hash": half_hash(facts.access_token, algorithm),
        "c_hash": half_hash(facts.code, algorithm),
    }
    return {name: value for name, value in claims.items() if value is not None}


def half_hash(text: str | None, algorithm: KeyAlgorithm) -> str | None:
    """at_hash and c_hash: the left half of the hash that the signature uses (OpenID Connect Core, 3.1.3.6)."""
    if text is None:
        return None
    digest = hashlib.new(HASHES.get(algorithm.jose[-3:], "sha512"), text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
"""By the end of the algorithm's name; Ed25519 hashes with SHA-512."""
