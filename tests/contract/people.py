"""Tenants, applications and users for the tests of users and registrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import requests
from psycopg.types.json import Jsonb

from identity.hashing import Hashed
from tests import postgres
from tests.service import NOW, Service, default_settings, running_service

PASSWORD = "correct horse battery"


@contextmanager
def service_for_a_module(server: postgres.Server, template: str) -> Iterator[Service]:
    """One service for all tests of a module, which keep out of each other's way by random names."""
    url = postgres.fresh_database(server, template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(server, url)


def add_tenant(service: Service, **settings: Any) -> UUID:
    """A second tenant, with these settings and the defaults of all others."""
    tenant_id = uuid4()
    whole = merged(default_settings(), settings)
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO tenants (id, name, access_token_key_id, id_token_key_id, settings, insert_instant,
                                 last_update_instant)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            (tenant_id, str(tenant_id), service.signing_key_id, service.signing_key_id, Jsonb(whole), NOW, NOW),
        )
    return tenant_id


def merged(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Settings with some of them replaced, however deep."""
    for name, value in part.items():
        both = isinstance(value, dict) and isinstance(whole.get(name), dict)
        whole[name] = merged(whole[name], value) if both else value
    return whole


def add_application(
    service: Service, tenant_id: UUID, *roles: str, default: tuple[str, ...] = (), **settings: Any
) -> UUID:
    """An application with these roles; those in `default` are given to every new registration."""
    application_id = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO applications (tenant_id, id, name, settings, insert_instant, last_update_instant)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            (tenant_id, application_id, str(application_id), Jsonb(settings), NOW, NOW),
        )
        for role in (*roles, *default):
            conn.execute(
                """
                INSERT INTO application_roles (tenant_id, application_id, id, name, is_default, insert_instant,
                                               last_update_instant)
                VALUES (%s, %s, %s, %s, %s, %s, %s)
                """,
                (tenant_id, application_id, uuid4(), role, role in default, NOW, NOW),
            )
    return application_id


def new_email() -> str:
    return f"{uuid4().hex}@example.com"


def add_user(service: Service, tenant_id: UUID | None = None, **members: Any) -> dict[str, Any]:
    """A user made through the API, by default with an e-mail address of their own."""
    body = {"user": {"email": new_email(), "password": PASSWORD, **members}}
    response = service.call("POST", "/api/user", body, tenant=tenant_id or service.tenant_id)
    assert response.status_code == 200, response.text
    user: dict[str, Any] = response.json()["user"]
    return user


def add_refresh_token(service: Service, user: dict[str, Any], application_id: UUID | None = None) -> UUID:
    """A stored refresh token, as a login would leave one."""
    token_id = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, id, user_id, application_id, token_hash, authentication_type,
                auth_instant, start_instant, last_accessed_instant, insert_instant)
            VALUES (%s, %s, %s, %s, %s, 'TWITTER', %s, %s, %s, %s)
            """,
            (user["tenantId"], token_id, user["id"], application_id, token_id.bytes, NOW, NOW, NOW, NOW),
        )
    return token_id


def refresh_tokens_of(service: Service, user: dict[str, Any]) -> list[UUID]:
    with service.services.db.read() as conn:
        rows = conn.execute("SELECT id FROM refresh_tokens WHERE user_id = %s", (user["id"],)).fetchall()
    return [row[0] for row in rows]


def add_login_record(service: Service, user: dict[str, Any], instant: int, application_id: UUID | None = None) -> None:
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO login_records (tenant_id, user_id, instant, id, application_id, ip_address, authentication_type)
            VALUES (%s, %s, %s, %s, %s, '192.0.2.1', 'TWITTER')
            """,
            (user["tenantId"], user["id"], instant, uuid4(), application_id),
        )


def codes(response: requests.Response) -> dict[str, list[str]]:
    """The field errors of a 400: path to codes; the general ones under the empty path."""
    assert response.status_code == 400, response.text
    errors = response.json()
    found = {path: [item["code"] for item in items] for path, items in errors["fieldErrors"].items()}
    if errors["generalErrors"]:
        found[""] = [item["code"] for item in errors["generalErrors"]]
    return found


def stored_password(service: Service, user: dict[str, Any]) -> Hashed | None:
    with service.services.db.read() as conn:
        row = conn.execute(
            "SELECT scheme, factor, salt, hash FROM passwords WHERE user_id = %s", (user["id"],)
        ).fetchone()
    return Hashed(*row) if row else None


def retrieved(service: Service, user: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = service.call("GET", f"/api/user/{user['id']}").json()["user"]
    return answer
