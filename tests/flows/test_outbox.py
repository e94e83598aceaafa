"""The outbox: nothing is lost, nothing overtakes, and whoever does not want it is left alone after four tries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Semaphore, Thread

import pytest

from identity.flows import courier
from identity.flows.courier import DeliveryFailed
from identity.flows.services import Services
from identity.runtime import Runtime
from identity.store import outbox
from identity.store.outbox import Parcel
from tests.login_world import World

KIND = "a test's own"


class Addressee:
    """Gets parcels, and refuses those whose text is on its list."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.tried: list[str] = []
        self.refuses: set[str] = set()

    def deliver(self, services: Services, parcel: Parcel) -> None:
        text = courier.text_of(services, parcel)
        self.tried.append(text)
        if text in self.refuses:
            raise DeliveryFailed("not today")
        self.got.append(text)


@pytest.fixture
def addressee() -> Addressee:
    return Addressee()


@pytest.fixture
def services(world: World, addressee: Addressee) -> Services:
    return replace(world.service.services, deliverers={KIND: addressee.deliver})


def post(services: Services, *texts: str, key: str = "one key") -> None:
    with services.db.transaction() as conn:
        for text in texts:
            courier.post(conn, services, kind=KIND, ordering_key=key, text=text)


def test_a_parcel_is_delivered_once(services: Services, addressee: Addressee) -> None:
    post(services, "hello")
    assert courier.deliver_due(services) == 1
    assert courier.deliver_due(services) == 0
    assert addressee.got == ["hello"]


def test_a_parcel_of_a_transaction_that_is_rolled_back_never_was(services: Services, addressee: Addressee) -> None:
    with pytest.raises(RuntimeError), services.db.transaction() as conn:
        courier.post(conn, services, kind=KIND, ordering_key="key", text="hello")
        raise RuntimeError
    assert courier.deliver_due(services) == 0


def test_what_is_in_the_outbox_can_not_be_read_there(world: World, services: Services) -> None:
    post(services, "a canary")
    [(payload,)] = world.rows("SELECT payload FROM outbox")
    assert "canary" not in payload


def test_it_is_tried_after_0_1_10_and_60_seconds_and_then_marked_failed(
    world: World, services: Services, addressee: Addressee
) -> None:
    addressee.refuses = {"hello"}
    post(services, "hello")
    tries = []
    for seconds in (0, 1, 10, 60, 3600):
        world.clock.advance(seconds=seconds - 1 if seconds else 0)
        early = courier.deliver_due(services) if seconds else 0
        world.clock.advance(seconds=1 if seconds else 0)
        tries.append((early, courier.deliver_due(services)))
    assert tries == [(0, 1), (0, 1), (0, 1), (0, 1), (0, 0)]
    [(failed, reason)] = world.rows("SELECT failed_instant IS NOT NULL, last_failure FROM outbox")
    assert failed and reason == "not today"


def test_what_was_given_up_can_be_sent_again(world: World, services: Services, addressee: Addressee) -> None:
    addressee.refuses = {"hello"}
    post(services, "hello")
    for _ in range(4):
        courier.deliver_due(services)
        world.clock.advance(minutes=2)
    addressee.refuses.clear()
    with services.db.read() as conn:
        assert [found.kind for found in outbox.given_up(conn, 10)] == [KIND]
        assert outbox.resend(conn, services.runtime.now(), kind="another") == 0
        assert outbox.resend(conn, services.runtime.now(), kind=KIND) == 1
    courier.deliver_due(services)
    assert addressee.got == ["hello"]


def test_nothing_overtakes_a_parcel_of_the_same_key(world: World, services: Services, addressee: Addressee) -> None:
    addressee.refuses = {"first"}
    post(services, "first", "second", "third")
    post(services, "other", key="another key")
    courier.deliver_due(services)
    assert addressee.got == ["other"]
    addressee.refuses.clear()
    world.clock.advance(seconds=1)
    courier.deliver_due(services)
    assert addressee.got == ["other", "first", "second", "third"]


def test_a_parcel_that_was_given_up_lets_the_next_one_pass(
    world: World, services: Services, addressee: Addressee
) -> None:
    addressee.refuses = {"first"}
    post(services, "first", "second")
    for _ in range(4):
        courier.deliver_due(services)
        world.clock.advance(minutes=2)
    courier.deliver_due(services)
    assert addressee.got == ["second"]


def test_a_parcel_whose_courier_died_comes_back_when_its_lease_ends(
    world: World, services: Services, addressee: Addressee
) -> None:
    post(services, "hello")
    with services.db.read() as conn:
        [claimed] = outbox.claim(conn, services.runtime.now(), most=8, lease=courier.LEASE)
    assert claimed.tries == 1
    assert courier.deliver_due(services) == 0
    world.clock.advance(seconds=31)
    courier.deliver_due(services)
    assert addressee.got == ["hello"]


