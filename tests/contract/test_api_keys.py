"""API keys over HTTP. Source: supporting contract 8; security T28."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.store import api_keys
from tests.service import Service, insert_api_key

VERSION = {"/api/system/version": ["GET"]}


def create(service: Service, api_key: dict[str, Any], key: str | None = None, **members: Any) -> dict[str, Any]:
    response = service.call("POST", "/api/api-key", {"apiKey": api_key, **members}, key=key)
    assert response.status_code == 200, response.text
    created: dict[str, Any] = response.json()["apiKey"]
    return created


def manager(service: Service, permissions: dict[str, list[str]] | None = None, tenant_id: UUID | None = None) -> str:
    with service.services.db.transaction() as conn:
        return insert_api_key(conn, tenant_id=tenant_id, permissions=permissions, key_manager=True)


def id_of(service: Service, text: str) -> UUID:
    with service.services.db.read() as conn:
        found = api_keys.find_by_text(conn, text)
    assert found is not None
    return found.id


def code(response: Any, path: str) -> str:
    assert response.status_code == 400, (response.status_code, response.text)
    found: str = response.json()["fieldErrors"][path][0]["code"]
    return found


def test_the_official_client_creates_reads_changes_and_deletes_a_key(service: Service) -> None:
    created = service.client.create_api_key({"apiKey": {"name": "n", "permissions": {"endpoints": VERSION}}})
    assert created.was_successful(), created.error_response
    key = created.success_response["apiKey"]
    assert key["permissions"] == {"endpoints": VERSION}
    assert key["keyManager"] is False
    assert key["retrievable"] is True
    assert key["metaData"] == {"attributes": {}}
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 200
    assert service.client.retrieve_api_key(key["id"]).success_response["apiKey"] == key
    changed = service.client.update_api_key(key["id"], {"apiKey": {"name": "other"}})
    assert changed.success_response["apiKey"]["permissions"] == {"endpoints": {}}
    assert service.client.delete_api_key(key["id"]).status == 200
    assert service.client.retrieve_api_key(key["id"]).status == 404
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 401


def test_id_and_text_of_a_key_may_be_given(service: Service) -> None:
    key_id = str(uuid4())
    response = service.call("POST", f"/api/api-key/{key_id}", {"apiKey": {"key": "my own ~ key"}})
    assert response.json()["apiKey"]["id"] == key_id
    assert service.call("GET", "/api/system/version", key="my own ~ key").status_code == 200
    assert code(service.call("POST", f"/api/api-key/{key_id}", {}), "keyId") == "[duplicate]keyId"
    again = service.call("POST", "/api/api-key", {"apiKey": {"key": "my own ~ key"}})
    assert code(again, "apiKey.key") == "[duplicate]apiKey.key"


def test_two_keys_never_share_a_name(service: Service) -> None:
    create(service, {"name": "first"})
    second = create(service, {"name": "second"})
    again = service.call("POST", "/api/api-key", {"apiKey": {"name": "first"}})
    assert code(again, "apiKey.name") == "[duplicate]apiKey.name"
    renamed = service.call("PUT", f"/api/api-key/{second['id']}", {"apiKey": {"name": "first"}})
    assert code(renamed, "apiKey.name") == "[duplicate]apiKey.name"


def test_the_text_of_a_key_that_is_not_retrievable_is_shown_once(service: Service) -> None:
    key = create(service, {"name": "hidden", "retrievable": False})
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 200
    read = service.call("GET", f"/api/api-key/{key['id']}").json()["apiKey"]
    assert "key" not in read
    assert read["retrievable"] is False


@pytest.mark.parametrize("name", [None, "", " "])
def test_a_key_that_is_not_retrievable_needs_a_name(service: Service, name: str | None) -> None:
    response = service.call("POST", "/api/api-key", {"apiKey": {"retrievable": False, "name": name}})
    assert code(response, "apiKey.name") == "[blank]apiKey.name"


def test_no_text_of_a_key_is_stored_in_clear(service: Service) -> None:
    key = create(service, {"name": "sealed"})
    with service.services.db.read() as conn:
        row = conn.execute("SELECT api_keys::text FROM api_keys WHERE name = 'sealed'").fetchone()
    assert row is not None
    assert key["key"] not in row[0]


def test_an_expired_key_opens_nothing(service: Service) -> None:
    now = service.services.runtime.now()
    expired = create(service, {"name": "expired", "expirationInstant": now - 1})
    assert service.call("GET", "/api/system/version", key=expired["key"]).status_code == 401
    alive = create(service, {"name": "alive", "expirationInstant": now + 600_000})
    assert service.call("GET", "/api/system/version", key=alive["key"]).status_code == 200


def test_put_without_an_expiration_clears_it(service: Service) -> None:
    now = service.services.runtime.now()
    key = create(service, {"name": "expired", "expirationInstant": now - 1})
    changed = service.call("PUT", f"/api/api-key/{key['id']}", {"apiKey": {"name": "expired"}}).json()["apiKey"]
    assert "expirationInstant" not in changed
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 200


def test_text_tenant_retrievable_and_key_manager_never_change(service: Service) -> None:
    key = create(service, {"name": "fixed"})
    wanted = {"name": "fixed", "key": "x", "tenantId": str(service.tenant_id), "retrievable": False, "keyManager": True}
    changed = service.call("PUT", f"/api/api-key/{key['id']}", {"apiKey": wanted}).json()["apiKey"]
    assert changed["key"] == key["key"]
    assert "tenantId" not in changed
    assert changed["retrievable"] is True
    assert changed["keyManager"] is False
    assert service.call("GET", "/api/system/version", key="x").status_code == 401


def test_a_key_manager_is_not_made_through_the_api(service: Service) -> None:
    key = create(service, {"name": "n", "keyManager": True})
    assert key["keyManager"] is False
    assert service.call("POST", "/api/api-key", {}, key=key["key"]).status_code == 401


def test_a_super_key_without_the_flag_manages_no_keys(service: Service) -> None:
    plain = service.add_key()
    assert service.call("POST", "/api/api-key", {}, key=plain).status_code == 401
    assert service.call("GET", f"/api/api-key/{uuid4()}", key=plain).status_code == 401


def test_the_key_manager_endpoint_is_taken_out_of_permissions(service: Service) -> None:
    key = create(service, {"permissions": {"endpoints": {"/api/api-key": ["POST"], **VERSION}}})
    assert key["permissions"] == {"endpoints": VERSION}


def test_permissions_that_would_be_left_empty_do_not_become_a_super_key(service: Service) -> None:
    wanted = {"apiKey": {"permissions": {"endpoints": {"/api/api-key": ["POST"]}}}}
    path = "apiKey.permissions.endpoints"
    assert code(service.call("POST", "/api/api-key", wanted), path) == f"[invalid]{path}"


def test_an_endpoint_without_methods_opens_nothing(service: Service) -> None:
    key = create(service, {"permissions": {"endpoints": {"/api/system/version": []}}})
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 401


@pytest.mark.parametrize(
    ("endpoints", "path", "reason"),
    [
        ({"api/user": ["GET"]}, "[api/user]", "[invalid]"),
        ({"/api/user": ["FETCH"]}, "[/api/user]", "[invalid]"),
        ({"/api/user\n": ["GET"]}, "[/api/user\n]", "[invalid]"),
        ({"/api/user": "GET"}, "[/api/user]", "[invalidJSON]"),
        ({"/api/user": [1]}, "[/api/user]", "[invalidJSON]"),
        ([], "", "[invalidJSON]"),
    ],
)
def test_permissions_have_a_shape(service: Service, endpoints: Any, path: str, reason: str) -> None:
    response = service.call("POST", "/api/api-key", {"apiKey": {"permissions": {"endpoints": endpoints}}})
    assert code(response, f"apiKey.permissions.endpoints{path}").startswith(reason)


def test_an_endpoint_nobody_serves_may_be_named(service: Service) -> None:
    endpoints = {"/api/from-a-later-release": ["GET", "GET", "POST"]}
    key = create(service, {"permissions": {"endpoints": endpoints}})
    assert key["permissions"] == {"endpoints": {"/api/from-a-later-release": ["GET", "POST"]}}


@pytest.mark.parametrize("text", ["å", "a\nb", " a", "a ", "a\x7f", "k" * 4097])
def test_a_text_that_no_header_carries_is_refused(service: Service, text: str) -> None:
    assert "apiKey.key" in service.call("POST", "/api/api-key", {"apiKey": {"key": text}}).json()["fieldErrors"]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"permissions": {"endpoints": {}}},
        {"permissions": {"endpoints": {"/api/user": ["GET", "POST"]}}},
        {"permissions": {"endpoints": {"/api/user": ["GET"], "/api/tenant": ["GET"]}}},
    ],
)
def test_a_key_makes_no_key_that_can_do_more_than_itself(service: Service, wanted: dict[str, Any]) -> None:
    limited = manager(service, {"/api/user": ["GET"], "/api/application": ["GET", "POST"]})
    assert service.call("POST", "/api/api-key", {"apiKey": wanted}, key=limited).status_code == 401


def test_a_limited_key_makes_keys_within_its_limits(service: Service) -> None:
    limited = manager(service, {"/api/user": ["GET"], **VERSION})
    key = create(service, {"permissions": {"endpoints": VERSION}}, key=limited)
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 200


def test_a_limited_key_neither_sees_nor_touches_a_wider_one(service: Service) -> None:
    limited = manager(service, VERSION)
    wide = create(service, {"name": "wide"})
    path = f"/api/api-key/{wide['id']}"
    for method in ("GET", "PUT", "DELETE"):
        narrower = {"apiKey": {"permissions": {"endpoints": VERSION}}}
        assert service.call(method, path, narrower, key=limited).status_code == 401, method
    copy = {"sourceKeyId": wide["id"], "apiKey": {"permissions": {"endpoints": VERSION}}}
    assert service.call("POST", "/api/api-key", copy, key=limited).status_code == 401
    assert service.call("GET", path).json()["apiKey"] == wide


def test_a_limited_key_widens_no_key(service: Service) -> None:
    limited = manager(service, VERSION)
    key = create(service, {"permissions": {"endpoints": VERSION}}, key=limited)
    path = f"/api/api-key/{key['id']}"
    for endpoints in ({}, {"/api/user": ["GET"]}):
        wider = {"apiKey": {"permissions": {"endpoints": endpoints}}}
        assert service.call("PUT", path, wider, key=limited).status_code == 401
    assert service.call("PUT", f"/api/api-key/{id_of(service, limited)}", {}, key=limited).status_code == 401
    assert service.call("GET", path).json()["apiKey"]["permissions"] == {"endpoints": VERSION}


def test_a_tenant_key_manages_only_keys_of_its_tenant(service: Service) -> None:
    locked = manager(service, tenant_id=service.tenant_id)
    own = create(service, {"name": "own"}, key=locked)
    assert own["tenantId"] == str(service.tenant_id)
    assert service.call("GET", f"/api/api-key/{own['id']}", key=locked).status_code == 200
    shared = create(service, {"name": "shared"})
    for method in ("GET", "PUT", "DELETE"):
        assert service.call(method, f"/api/api-key/{shared['id']}", {}, key=locked).status_code == 404, method
    elsewhere = service.call("POST", "/api/api-key", {"apiKey": {"tenantId": str(uuid4())}}, key=locked)
    assert code(elsewhere, "apiKey.tenantId") == "[invalid]apiKey.tenantId"
    copied = service.call("POST", "/api/api-key", {"sourceKeyId": shared["id"]}, key=locked)
    assert code(copied, "sourceKeyId") == "[invalid]sourceKeyId"


def test_a_key_of_an_unknown_tenant_is_refused(service: Service) -> None:
    response = service.call("POST", "/api/api-key", {"apiKey": {"tenantId": str(uuid4())}})
    assert code(response, "apiKey.tenantId") == "[invalid]apiKey.tenantId"


def test_a_copy_takes_what_it_is_not_given(service: Service) -> None:
    source = create(
        service,
        {
            "name": "source",
            "tenantId": str(service.tenant_id),
            "permissions": {"endpoints": VERSION},
            "retrievable": False,
            "metaData": {"attributes": {"description": "d", "other": "o"}},
        },
    )
    copy = create(service, {"name": "copy"}, sourceKeyId=source["id"])
    assert copy["id"] != source["id"]
    assert copy["key"] != source["key"]
    for member in ("tenantId", "permissions", "retrievable", "metaData"):
        assert copy[member] == source[member], member
    unnamed = service.call("POST", "/api/api-key", {"sourceKeyId": source["id"]})
    assert code(unnamed, "apiKey.name") == "[blank]apiKey.name"


def test_a_key_manager_is_not_copied(service: Service) -> None:
    response = service.call("POST", "/api/api-key", {"sourceKeyId": str(id_of(service, service.key))})
    assert code(response, "sourceKeyId") == "[invalid]sourceKeyId"


def test_existence_is_checked_before_the_body(service: Service) -> None:
    assert service.call("PUT", f"/api/api-key/{uuid4()}", {"apiKey": {"name": 1}}).status_code == 404


def test_the_tenant_header_is_not_looked_at(service: Service) -> None:
    assert service.call("POST", "/api/api-key", {}, tenant="no uuid").status_code == 200


def test_changes_are_audited_by_ids_and_raise_the_version_of_the_configuration(service: Service) -> None:
    with service.services.db.read() as conn:
        before = conn.execute("SELECT configuration_version FROM installation").fetchone()
    key = create(service, {"name": "audited"})
    service.call("PUT", f"/api/api-key/{key['id']}", {})
    service.call("DELETE", f"/api/api-key/{key['id']}")
    with service.services.db.read() as conn:
        entries = conn.execute("SELECT insert_user, message FROM audit_logs ORDER BY id").fetchall()
        after = conn.execute("SELECT configuration_version FROM installation").fetchone()
    actor = str(id_of(service, service.key))
    assert entries == [
        (actor, f"{what} the API key with Id [{key['id']}]") for what in ("Created", "Changed", "Deleted")
    ]
    assert after[0] == before[0] + 3


def test_a_patch_changes_what_it_names(service: Service) -> None:
    expiration = service.services.runtime.now() + 600_000
    key = create(service, {"name": "n", "expirationInstant": expiration, "permissions": {"endpoints": VERSION}})
    path = f"/api/api-key/{key['id']}"
    by_client = service.client.patch_api_key(key["id"], {"apiKey": {"name": "m"}}).success_response["apiKey"]
    assert (by_client["name"], by_client["expirationInstant"]) == ("m", expiration)
    appended = {"apiKey": {"permissions": {"endpoints": {"/api/system/version": ["GET"], "/api/user": ["GET"]}}}}
    assert service.call("PATCH", path, appended).json()["apiKey"]["permissions"] == {
        "endpoints": {**VERSION, "/api/user": ["GET"]}
    }
    merge = {"headers": {"Content-Type": "application/merge-patch+json"}}
    cleared = service.call("PATCH", path, {"apiKey": {"expirationInstant": None}}, **merge).json()["apiKey"]
    assert "expirationInstant" not in cleared
    operations = [{"op": "remove", "path": "/apiKey/permissions/endpoints/~1api~1user"}]
    json_patch = {"headers": {"Content-Type": "application/json-patch+json"}}
    assert service.call("PATCH", path, operations, **json_patch).json()["apiKey"]["permissions"] == {
        "endpoints": VERSION
    }


def test_a_patch_widens_no_key_and_frees_no_fixed_member(service: Service) -> None:
    limited = manager(service, VERSION)
    key = create(service, {"permissions": {"endpoints": VERSION}}, key=limited)
    path = f"/api/api-key/{key['id']}"
    assert service.call("PATCH", path, {"apiKey": {"permissions": None}}, key=limited).status_code == 401
    patched = service.call("PATCH", path, {"apiKey": {"key": "x", "keyManager": True, "id": str(uuid4())}}, key=limited)
    assert patched.json()["apiKey"] == {**key, "lastUpdateInstant": patched.json()["apiKey"]["lastUpdateInstant"]}


def test_patches_at_the_same_time_lose_nothing(service: Service) -> None:
    key = create(service, {"permissions": {"endpoints": VERSION}})
    path = f"/api/api-key/{key['id']}"

    def grant(number: int) -> int:
        endpoints = {f"/api/e{number}": ["GET"]}
        return service.call("PATCH", path, {"apiKey": {"permissions": {"endpoints": endpoints}}}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(grant, range(32))) == {200}
    assert len(service.call("GET", path).json()["apiKey"]["permissions"]["endpoints"]) == 33


def test_a_key_whose_encryption_key_is_gone_still_works_and_can_be_managed(service: Service) -> None:
    key = create(service, {"name": "n"})
    with service.services.db.transaction() as conn:
        conn.execute("UPDATE api_keys SET key_sealed = 'v1.gone.AAAA' WHERE id = %s", (key["id"],))
    path = f"/api/api-key/{key['id']}"
    assert "key" not in service.call("GET", path).json()["apiKey"]
    assert service.call("GET", "/api/system/version", key=key["key"]).status_code == 200
    assert service.call("PUT", path, {"apiKey": {"name": "m"}}).json()["apiKey"]["name"] == "m"
