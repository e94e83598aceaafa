"""`identity outbox`: what was given up is listed and sent again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity import cli
from identity.flows import courier
from identity.store import outbox
from tests.service import NOBODYS_ID, Service, running_service

KIND = "webhook"


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with running_service(database_url) as running:
        monkeypatch.setenv("IDENTITY_DATABASE_URL", database_url)
        yield running


@pytest.fixture
def parcel(service: Service) -> outbox.Parcel:
    """One that was given up."""
    services = service.services
    with services.db.transaction() as conn:
        posted = courier.post(conn, services, kind=KIND, ordering_key="key", text="canary")
        [claimed] = outbox.claim(conn, services.runtime.now(), most=1, lease=1)
        outbox.failed(conn, claimed, services.runtime.now(), "status 500", final=True)
    return posted


def test_what_was_given_up_is_listed_without_what_is_in_it(
    parcel: outbox.Parcel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["outbox", "list"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{parcel.id}  webhook  20") and line.endswith("Z  status 500")


@pytest.mark.parametrize("arguments", [[], ["--kind", "webhook"], ["ID"]])
def test_it_is_handed_to_the_courier_again(
    service: Service, parcel: outbox.Parcel, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    chosen = [str(parcel.id) if argument == "ID" else argument for argument in arguments]
    assert cli.main(["outbox", "resend", *chosen]) == 0
    assert capsys.readouterr().out.startswith("1 handed")
    with service.services.db.read() as conn:
        assert outbox.given_up(conn, 10) == []
        [claimed] = outbox.claim(conn, service.services.runtime.now(), most=10, lease=1)
        entries = conn.execute("SELECT insert_user FROM audit_logs").fetchall()
    assert (claimed.id, claimed.tries) == (parcel.id, 1)
    assert entries == [("identity outbox",)]


@pytest.mark.parametrize(("arguments", "status"), [(["--kind", "mail"], 0), ([NOBODYS_ID], 1)])
def test_another_one_stays_where_it_is(
    service: Service, parcel: outbox.Parcel, arguments: list[str], status: int
) -> None:
    assert cli.main(["outbox", "resend", *arguments]) == status
    with service.services.db.read() as conn:
        assert [found.id for found in outbox.given_up(conn, 10)] == [parcel.id]
