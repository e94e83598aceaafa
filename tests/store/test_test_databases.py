"""The databases that tests get: migrated, separate, and all on one server."""

from __future__ import annotations

import psycopg

from tests import postgres


def test_each_test_gets_a_migrated_database_that_nobody_else_sees(
    postgres_server: postgres.Server, migrated_template: str, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE mine (value text)")
        assert connection.execute("SELECT count(*) > 0 FROM schema_migrations").fetchone() == (True,)
    other = postgres.fresh_database(postgres_server, migrated_template)
    with psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    postgres.drop_database(postgres_server, other)


def test_a_template_is_migrated_once(postgres_server: postgres.Server) -> None:
    migrated: list[str] = []
    for _ in range(2):
        assert postgres.template(postgres_server, "once", migrated.append) == "once"
    assert len(migrated) == 1
