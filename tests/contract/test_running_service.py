"""The service that the other contract tests stand on."""

from __future__ import annotations

from tests.service import Service


def test_a_fresh_service_says_that_it_is_ready(service: Service) -> None:
    response = service.call("GET", "/api/status", key="")
    assert response.status_code == 200
    assert response.json() == {"status": "OK"}


def test_the_official_client_reaches_the_service_with_the_super_key(service: Service) -> None:
    response = service.client.retrieve_version()
    assert response.was_successful(), response.status
    assert "version" in response.success_response


def test_the_index_that_a_database_does_not_need_is_rebuilt_at_once(service: Service) -> None:
    assert service.client.reindex({"index": "fusionauth_user"}).status == 202
    idle = service.call("GET", "/api/system/reindex")
    assert (idle.status_code, idle.content) == (404, b"")


def test_a_key_limited_to_one_endpoint_opens_no_other(service: Service) -> None:
    key = service.add_key(permissions={"/api/tenant": ["GET"]})
    assert service.call("GET", "/api/system/version", key=key).status_code == 401


def status_with_a_key(service: Service) -> tuple[int, str]:
    answer = service.call("GET", "/api/status")
    assert answer.headers["Retry-After"]
    return answer.status_code, answer.json()["status"]


def test_status_is_503_json_until_the_migrations_are_in(service: Service) -> None:
    with service.services.db.transaction() as conn:
        conn.execute("DELETE FROM schema_migrations")
    assert status_with_a_key(service) == (503, "unavailable")


def test_status_is_503_json_when_a_newer_release_has_changed_the_database(service: Service) -> None:
    with service.services.db.transaction() as conn:
        conn.execute("INSERT INTO schema_migrations VALUES ('9999', 'from_the_future', 'x', 0)")
    assert status_with_a_key(service) == (503, "unavailable")
