"""Rotation: tokens outlive the key that signed them, for others who read nothing but the key set."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from psycopg.types.json import Jsonb

from identity.domain.keys import KeyAlgorithm
from identity.flows.configuration.save_key import add_imported_key, delete_key, generate_key
from identity.keymaterial.importing import Material
from identity.runtime import Runtime
from identity.signing import InvalidToken, sign, verify
from identity.store import keys, references
from identity.store.db import InUse
from tests.service import NOW, Service, running_service
from tests.unit.key_samples import forged, sample

HOUR = 3_600_000
ISSUER = "acme.com"


@dataclass
class Clock:
    now: int = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock, database_url: str) -> Iterator[Service]:
    with running_service(database_url, Runtime(now=lambda: clock.now)) as running:
        yield running


def new_key(service: Service, algorithm: KeyAlgorithm = KeyAlgorithm.ES256) -> UUID:
    key = generate_key(
        service.services,
        algorithm,
        key_id=None,
        name=str(uuid4()),
        length=2048 if algorithm is KeyAlgorithm.RS256 else None,
        issuer=None,
        actor="test",
    )
    return key.id


def token_of(service: Service, key_id: UUID, *, lives: int = 3600) -> str:
    with service.services.db.read() as conn:
        key = keys.find_signer(conn, service.services.sealer, key_id)
    assert key is not None
    issued = service.services.runtime.now() // 1000
    return sign({"exp": issued + lives, "iat": issued, "iss": ISSUER, "sub": "someone"}, key)


def verified_by_others(service: Service, token: str, algorithm: str = "ES256") -> bool:
    """What a program thinks that knows the key set and nothing else."""
    published = KeySet.import_key_set(service.call("GET", "/.well-known/jwks.json", key="").json())
    try:
        return bool(jwt.decode(token, published, algorithms=[algorithm]).claims["sub"] == "someone")
    except (JoseError, ValueError):
        return False


def verified_here(service: Service, token: str) -> bool:
    now = service.services.runtime.now()
    with service.services.db.read() as conn:
        try:
            verify(
                token,
                lambda kid: keys.find_verifier(conn, service.services.sealer, kid, now),
                now=now,
                issuers=frozenset({ISSUER}),
            )
        except InvalidToken:
            return False
    return True


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(KeyAlgorithm.RS256, "RS256"), (KeyAlgorithm.ES256, "ES256"), (KeyAlgorithm.ED25519, "EdDSA")],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_token_signed_before_a_rotation_still_verifies(service: Service, algorithm: KeyAlgorithm, name: str) -> None:
    old = new_key(service, algorithm)
    token = token_of(service, old)
    new_key(service, algorithm)
    delete_key(service.services, old, "test")
    assert verified_by_others(service, token, name)
    assert verified_here(service, token)


def test_a_deleted_key_is_published_until_its_last_token_has_expired(service: Service, clock: Clock) -> None:
    old = new_key(service)
    token = token_of(service, old)
    delete_key(service.services, old, "test")
    clock.now += HOUR - 1
    assert verified_by_others(service, token)
    clock.now += 1
    assert not verified_by_others(service, token)
    assert not verified_here(service, token)


def test_a_longer_life_that_is_configured_anywhere_keeps_a_deleted_key_longer(service: Service, clock: Clock) -> None:
    with service.services.db.transaction() as conn:
        conn.execute(
            "UPDATE tenants SET settings = %s", (Jsonb({"jwt_configuration": {"time_to_live_in_seconds": 7200}}),)
        )
    old = new_key(service)
    token = token_of(service, old, lives=7200)
    delete_key(service.services, old, "test")
    clock.now += 2 * HOUR - 1
    assert verified_by_others(service, token)


def test_a_longer_life_that_was_configured_once_keeps_a_deleted_key_longer(service: Service, clock: Clock) -> None:
    old = new_key(service)
    token = token_of(service, old, lives=30 * 3600)
    with service.services.db.transaction() as conn:
        keys.keep_published(conn, [old], clock.now + 30 * HOUR)
        keys.keep_published(conn, [old], clock.now + HOUR)
    delete_key(service.services, old, "test")
    clock.now += 30 * HOUR - 1
    assert verified_by_others(service, token)
    clock.now += 1
    assert not verified_by_others(service, token)


def test_a_published_remainder_goes_with_a_later_deletion(service: Service, clock: Clock) -> None:
    delete_key(service.services, new_key(service), "test")
    clock.now += HOUR
    delete_key(service.services, new_key(service), "test")
    with service.services.db.read() as conn:
        left = conn.execute("SELECT publish_until FROM keys WHERE deleted_instant IS NOT NULL").fetchall()
    assert left == [(clock.now + HOUR,)]


def test_a_deleted_key_signs_no_more(service: Service) -> None:
    old = new_key(service)
    delete_key(service.services, old, "test")
    with service.services.db.read() as conn:
        assert keys.find_signer(conn, service.services.sealer, old) is None
        assert references.keys_that_sign(conn, [old]) == set()


def test_a_deleted_secret_verifies_nothing_more(service: Service) -> None:
    old = new_key(service, KeyAlgorithm.HS256)
    token = token_of(service, old)
    assert verified_here(service, token)
    delete_key(service.services, old, "test")
    assert not verified_here(service, token)


def test_a_token_signed_with_the_public_key_as_a_secret_verifies_nowhere(service: Service) -> None:
    key_id = new_key(service, KeyAlgorithm.RS256)
    with service.services.db.read() as conn:
        key = keys.find(conn, key_id)
    assert key is not None
    issued = NOW // 1000
    claims: dict[str, Any] = {"exp": issued + 60, "iat": issued, "iss": ISSUER, "sub": "someone"}
    for text in (str(key.public_pem), f"{key.public_pem}\n", str(key.certificate_pem)):
        token = forged({"alg": "HS256", "kid": key.kid, "typ": "JWT"}, claims, text.encode())
        assert not verified_by_others(service, token, "HS256")
        assert not verified_by_others(service, token, "RS256")
        assert not verified_here(service, token)


def test_a_key_that_only_verifies_others_tokens_verifies_none_as_ours(service: Service) -> None:
    theirs = sample(KeyAlgorithm.ES256)
    material = Material(public_key=theirs.public_pem, kid=theirs.kid)
    add_imported_key(service.services, material, key_id=None, name="theirs", actor="test")
    issued = NOW // 1000
    token = sign({"exp": issued + 60, "iat": issued, "iss": ISSUER, "sub": "someone"}, theirs)
    assert not verified_here(service, token)


def test_a_key_that_is_taken_into_use_meanwhile_is_not_deleted(service: Service) -> None:
    key_id = new_key(service)
    with ThreadPoolExecutor(1) as other:
        with service.services.db.transaction() as conn:
            assert references.keys_that_sign(conn, [key_id]) == {key_id}
            deletion = other.submit(delete_key, service.services, key_id, "test")
            conn.execute("UPDATE tenants SET access_token_key_id = %s", (key_id,))
        with pytest.raises(InUse):
            deletion.result()
    assert verified_by_others(service, token_of(service, key_id))


def test_a_tenant_that_changes_key_and_life_time_keeps_the_old_key_published(service: Service, clock: Clock) -> None:
    old, new = new_key(service), new_key(service)
    tenant = f"/api/tenant/{service.tenant_id}"

    def configure(key_id: UUID, seconds: int) -> None:
        configuration = {"accessTokenKeyId": str(key_id), "timeToLiveInSeconds": seconds}
        body = {"tenant": {"name": "Default", "jwtConfiguration": configuration}}
        assert service.call("PUT", tenant, body).status_code == 200

    configure(old, 10 * 3600)
    clock.now += HOUR
    token = token_of(service, old, lives=10 * 3600)
    configure(old, 60)
    configure(new, 60)
    delete_key(service.services, old, "test")
    clock.now += 10 * HOUR - 1
    assert verified_by_others(service, token)
    clock.now += 1
    assert not verified_by_others(service, token)
