"""How often something may be done: counted and decided in one statement. Source: supporting contract 6.5, T9."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from identity.domain.errors import TooManyRequests
from identity.flows.login.rate_limits import Limit, Limited, refuse_if_spent, spend, tenant_limit
from identity.store import rate_limits, tenants
from tests.login_world import World
from tests.storm import at_once

SECOND = 1000


@pytest.fixture
def limit() -> Limit:
    return Limit(uuid4().bytes, 3, 60)


def test_uses_beyond_the_limit_are_refused_until_the_window_ends(world: World, limit: Limit) -> None:
    services = world.service.services
    for _ in range(3):
        spend(services, limit)
    world.clock.advance(seconds=20)
    with pytest.raises(TooManyRequests) as refused:
        spend(services, limit)
    assert 38 <= refused.value.retry_after_seconds <= 40
    world.clock.advance(seconds=40)
    spend(services, limit)


def test_asking_counts_nothing(world: World, limit: Limit) -> None:
    services = world.service.services
    for _ in range(10):
        refuse_if_spent(services, limit)
    for _ in range(3):
        spend(services, limit)
    with pytest.raises(TooManyRequests):
        refuse_if_spent(services, limit)


def test_32_uses_at_once_never_pass_the_limit(world: World, limit: Limit) -> None:
    services = world.service.services

    def use(_: int) -> bool:
        try:
            spend(services, limit)
        except TooManyRequests:
            return False
        return True

    assert sum(at_once(use, 32)) == 3


def test_a_tenants_limit_is_per_subject_and_off_unless_enabled(world: World) -> None:
    with world.service.services.db.read() as conn:
        tenant = tenants.get(conn, world.service.tenant_id)
    assert tenant is not None
    assert tenant_limit(tenant, Limited.FORGOT_PASSWORD, "alice") is None
    enabled = {"forgot_password": {"enabled": True, "limit": 7, "time_period_in_seconds": 9}}
    limiting = replace(tenant, settings={**tenant.settings, "rate_limit_configuration": enabled})
    alice, bob = (tenant_limit(limiting, Limited.FORGOT_PASSWORD, name) for name in ("alice", "bob"))
    assert alice is not None and bob is not None
    assert (alice.uses, alice.seconds) == (7, 9)
    assert alice.key != bob.key
    assert tenant_limit(limiting, Limited.SEND_TWO_FACTOR, "alice") is None


def test_windows_that_are_over_are_pruned_in_batches(world: World) -> None:
    with world.service.services.db.read() as conn:
        for number in range(5):
            rate_limits.spend(conn, uuid4().bytes, 1, SECOND, number)
        rate_limits.spend(conn, uuid4().bytes, 1, 60 * SECOND, 0)
        assert [rate_limits.prune(conn, 2 * SECOND, 3) for _ in range(3)] == [3, 2, 0]
        assert conn.execute("SELECT count(*) FROM rate_limits").fetchone() == (1,)
