"""Events of the installation: audit log, event log, kickstart. They need the webhook's switch only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity.store import audit, event_log
from identity.store import kickstart as kickstart_state
from tests.login_world import World
from tests.webhook_world import NO, OK, Hooks, hooks_of


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooks_of(world.service) as made:
        yield made


def test_an_audit_entry_is_told_to_whom_it_may_concern(world: World, hooks: Hooks) -> None:
    hook, deaf = hooks.add("audit-log.create"), hooks.add("user.create")
    answer = world.service.call("POST", "/api/tenant", {"tenant": {"name": "Another"}})
    assert answer.status_code == 200
    hooks.deliver()
    event = hook.events[-1]
    assert event["type"] == "audit-log.create" and "tenantId" not in event
    assert "Created the tenant" in event["auditLog"]["message"]
    assert deaf.events == []


def test_an_event_log_entry_is_told(world: World, hooks: Hooks) -> None:
    hook = hooks.add("event-log.create")
    with world.service.services.db.read() as conn:
        entry_id = event_log.add(conn, 1, "Error", "Something went wrong")
    hooks.deliver()
    [event] = hook.events
    assert event["eventLog"] == {
        "id": entry_id,
        "insertInstant": 1,
        "message": "Something went wrong",
        "type": "Error",
    }


def test_a_finished_kickstart_is_told(world: World, hooks: Hooks) -> None:
    hook = hooks.add("kickstart.success")
    with world.service.services.db.transaction() as conn:
        kickstart_state.set_applied(conn, 1)
    hooks.deliver()
    assert hook.types == ["kickstart.success"]


def test_entries_arrive_in_their_order_and_once(world: World, hooks: Hooks) -> None:
    hook = hooks.add("event-log.create", behaviour=NO)
    with world.service.services.db.read() as conn:
        for number in range(20):
            event_log.add(conn, 1, "Information", str(number))
    hooks.deliver()
    hook.answer(OK)
    world.clock.advance(seconds=1)
    hooks.deliver()
    assert [event["eventLog"]["message"] for event in hook.events] == ["0", *(str(number) for number in range(20))]
    assert hook.events[0]["id"] == hook.events[1]["id"]


def test_an_entry_of_a_transaction_that_is_rolled_back_is_told_to_nobody(world: World, hooks: Hooks) -> None:
    hook = hooks.add("audit-log.create")
    hooks.deliver()
    known = len(hook.events)
    with pytest.raises(RuntimeError), world.service.services.db.transaction() as conn:
        audit.add(conn, 1, "nobody", "nothing")
        raise RuntimeError
    hooks.deliver()
    assert len(hook.events) == known


def test_without_a_webhook_that_listens_nothing_waits(world: World) -> None:
    with world.service.services.db.read() as conn:
        event_log.add(conn, 1, "Information", "unheard")
    assert world.count("outbox") == 0
