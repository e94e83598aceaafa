"""Events: which may veto, and when a transaction passes (supporting contract 17.3, 17.4)."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from identity.domain.events import NEVER_TRANSACTIONAL, SYSTEM, TYPES, Event, TransactionType, passes
from identity.domain.webhooks import NOBODY, Audience, Listener, Webhook

LEAST = {
    TransactionType.NONE: (0, 0, 0, 0, 0, 0),
    TransactionType.ANY: (1, 1, 1, 1, 1, 1),
    TransactionType.SIMPLE_MAJORITY: (1, 1, 2, 2, 3, 3),
    TransactionType.SUPER_MAJORITY: (1, 2, 2, 3, 4, 4),
    TransactionType.ABSOLUTE_MAJORITY: (1, 2, 3, 4, 5, 6),
}
"""How many of 1, 2, ... 6 webhooks have to agree."""


@pytest.mark.parametrize("kind", TransactionType)
def test_a_transaction_passes_from_so_many_agreeing_webhooks_on(kind: TransactionType) -> None:
    for asked, least in enumerate(LEAST[kind], 1):
        assert [passes(kind, asked, agreed) for agreed in range(asked + 1)] == [
            agreed >= least for agreed in range(asked + 1)
        ]


@pytest.mark.parametrize("kind", TransactionType)
def test_with_nobody_to_ask_every_transaction_passes(kind: TransactionType) -> None:
    assert passes(kind, 0, 0)


def test_every_type_that_ends_in_complete_has_a_partner_and_no_say() -> None:
    complete = {name for name in TYPES if name.endswith(".complete")}
    assert complete and complete <= NEVER_TRANSACTIONAL
    assert {name.removesuffix(".complete") for name in complete} <= TYPES


def test_the_types_that_have_a_say_are_these_and_no_others() -> None:
    assert {name for name in TYPES - NEVER_TRANSACTIONAL if name.startswith(("jwt", "user"))} == {
        "jwt.public-key.update",
        "jwt.refresh",
        "jwt.refresh-token.revoke",
        "user.action",
        "user.bulk.create",
        "user.create",
        "user.deactivate",
        "user.delete",
        "user.email.verified",
        "user.identity.update",
        "user.identity.verified",
        "user.login.new-device",
        "user.login.success",
        "user.login.suspicious",
        "user.password.breach",
        "user.reactivate",
        "user.registration.create",
        "user.registration.delete",
        "user.registration.update",
        "user.registration.verified",
        "user.update",
    }


WEBHOOK = Webhook(uuid4(), "http://127.0.0.1/", None, True, 1, 1, {}, False, None, None, {}, {}, 0, 0)


def listener(**enabled: bool) -> Listener:
    named = {name.replace("_", "."): value for name, value in enabled.items()}
    return Listener(replace(WEBHOOK, events_enabled=named), {}, None, None)


def test_both_the_webhook_and_the_tenant_must_have_an_event_on() -> None:
    on, off = listener(user_create=True, user_delete=True), listener(user_create=False)
    audience = Audience((on, off), {"user.create": TransactionType.ANY})
    assert audience.of("user.create") == (on,)
    assert audience.of("user.delete") == ()
    assert NOBODY.of("user.create") == ()


@pytest.mark.parametrize("name", SYSTEM)
def test_of_an_event_of_the_installation_the_tenant_has_no_say(name: str) -> None:
    hears = Listener(replace(WEBHOOK, events_enabled={name: True}), {}, None, None)
    assert Audience((hears,), {}).of(name) == (hears,)


def test_only_types_that_may_veto_are_asked_about_and_only_when_the_tenant_wants_it() -> None:
    audience = Audience(
        (),
        {
            "user.create": TransactionType.ANY,
            "user.update": TransactionType.NONE,
            "user.create.complete": TransactionType.ABSOLUTE_MAJORITY,
        },
    )
    names = ("user.create", "user.update", "user.create.complete", "other")
    assert [audience.is_asked_about(Event(name, {})) for name in names] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("own", TransactionType)
def test_an_event_may_bring_its_own_transaction_type(own: TransactionType) -> None:
    audience = Audience((), {"user.action": TransactionType.ANY})
    assert audience.agreement(Event("user.action", {}, transaction=own)) is own
    assert audience.agreement(Event("user.action", {})) is TransactionType.ANY