def test_a_lease_that_is_renewed_does_not_end(world: World, services: Services) -> None:
    post(services, "hello")
    with services.db.read() as conn:
        claimed = outbox.claim(conn, services.runtime.now(), most=8, lease=courier.LEASE)
        world.clock.advance(seconds=9)
        outbox.renew(conn, claimed, services.runtime.now() + courier.LEASE)
    world.clock.advance(seconds=9)
    assert courier.deliver_due(services) == 0
    world.clock.advance(seconds=2)
    assert courier.deliver_due(services) == 1


def test_who_lost_the_lease_can_not_spoil_the_next_try(world: World, services: Services) -> None:
    post(services, "hello")
    with services.db.read() as conn:
        [late] = outbox.claim(conn, services.runtime.now(), most=8, lease=courier.LEASE)
        world.clock.advance(seconds=31)
        [current] = outbox.claim(conn, services.runtime.now(), most=8, lease=courier.LEASE)
        outbox.failed(conn, late, services.runtime.now(), "late", final=True)
    assert current.tries == 2
    assert world.rows("SELECT failed_instant, leased_until IS NOT NULL FROM outbox") == [(None, True)]


def test_a_deliverer_that_breaks_stops_nobody_else(world: World, services: Services, addressee: Addressee) -> None:
    def broken(services: Services, parcel: Parcel) -> None:
        raise ZeroDivisionError

    with services.db.transaction() as conn:
        courier.post(conn, services, kind="broken", ordering_key="key", text="hello")
    post(services, "hello")
    courier.deliver_due(replace(services, deliverers={**services.deliverers, "broken": broken}))
    assert addressee.got == ["hello"]
    assert world.rows("SELECT last_failure FROM outbox") == [("unforeseen: ZeroDivisionError",)]


def test_a_failure_without_hope_is_given_up_at_once(world: World, services: Services) -> None:
    def hopeless(services: Services, parcel: Parcel) -> None:
        raise DeliveryFailed("nobody there", final=True)

    post(services, "hello")
    courier.deliver_due(replace(services, deliverers={KIND: hopeless}))
    assert world.rows("SELECT tries, failed_instant IS NOT NULL FROM outbox") == [(1, True)]


@pytest.fixture
def running(services: Services, addressee: Addressee) -> Iterator[tuple[Services, Event]]:
    """A courier on its own thread, and the sign that the text `sign` has arrived."""
    arrived, own = Event(), courier.Courier()

    def deliver(services: Services, parcel: Parcel) -> None:
        addressee.deliver(services, parcel)
        if addressee.got[-1] == "sign":
            arrived.set()

    made = replace(services, courier=own, deliverers={KIND: deliver}, runtime=Runtime())
    own.start(made)
    yield made, arrived
    own.close()


def test_a_running_courier_is_woken_by_a_commit_and_keeps_the_order(
    running: tuple[Services, Event], addressee: Addressee
) -> None:
    services, arrived = running
    texts = [str(number) for number in range(30)]
    post(services, *texts, "sign")
    assert arrived.wait(20)
    assert addressee.got == [*texts, "sign"]


def test_a_courier_that_is_closed_lets_what_is_under_way_arrive(services: Services, addressee: Addressee) -> None:
    begun, may_end = Event(), Event()

    def slow(services: Services, parcel: Parcel) -> None:
        begun.set()
        assert may_end.wait(20)
        addressee.deliver(services, parcel)

    own = courier.Courier()
    made = replace(services, courier=own, deliverers={KIND: slow}, runtime=Runtime())
    own.start(made)
    post(made, "hello")
    assert begun.wait(20)
    closing = Thread(target=own.close)
    closing.start()
    may_end.set()
    closing.join(20)
    assert not closing.is_alive()
    assert addressee.got == ["hello"]
    with services.db.read() as conn:
        assert conn.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_a_kind_that_is_slow_to_be_taken_keeps_no_other_kind_waiting(services: Services, addressee: Addressee) -> None:
    """A hundred events for a webhook that does not answer, queued first: the mail behind them leaves at once."""
    stuck, may_end, arrived = Semaphore(0), Event(), Event()

    def slow(services: Services, parcel: Parcel) -> None:
        stuck.release()
        assert may_end.wait(20)

    def quick(services: Services, parcel: Parcel) -> None:
        addressee.deliver(services, parcel)
        arrived.set()

    own = courier.Courier()
    made = replace(services, courier=own, deliverers={KIND: quick, "slow": slow}, runtime=Runtime())
    with services.db.transaction() as conn:
        for number in range(100):
            courier.post(conn, made, kind="slow", ordering_key=f"user {number}", text="an event")
    own.start(made)
    try:
        assert all(stuck.acquire(timeout=20) for _ in range(courier.AT_ONCE))
        post(made, "a mail")
        assert arrived.wait(5)
        assert not stuck.acquire(blocking=False)
    finally:
        may_end.set()
        own.close()
