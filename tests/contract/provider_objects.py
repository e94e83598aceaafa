"""What identity providers refer to, made without the routes that other tests are about, and the codes of a refusal."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.service import NOW, Service


def add_application(service: Service, tenant_id: UUID) -> str:
    application_id = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO applications (tenant_id, id, name, settings, insert_instant, last_update_instant)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            (tenant_id, application_id, str(application_id), Jsonb({}), NOW, NOW),
        )
    return str(application_id)


def add_lambda(service: Service, kind: str) -> str:
    lambda_id = uuid4()
    with service.services.db.transaction() as conn:
        conn.execute(
            """
            INSERT INTO lambdas (id, name, type, body, insert_instant, last_update_instant)
            VALUES (%s, 'Reconcile', %s, 'function reconcile() {}', %s, %s)
            """,
            (lambda_id, kind, NOW, NOW),
        )
    return str(lambda_id)


def field_codes(response: Any) -> dict[str, list[str]]:
    """The codes of a 400 by field; there is no general error beside them."""
    assert response.status_code == 400, response.text
    errors = response.json()
    assert errors["generalErrors"] == []
    return {path: [item["code"] for item in items] for path, items in errors["fieldErrors"].items()}
