"""What nobody will ask for again goes, in small batches; what may still be asked for stays."""

from __future__ import annotations

import threading
from dataclasses import replace
from uuid import uuid4

import pytest

from identity.flows import courier, housekeeping
from identity.flows.housekeeping import DAY, keep_house
from identity.flows.rounds import Rounds
from identity.runtime import Runtime
from identity.store import audit, event_log, external_identifiers, login_records, rate_limits
from identity.store.external_identifiers import ExternalIdentifier, Kind
from identity.store.login_records import LoginRecord
from tests.login_world import TWITTER, World
from tests.password_door import Door
from tests.webhook_world import hooks_of

SYSTEM = "/api/system-configuration"


def add_identifier(world: World, expiry: int) -> None:
    tenant_id = world.service.tenant_id
    with world.service.services.db.read() as conn:
        identifier = ExternalIdentifier(Kind.TRUST_TOKEN, tenant_id, 0, expiry)
        external_identifiers.add(conn, uuid4().hex, identifier)


def now(world: World) -> int:
    return world.service.services.runtime.now()


def test_expired_identifiers_go_and_others_stay(world: World) -> None:
    for expiry in (1, now(world) - 1, now(world) + 60_000):
        add_identifier(world, expiry)
    assert keep_house(world.service.services)["external identifiers"] == 2
    assert world.count("external_identifiers") == 1
    world.clock.advance(minutes=1)
    assert keep_house(world.service.services)["external identifiers"] == 1


def test_login_records_stay_unless_the_system_says_for_how_many_days(world: World) -> None:
    for age in (0, 2, 4):
        record = LoginRecord(world.service.tenant_id, uuid4(), now(world) - age * DAY, uuid4(), None, None, "PING")
        with world.service.services.db.read() as conn:
            login_records.add(conn, record)
    assert keep_house(world.service.services)["login records"] == 0
    configuration = {"loginRecordConfiguration": {"delete": {"enabled": True, "numberOfDaysToRetain": 3}}}
    answer = world.service.call("PATCH", SYSTEM, {"systemConfiguration": configuration})
    assert answer.status_code == 200, answer.text
    assert keep_house(world.service.services)["login records"] == 1
    assert world.count("login_records") == 2


def test_the_audit_log_stays_unless_the_system_says_for_how_many_days(world: World) -> None:
    path, user = "/api/system-configuration", "somebody"
    with world.service.services.db.read() as conn:
        for age in (0, 2, 4):
            audit.add(conn, now(world) - age * DAY, user, f"{age} days ago")
    assert keep_house(world.service.services)["audit log"] == 0
    configuration = {"auditLogConfiguration": {"delete": {"enabled": True, "numberOfDaysToRetain": 3}}}
    assert world.service.call("PATCH", path, {"systemConfiguration": configuration}).status_code == 200
    assert keep_house(world.service.services)["audit log"] == 1
    left = world.rows("SELECT message FROM audit_logs WHERE insert_user = %s ORDER BY id", user)
    assert left == [("0 days ago",), ("2 days ago",)]


def test_so_many_entries_of_the_event_log_stay_as_the_system_says(world: World) -> None:
    configuration = {"eventLogConfiguration": {"numberToRetain": 2}}
    path = "/api/system-configuration"
    assert world.service.call("PATCH", path, {"systemConfiguration": configuration}).status_code == 200
    with world.service.services.db.read() as conn:
        for number in range(5):
            event_log.add(conn, now(world), "Debug", str(number))
    assert keep_house(world.service.services)["event log"] == 3
    assert world.messages("Debug") == ["3", "4"]


def test_guesses_go_a_day_after_the_last_one_but_no_lockout_does(world: World) -> None:
    door, locked = Door(world), Door(world)
    door.tenant(failedAuthenticationConfiguration={"actionDuration": 2, "actionDurationUnit": "DAYS"})
    locked_id = locked.add_user()
    assert door.status("wrong") == 404
    assert [locked.status("wrong") for _ in range(5)] == [404] * 5
    world.clock.advance(days=1, seconds=1)
    assert keep_house(world.service.services)["guesses"] == 1
    assert [str(user_id) for (user_id,) in world.rows("SELECT user_id FROM login_failures")] == [locked_id]
    world.clock.advance(days=1)
    assert keep_house(world.service.services)["guesses"] == 1


