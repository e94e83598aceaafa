"""While the database takes no writes: reads answer, writes are 503 with Retry-After (decisions 22 and 56)."""

from __future__ import annotations

import psycopg
from psycopg import sql

from tests.contract.patching import PROVIDER_ID, TWITTER
from tests.service import Service

PATH = f"/api/identity-provider/{PROVIDER_ID}"


def set_read_only(url: str, value: bool) -> None:
    """For every session from now on; those there are end."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        name = sql.Identifier(conn.info.dbname)
        switch = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
        conn.execute(switch.format(name, sql.Literal("on" if value else "off")))
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_reads_answer_and_writes_are_503_until_the_database_takes_them_again(
    own_service: Service, database_url: str
) -> None:
    body = {"identityProvider": TWITTER}
    assert own_service.call("POST", "/api/identity-provider", body).status_code == 200
    set_read_only(database_url, True)
    assert own_service.call("GET", PATH).status_code == 200
    for verb, path, sent in (
        ("PUT", PATH, body),
        ("DELETE", PATH, None),
        ("POST", "/api/application", {"application": {"name": "A"}}),
        ("POST", "/api/user", {"user": {"username": "ada", "password": "correct horse"}}),
    ):
        refused = own_service.call(verb, path, sent)
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["Retry-After"]) > 0
        errors = refused.json()
        assert (errors["fieldErrors"], errors["generalErrors"][0]["code"]) == ({}, "[StoreUnavailable]")
    set_read_only(database_url, False)
    assert own_service.call("PUT", PATH, body).status_code == 200
