"""Signing keys through the official client. Source: supporting contract 9; public keys: login contract 10.4."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from identity.domain.keys import KeyAlgorithm
from tests.service import NOW, Service
from tests.unit.key_samples import sample

ALGORITHMS = [algorithm.value for algorithm in KeyAlgorithm]
RS, ES = sample(KeyAlgorithm.RS256), sample(KeyAlgorithm.ES256)


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    """One service for all: each test makes keys of its own."""
    return shared_service


def made(service: Service, **key: Any) -> dict[str, Any]:
    answer = service.client.generate_key({"key": {"name": str(uuid4()), **key}})
    assert answer.status == 200, answer.error_response
    return answer.success_response["key"]


def imported(service: Service, **key: Any) -> dict[str, Any]:
    answer = service.client.import_key({"key": {"name": str(uuid4()), "kid": str(uuid4()), **key}})
    assert answer.status == 200, answer.error_response
    return answer.success_response["key"]


def codes(response: Any) -> dict[str, list[str]]:
    body = response.error_response if hasattr(response, "error_response") else response.json()
    return {path: [error["code"] for error in errors] for path, errors in body["fieldErrors"].items()}


# Generate


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_of_every_algorithm_is_generated_and_shown_without_its_secret(service: Service, algorithm: str) -> None:
    key = made(service, algorithm=algorithm, length=2048 if algorithm.startswith("RS") else None)
    assert service.client.retrieve_key(key["id"]).success_response == {"key": key}
    common = {"algorithm", "id", "insertInstant", "kid", "lastUpdateInstant", "name", "type"}
    pair = {
        "certificate",
        "certificateInformation",
        "expirationInstant",
        "hasPrivateKey",
        "issuer",
        "length",
        "publicKey",
    }
    assert set(key) == (common if algorithm.startswith("HS") else common | pair)
    assert "PRIVATE" not in json.dumps(key)


def test_a_generated_pair_has_a_self_signed_certificate_by_the_issuer_of_the_default_tenant(service: Service) -> None:
    key = made(service, algorithm="ES256")
    information = key["certificateInformation"]
    assert (information["issuer"], information["subject"]) == ("CN=acme.com", "CN=acme.com")
    assert (key["issuer"], key["hasPrivateKey"], key["length"], key["type"]) == ("acme.com", True, 256, "EC")
    assert key["kid"] == information["sha1Thumbprint"]
    assert key["expirationInstant"] == information["validTo"]
    assert set(information) == {
        "issuer", "md5Fingerprint", "serialNumber", "sha1Fingerprint", "sha1Thumbprint", "sha256Fingerprint",
        "sha256Thumbprint", "subject", "validFrom", "validTo",
    }  # fmt: skip


def test_an_issuer_that_is_given_is_taken(service: Service) -> None:
    assert (
        made(service, algorithm="Ed25519", issuer="example.com")["certificateInformation"]["issuer"] == "CN=example.com"
    )


def test_a_key_is_generated_under_the_id_in_the_path(service: Service) -> None:
    key_id = str(uuid4())
    answer = service.client.generate_key({"key": {"name": str(uuid4()), "algorithm": "HS256"}}, key_id)
    assert answer.success_response["key"]["id"] == key_id
    again = service.client.generate_key({"key": {"name": str(uuid4()), "algorithm": "HS256"}}, key_id)
    assert (again.status, codes(again)) == (400, {"key.id": ["[duplicate]key.id"]})


@pytest.mark.parametrize(
    ("key", "refused"),
    [
        ({}, {"key.name": ["[blank]key.name"], "key.algorithm": ["[missing]key.algorithm"]}),
        ({"name": " ", "algorithm": "HS256"}, {"key.name": ["[blank]key.name"]}),
        ({"name": "a", "algorithm": "RS257"}, {"key.algorithm": ["[invalidJSON]"]}),
        ({"name": "a", "algorithm": ["RS256"]}, {"key.algorithm": ["[invalidJSON]"]}),
        ({"name": "a", "algorithm": "RS256"}, {"key.length": ["[missing]key.length"]}),
        ({"name": "a", "algorithm": "RS256", "length": 1024}, {"key.length": ["[invalid]key.length"]}),
        ({"name": "a", "algorithm": "RS256", "length": "2048"}, {"key.length": ["[invalidJSON]"]}),
        ({"name": "a", "algorithm": "ES256", "length": 521}, {"key.length": ["[invalid]key.length"]}),
    ],
)
def test_what_can_not_be_generated_is_refused_by_its_field(
    service: Service, key: dict[str, Any], refused: dict[str, list[str]]
) -> None:
    answer = service.client.generate_key({"key": key})
    assert (answer.status, codes(answer)) == (400, refused)


def test_a_body_without_a_key_lacks_every_required_field(service: Service) -> None:
    assert codes(service.call("POST", "/api/key/generate", {})) == {
        "key.name": ["[blank]key.name"],
        "key.algorithm": ["[missing]key.algorithm"],
    }


def test_a_name_is_unique_among_all_keys(service: Service) -> None:
    name = made(service, algorithm="HS256")["name"]
    answer = service.client.generate_key({"key": {"name": name, "algorithm": "HS256"}})
    assert (answer.status, codes(answer)) == (400, {"key.name": ["[duplicate]key.name"]})


def test_the_tenant_header_means_nothing_to_keys_and_a_locked_key_may_not(service: Service) -> None:
    body = {"key": {"name": str(uuid4()), "algorithm": "HS256"}}
    assert service.call("POST", "/api/key/generate", body, tenant="nonsense").status_code == 200
    locked = service.add_key(tenant_id=service.tenant_id)
    assert service.call("GET", "/api/key", key=locked).status_code == 401


# Import


def test_a_private_key_alone_is_imported_and_never_shown(service: Service) -> None:
    key = imported(service, privateKey=RS.private_pem)
    assert (key["algorithm"], key["type"], key["length"], key["hasPrivateKey"]) == ("RS256", "RSA", 2048, True)
    assert key["publicKey"] == RS.public_pem
    assert not {"privateKey", "secret", "certificate", "certificateInformation", "expirationInstant"} & set(key)


def test_a_public_key_alone_is_imported_and_has_no_private_key(service: Service) -> None:
    assert imported(service, publicKey=ES.public_pem)["hasPrivateKey"] is False


def test_a_certificate_yields_the_public_key(service: Service) -> None:
    key = imported(service, certificate=ES.certificate_pem, kid=None)
    assert (key["publicKey"], key["kid"], key["certificate"]) == (ES.public_pem, ES.kid, ES.certificate_pem)
    assert key["certificateInformation"]["sha1Thumbprint"] == ES.kid


def test_a_secret_is_imported_and_never_shown(service: Service) -> None:
    key = imported(service, secret="s3cret" * 6, type="HMAC", algorithm="HS384", kid="old one")
    assert (key["algorithm"], key["kid"], key["type"]) == ("HS384", "old one", "HMAC")
    assert "s3cret" not in json.dumps(service.client.retrieve_keys().success_response)


@pytest.mark.parametrize(
    ("key", "refused"),
    [
        ({}, {"key.publicKey": ["[missing]key.publicKey"]}),
        ({"privateKey": "garbage"}, {"key.privateKey": ["[invalid]key.privateKey"]}),
        ({"publicKey": 7}, {"key.publicKey": ["[invalidJSON]"]}),
        ({"privateKey": RS.private_pem, "publicKey": ES.public_pem}, {"key.publicKey": ["[mismatch]key.publicKey"]}),
        ({"secret": "short", "type": "HMAC"}, {"key.secret": ["[tooShort]key.secret"]}),
        ({"secret": RS.public_pem, "type": "HMAC"}, {"key.secret": ["[invalid]key.secret"]}),
        ({"publicKey": RS.public_pem, "algorithm": "ES256"}, {"key.algorithm": ["[invalid]key.algorithm"]}),
        ({"publicKey": RS.public_pem, "type": "EC"}, {"key.type": ["[invalid]key.type"]}),
        ({"publicKey": RS.public_pem, "kid": "a\nb"}, {"key.kid": ["[invalid]key.kid"]}),
    ],
    ids=["nothing", "garbage", "number", "mismatch", "short", "pem", "algorithm", "type", "kid"],
)
def test_what_can_not_be_imported_is_refused_by_its_field(
    service: Service, key: dict[str, Any], refused: dict[str, list[str]]
) -> None:
    answer = service.client.import_key({"key": {"name": "imported", **key}})
    assert (answer.status, codes(answer)) == (400, refused)


def test_an_encrypted_private_key_is_refused_with_a_reason(service: Service) -> None:
    from cryptography.hazmat.primitives import serialization

    private = serialization.load_pem_private_key(ES.private_pem.encode(), None)
    locked = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    answer = service.client.import_key({"key": {"name": "locked", "privateKey": locked.decode()}})
    assert codes(answer) == {"key.privateKey": ["[invalid]key.privateKey"]}
    assert "pass phrase" in answer.error_response["fieldErrors"]["key.privateKey"][0]["message"]


def test_a_kid_is_unique_among_all_keys(service: Service) -> None:
    kid = imported(service, publicKey=RS.public_pem)["kid"]
    answer = service.client.import_key({"key": {"name": str(uuid4()), "publicKey": ES.public_pem, "kid": kid}})
    assert (answer.status, codes(answer)) == (400, {"key.kid": ["[duplicate]key.kid"]})


# Retrieve, list, search, update


def test_all_keys_are_listed_by_name(service: Service) -> None:
    for name in ("b", "a"):
        made(service, algorithm="HS256", name=name)  # no other test's name is one letter
    names = [key["name"] for key in service.client.retrieve_keys().success_response["keys"]]
    assert [name for name in names if len(name) == 1] == ["a", "b"]
    assert "Default signing key" in names


def test_an_unknown_key_is_404_and_an_id_that_is_none_is_400(service: Service) -> None:
    assert service.client.retrieve_key(str(uuid4())).status == 404
    assert service.client.update_key(str(uuid4()), {"key": {}}).status == 404
    assert service.client.delete_key(str(uuid4())).status == 404
    assert codes(service.call("GET", "/api/key/nonsense")) == {"keyId": ["[couldNotConvert]keyId"]}


@pytest.fixture
def several(service: Service) -> Service:
    """A service with three keys whose names say "greek"."""
    for name, algorithm in (("greek alpha", "HS256"), ("Greek Beta 100%", "ES256"), ("greek gamma", "HS512")):
        if service.client.search_keys({"search": {"name": name}}).success_response["total"] == 0:
            made(service, name=name, algorithm=algorithm)
    return service


@pytest.mark.parametrize(
    ("criteria", "names", "total"),
    [
        ({"name": "EK BET"}, ["Beta 100%"], 1),
        ({"name": "greek a*"}, ["alpha"], 1),
        ({"name": "greek*a"}, ["alpha", "gamma"], 2),
        ({"name": "eek*0%"}, [], 0),
        ({"name": "a 100%"}, ["Beta 100%"], 1),
        ({"name": "greek_alpha"}, [], 0),
        ({"name": "greek", "algorithm": "HS512"}, ["gamma"], 1),
        ({"name": "greek", "type": "HMAC", "orderBy": "name DESC"}, ["gamma", "alpha"], 2),
        ({"name": "greek", "type": "HMAC", "orderBy": "algorithm"}, ["alpha", "gamma"], 2),
        ({"name": "greek", "type": "HMAC", "numberOfResults": 1}, ["alpha"], 2),
        ({"name": "greek", "type": "HMAC", "numberOfResults": 1, "startRow": 1}, ["gamma"], 2),
        ({"name": "greek", "type": "HMAC", "startRow": 9}, [], 2),
        ({"name": "greek", "orderBy": "expiration DESC", "numberOfResults": 1}, ["Beta 100%"], 3),
        ({"name": "greek", "orderBy": "expiration,name DESC", "numberOfResults": 1}, ["gamma"], 3),
    ],
)
def test_a_search_finds_by_get_and_by_post(
    several: Service, criteria: dict[str, Any], names: list[str], total: int
) -> None:
    by_post = several.client.search_keys({"search": criteria}).success_response
    assert ([key["name"].split(" ", 1)[1] for key in by_post["keys"]], by_post["total"]) == (names, total)
    assert several.call("GET", "/api/key/search", params=criteria).json() == by_post


def test_what_is_no_criterion_is_refused(service: Service) -> None:
    for criteria, code in (
        ({"orderBy": "secret"}, {"search.orderBy": ["[invalid]search.orderBy"]}),
        ({"orderBy": "name; DROP TABLE keys"}, {"search.orderBy": ["[invalid]search.orderBy"]}),
        ({"orderBy": "name UP"}, {"search.orderBy": ["[invalid]search.orderBy"]}),
        ({"startRow": 10_001}, {"search.startRow": ["[invalid]search.startRow"]}),
        ({"numberOfResults": -1}, {"search.numberOfResults": ["[invalid]search.numberOfResults"]}),
    ):
        assert codes(service.call("POST", "/api/key/search", {"search": criteria})) == code
        assert codes(service.call("GET", "/api/key/search", params=criteria)) == code
    refused = service.call("POST", "/api/key/search", {"search": {"type": "DSA"}})
    assert codes(refused) == {"search.type": ["[invalidJSON]"]}
    assert codes(service.call("GET", "/api/key/search?type=DSA")) == {"type": ["[couldNotConvert]type"]}
    assert codes(service.call("POST", "/api/key/search", {"search": []})) == {"search": ["[invalidJSON]"]}


def test_only_the_name_of_a_key_can_change(service: Service) -> None:
    key = made(service, algorithm="ES256")
    answer = service.client.update_key(key["id"], {"key": {"name": "renamed", "kid": "other", "algorithm": "HS256"}})
    renamed = answer.success_response["key"]
    assert {**renamed, "lastUpdateInstant": 0} == {**key, "name": "renamed", "lastUpdateInstant": 0}
    assert codes(service.client.update_key(key["id"], {"key": {}})) == {"key.name": ["[blank]key.name"]}
    taken = service.client.update_key(key["id"], {"key": {"name": "Default signing key"}})
    assert codes(taken) == {"key.name": ["[duplicate]key.name"]}


# Delete


def test_a_key_in_use_is_not_deleted(service: Service) -> None:
    answer = service.client.delete_key(str(service.signing_key_id))
    assert (answer.status, codes(answer)) == (400, {"key.id": ["[inUse]key.id"]})
    assert service.client.retrieve_key(str(service.signing_key_id)).status == 200


def test_a_deleted_key_is_gone_from_everything_but_the_published_keys(service: Service) -> None:
    key = made(service, algorithm="ES256")
    assert service.call("DELETE", f"/api/key/{key['id']}").content == b""
    assert service.client.retrieve_key(key["id"]).status == 404
    assert key["id"] not in json.dumps(service.client.retrieve_keys().success_response)
    assert service.client.search_keys({"search": {"name": key["name"]}}).success_response["total"] == 0
    assert key["kid"] in service.client.retrieve_jwt_public_keys().success_response["publicKeys"]
    assert service.client.delete_key(key["id"]).status == 404


def test_nothing_private_of_a_deleted_key_stays(service: Service) -> None:
    deleted = [made(service, algorithm=algorithm) for algorithm in ("ES256", "HS256")]
    for key in deleted:
        service.client.delete_key(key["id"])
    with service.services.db.read() as conn:
        left = conn.execute(
            "SELECT kid, private_key, secret FROM keys WHERE kid = ANY(%s)", ([key["kid"] for key in deleted],)
        ).fetchall()
    assert left == [(deleted[0]["kid"], None, None)]


def test_name_id_and_kid_of_a_deleted_key_are_free_again(service: Service) -> None:
    private = sample(KeyAlgorithm.ES384).private_pem
    first = imported(service, privateKey=private)
    service.client.delete_key(first["id"])
    again = {"name": first["name"], "kid": first["kid"], "privateKey": private}
    assert service.client.import_key({"key": again}, first["id"]).success_response["key"]["kid"] == first["kid"]


def test_changes_of_keys_are_in_the_audit_log_without_secrets(service: Service) -> None:
    key = imported(service, secret="s3cret" * 6, type="HMAC")
    service.client.update_key(key["id"], {"key": {"name": str(uuid4())}})
    service.client.delete_key(key["id"])
    with service.services.db.read() as conn:
        entries = conn.execute(
            "SELECT message, data FROM audit_logs WHERE message LIKE %s ORDER BY id", (f"%{key['id']}%",)
        )
        written = entries.fetchall()
    assert [message.partition(" ")[0] for message, _ in written] == ["Imported", "Renamed", "Deleted"]
    assert "s3cret" not in repr(written)


# Public keys


def test_public_keys_are_given_to_everybody_in_all_forms(service: Service) -> None:
    key = made(service, algorithm="ES256")
    for answer in (
        service.client.retrieve_jwt_public_key(key["kid"]),
        service.call("GET", f"/api/jwt/public-key?kid={key['kid']}", key=""),
    ):
        body = answer.success_response if hasattr(answer, "success_response") else answer.json()
        assert body == {"publicKey": key["publicKey"]}
    assert service.client.retrieve_jwt_public_keys().success_response["publicKeys"][key["kid"]] == key["publicKey"]


def test_a_secret_and_a_key_of_others_are_not_published(service: Service) -> None:
    secret = made(service, algorithm="HS256")
    theirs = imported(service, publicKey=RS.public_pem)
    for kid in (secret["kid"], theirs["kid"], "unknown", "\x01"):
        assert service.call("GET", "/api/jwt/public-key", params={"kid": kid}, key="").status_code == 404
    published = service.client.retrieve_json_web_key_set().success_response["keys"]
    assert not {secret["kid"], theirs["kid"]} & {key["kid"] for key in published}


def add_application(service: Service, key_id: str | None, *, enabled: bool = True) -> str:
    application_id = str(uuid4())
    settings = Jsonb({"jwt_configuration": {"enabled": enabled}})
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO applications (tenant_id, id, name, access_token_key_id, settings, insert_instant,
                                      last_update_instant) VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            (service.tenant_id, application_id, application_id, key_id, settings, NOW, NOW),
        )
    return application_id


def test_the_public_key_of_an_application_is_its_own_one(service: Service) -> None:
    pair, secret = made(service, algorithm="ES256"), made(service, algorithm="HS256")
    found = service.client.retrieve_jwt_public_key_by_application_id(add_application(service, pair["id"]))
    assert found.success_response == {"publicKey": pair["publicKey"]}
    for application_id in (
        add_application(service, secret["id"]),
        add_application(service, None),
        add_application(service, pair["id"], enabled=False),
        str(uuid4()),
    ):
        assert service.client.retrieve_jwt_public_key_by_application_id(application_id).status == 404
    answer = service.call("GET", "/api/jwt/public-key?applicationId=x", key="")
    assert codes(answer) == {"applicationId": ["[couldNotConvert]applicationId"]}


def test_the_key_set_shows_what_the_contract_lists(service: Service) -> None:
    key = made(service, algorithm="RS256", length=2048)
    response = service.call("GET", "/.well-known/jwks.json", key="")
    shown = next(entry for entry in response.json()["keys"] if entry["kid"] == key["kid"])
    assert set(shown) == {"alg", "e", "kid", "kty", "n", "use", "x5c", "x5t", "x5t#S256"}
    assert response.headers["Content-Type"].startswith("application/json")
