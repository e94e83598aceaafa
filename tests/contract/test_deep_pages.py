"""Pages beyond the first by `nextResults`: supporting contract 3.5, decision 38."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from identity.domain.user_order import Search, Sort, encoded
from identity.store import user_search
from tests import postgres
from tests.contract.people import add_tenant, codes, service_for_a_module
from tests.service import Service

SEARCH = "/api/user/search"
NAMES = ["birthDate", "email", "fullName", "id", "insertInstant", "lastLoginInstant", "login", "tenantId", "username"]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    """Two tenants of people who share names, days and instants, or have none."""
    with service_for_a_module(postgres_server, migrated_template) as running:
        other = add_tenant(running)
        for tenant_id in (running.tenant_id, other):
            crowd = [
                {
                    "email": f"p{number}@example.com" if number % 3 else None,
                    "username": f"u{(number * 7) % 19}" if number % 2 or not number % 3 else None,
                    "fullName": ["Anna Bell", "Zoe", None][number % 3],
                    "birthDate": ["1980-01-01", None][number % 2],
                    "insertInstant": 1_500_000_000_000 + number // 4,
                }
                for number in range(19)
            ]
            answer = running.call("POST", "/api/user/import", {"users": crowd}, tenant=tenant_id)
            assert answer.status_code == 200, answer.text
        with running.services.db.transaction() as conn:
            conn.execute("UPDATE users SET last_login_instant = insert_instant WHERE birth_date IS NOT NULL")
        yield running


def found(service: Service, tenant: UUID | None, **search: Any) -> Json:
    response = service.call("POST", SEARCH, {"search": search}, tenant=tenant)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def walked(service: Service, tenant: UUID | None, **search: Any) -> list[str]:
    """The ids of all pages, one after the other; each page is asked for by nothing but the text of the one before."""
    answer = found(service, tenant, **search)
    ids = [user["id"] for user in answer["users"]]
    while "nextResults" in answer:
        answer = found(service, tenant, nextResults=answer["nextResults"])
        assert answer["users"], "a promised page is empty"
        ids += [user["id"] for user in answer["users"]]
    return ids


SORTS = [
    [{"name": name, "order": order, "missing": missing}]
    for name, order, missing in itertools.product(NAMES, ["asc", "desc"], ["_first", "_last"])
] + [
    [
        {"name": first, "order": order, "missing": missing},
        {"name": second, "order": "desc", "missing": missing_second},
    ]
    for (first, second), order, missing, missing_second in itertools.product(
        [
            ("fullName", "birthDate"),
            ("birthDate", "insertInstant"),
            ("tenantId", "username"),
            ("insertInstant", "email"),
        ],
        ["asc", "desc"],
        ["_first", "_last"],
        ["_first", "_last"],
    )
]


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: " ".join("-".join(field.values()) for field in sort))
def test_all_pages_together_are_the_whole_list_in_its_order(service: Service, sort: list[Json]) -> None:
    for tenant, total in ((service.tenant_id, 19), (None, 38)):
        whole = [user["id"] for user in found(service, tenant, sortFields=sort, numberOfResults=1000)["users"]]
        assert len(set(whole)) == total
        assert walked(service, tenant, sortFields=sort, numberOfResults=4) == whole


def test_pages_of_a_term_go_on_with_that_term(service: Service) -> None:
    ids = walked(service, service.tenant_id, queryString="zoe", numberOfResults=2)
    assert len(ids) == 6
    assert all(user["fullName"] == "Zoe" for user in found(service, None, ids=ids)["users"])


def test_the_last_page_leads_nowhere(service: Service) -> None:
    assert "nextResults" not in found(service, service.tenant_id, numberOfResults=19)
    assert "nextResults" in found(service, service.tenant_id, numberOfResults=18)


def test_the_size_of_the_next_page_may_be_another(service: Service) -> None:
    first = found(service, service.tenant_id, numberOfResults=3)
    assert len(found(service, service.tenant_id, nextResults=first["nextResults"])["users"]) == 3
    assert len(found(service, service.tenant_id, nextResults=first["nextResults"], numberOfResults=7)["users"]) == 7


def test_a_page_of_another_tenant_is_not_reached_by_its_text(service: Service) -> None:
    first = found(service, service.tenant_id, numberOfResults=1)
    elsewhere = found(service, add_tenant(service), nextResults=first["nextResults"])
    assert elsewhere["users"] == []


@pytest.mark.parametrize("text", ["x", "e30", "bnVsbA", "W10", "!!!!", "eyJ0ZXJtIjoiKiJ9"])
def test_a_text_that_we_did_not_give_out_is_refused(service: Service, text: str) -> None:
    response = service.call("POST", SEARCH, {"search": {"nextResults": text}})
    assert codes(response) == {"search.nextResults": ["[invalid]search.nextResults"]}


def test_the_text_holds_no_sql_and_runs_none(service: Service) -> None:
    injected = "x'; DROP TABLE users; --"
    place = encoded(Search("*", (Sort("login"),), 5), user_search.Place((injected,), UUID(int=0)))
    assert found(service, service.tenant_id, nextResults=place)["total"] == 19


@pytest.mark.parametrize("name", ["birthDate", "email", "fullName", "id", "insertInstant", "login", "username"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_deep_page_enters_an_index_at_its_place_and_sorts_nothing(
    service: Service, name: str, descending: bool
) -> None:
    """The plan, with the planner's doubts about tables as small as this one switched off."""
    search = Search("*", (Sort(name, descending),), 5)
    with service.services.db.transaction() as conn:
        conn.execute("SET LOCAL enable_seqscan = off")
        conn.execute("SET LOCAL enable_bitmapscan = off")
        _, after = user_search.page(conn, service.tenant_id, search)
        assert after is not None
        scan = user_search._Scan(search, True, after)
        explained = sql.SQL("EXPLAIN ") + scan.statement(service.tenant_id)
        rows = conn.execute(explained, scan.values(service.tenant_id, 6)).fetchall()
    plan = "\n".join(row[0] for row in rows)
    inner = plan[plan.index("->  Limit") :]
    assert "->  Sort" not in inner, plan  # an incremental one decides between equals, of which there are none
    entry = next(line for line in inner.splitlines() if "Index Cond" in line)
    assert "ROW(" in entry or " >= " in entry or " <= " in entry or "(id" in entry, plan
