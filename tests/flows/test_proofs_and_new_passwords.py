"""A login with a password that is being changed at that moment leaves neither a proof nor a challenge behind (T16)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.login.login_attempt import Visit
from identity.flows.login.password_login import PasswordRequest, log_in
from identity.flows.passwords.replace_password import hash_for, replace_password
from identity.store import tenants, users
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.second_factors import with_phone
from tests.verifying import GATED, verify_emails

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def unverified(world: World) -> tuple[Door, str]:
    verify_emails(world, **GATED)
    door = Door(world)
    return door, door.add_user(verified=False)


def with_second_factor(world: World) -> tuple[Door, str]:
    door = Door(world)
    user_id = door.add_user()
    with_phone(world, user_id)
    return door, user_id


@pytest.mark.parametrize(
    ("person", "kind"), [(unverified, "proved login"), (with_second_factor, "two-factor")], ids=["proof", "challenge"]
)
def test_what_a_password_proved_ends_with_it_even_at_the_same_moment(
    world: World, person: Callable[[World], tuple[Door, str]], kind: str
) -> None:
    door, user_id = person(world)
    services, now = world.service.services, world.service.services.runtime.now()
    request = PasswordRequest(
        Visit(no_jwt=True, resumable=True),
        keyed=True,
        application_id=UUID(world.application_id),
        login_id=door.email,
        password=PASSWORD,
    )

    def knock() -> LoginOutcome:
        return log_in(services, request, Trace(services.runtime.now))

    with ThreadPoolExecutor(1) as pool:
        with services.db.transaction() as conn:
            tenant = tenants.get(conn, world.service.tenant_id)
            user = users.get(conn, world.service.tenant_id, UUID(user_id))
            assert tenant is not None and user is not None
            hashed = hash_for(services, tenant, "another good password")
            users.lock(conn, tenant.id, user.id)
            login = pool.submit(knock)
            until_somebody_waits(world)
            replace_password(conn, services, tenant, user, hashed, now)
        assert login.result(timeout=30).verdict is Verdict.NOT_FOUND
    assert world.rows("SELECT 1 FROM external_identifiers WHERE kind = %s", kind) == []


def until_somebody_waits(world: World) -> None:
    """The login has looked at the old password, and waits for the row that is being changed."""
    deadline = time.monotonic() + 20
    while not world.rows(WAITING)[0][0]:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)