def test_pending_links_and_windows_of_limits_go_when_they_end(world: World) -> None:
    world.strategy("CreatePendingLink")
    assert world.login("alice").status_code == 232
    with world.service.services.db.read() as conn:
        rate_limits.spend(conn, b"key", 1, 60_000, now(world))
    assert not any(keep_house(world.service.services).values())
    world.clock.advance(minutes=60)
    removed = keep_house(world.service.services)
    assert (removed["pending links"], removed["rate limits"]) == (1, 1)


def test_a_spent_one_time_token_is_recognised_for_ninety_days(world: World) -> None:
    configuration = {
        "enabled": True,
        "refreshTokenUsagePolicy": "OneTimeUse",
        "refreshTokenTimeToLiveInMinutes": 525_600,
    }
    Door(world).application(jwtConfiguration=configuration)
    token = world.logged_in("alice")["refreshToken"]
    assert world.service.call("POST", "/api/jwt/refresh", {"refreshToken": token}, key="").status_code == 200
    world.clock.advance(days=89)
    assert keep_house(world.service.services)["spent refresh tokens"] == 0
    world.clock.advance(days=1, seconds=1)
    assert keep_house(world.service.services)["spent refresh tokens"] == 1
    assert world.count("refresh_tokens") == 1


def test_events_of_webhooks_stay_thirty_days_unless_the_system_says_otherwise(world: World) -> None:
    with hooks_of(world.service) as hooks:
        hooks.add("user.login.failed")
        hooks.switch_on("user.login.failed")
        door = Door(world)
        door.add_user()
        assert door.status("wrong") == 404
        hooks.deliver()
    world.clock.advance(days=29)
    assert keep_house(world.service.services)["webhook events"] == 0
    configuration = {"webhookEventLogConfiguration": {"delete": {"enabled": True, "numberOfDaysToRetain": 28}}}
    assert world.service.call("PATCH", SYSTEM, {"systemConfiguration": configuration}).status_code == 200
    assert keep_house(world.service.services)["webhook events"] == 1


def test_a_parcel_that_was_given_up_can_be_sent_again_for_thirty_days(world: World) -> None:
    services = world.service.services
    with services.db.transaction() as conn:
        courier.post(conn, services, kind="nobody's", ordering_key="one", text="hello")
    for _ in range(4):
        courier.deliver_due(services)
        world.clock.advance(minutes=2)
    assert world.rows("SELECT failed_instant IS NOT NULL FROM outbox") == [(True,)]
    world.clock.advance(days=29)
    assert keep_house(services)["parcels that were given up"] == 0
    world.clock.advance(days=1)
    assert keep_house(services)["parcels that were given up"] == 1


def test_a_connection_test_goes_when_it_has_expired(world: World) -> None:
    started = world.service.call("POST", "/api/identity-provider/test", {"identityProviderId": TWITTER})
    assert started.status_code == 200, started.text
    assert keep_house(world.service.services)["connection tests"] == 0
    world.clock.advance(days=1)
    assert keep_house(world.service.services)["connection tests"] == 1


def test_a_round_takes_batch_after_batch_and_leaves_the_rest_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "MOST_BATCHES", 3)
    for _ in range(7):
        add_identifier(world, 1)
    rounds = [keep_house(world.service.services)["external identifiers"] for _ in range(3)]
    assert rounds == [6, 1, 0]


def test_the_thread_keeps_house_until_it_is_closed(world: World) -> None:
    asked = threading.Semaphore(0)

    def clock() -> int:
        asked.release()
        return Runtime().now()

    add_identifier(world, 1)
    services = replace(world.service.services, runtime=replace(Runtime(), now=clock))
    keeper = Rounds("housekeeping", lambda: keep_house(services), every_seconds=0.001)
    keeper.start()
    for _ in range(2):  # the second round has begun, so the first one is over
        assert asked.acquire(timeout=30)
    keeper.close()
    assert world.count("external_identifiers") == 0
