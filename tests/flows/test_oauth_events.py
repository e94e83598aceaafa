"""What webhooks hear of OAuth, and what they may forbid (supporting contract 17)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.login_world import World
from tests.oauth_world import add_client, refused
from tests.webhook_world import NO, Hooks

REFRESH = "jwt.refresh"
LOGIN = "user.login.success"


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with ExitStack() as stack:
        yield Hooks(world.service, stack)


def test_a_refresh_that_a_webhook_forbids_uses_no_token_up(world: World, hooks: Hooks) -> None:
    client = add_client(world)
    client.change(jwtConfiguration={"enabled": True, "refreshTokenUsagePolicy": "OneTimeUse"})
    token = client.tokens()["refresh_token"]
    hooks.add(REFRESH, behaviour=NO)
    hooks.switch_on(REFRESH, transaction="Any")
    assert refused(client.refresh(token), 504) == ("access_denied", "webhook_refused")
    hooks.switch_on()
    assert client.refresh(token).status_code == 200


def test_a_login_by_password_that_a_webhook_forbids_gets_no_tokens(world: World, hooks: Hooks) -> None:
    client = add_client(world)
    hook = hooks.add(LOGIN, behaviour=NO)
    hooks.switch_on(LOGIN, transaction="Any")
    assert refused(client.log_in(), 504) == ("access_denied", "webhook_refused")
    assert hook.types == [LOGIN]
    assert world.count("refresh_tokens") == 0
