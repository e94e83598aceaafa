"""Events: what happens in a flow, as webhooks hear of it; which types there are, and when a transaction passes.

Source: supporting contract 17.3 and 17.4; decision 18.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EventInfo:
    """Where the request behind an event came from."""

    data: Mapping[str, Any] = field(default_factory=dict)
    device_description: str | None = None
    device_name: str | None = None
    device_type: str | None = None
    ip_address: str | None = None
    os: str | None = None
    user_agent: str | None = None


NO_INFO = EventInfo()


class TransactionType(Enum):
    """How many webhooks must agree before something is done. The value is the wire's."""

    NONE = "None"
    ANY = "Any"
    SIMPLE_MAJORITY = "SimpleMajority"
    SUPER_MAJORITY = "SuperMajority"
    ABSOLUTE_MAJORITY = "AbsoluteMajority"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or is about to. Members of `payload` are in snake_case; values are domain objects.

    A user is `(User, registrations)`. No secret goes in: what is no part of an object's JSON is in no event either.
    """

    type: str
    payload: Mapping[str, object]
    user_id: UUID | None = None
    """Whom it is about: events about one user reach a webhook in their order."""

    info: EventInfo = NO_INFO

    transaction: TransactionType | None = None
    """How much agreement it needs, where that is not the tenant's say: a user action brings its own."""


PASSES: Mapping[TransactionType, Callable[[int, int], bool]] = {
    TransactionType.NONE: lambda asked, succeeded: True,
    TransactionType.ANY: lambda asked, succeeded: succeeded > 0,
    TransactionType.SIMPLE_MAJORITY: lambda asked, succeeded: 2 * succeeded >= asked,
    TransactionType.SUPER_MAJORITY: lambda asked, succeeded: 3 * succeeded >= 2 * asked,
    TransactionType.ABSOLUTE_MAJORITY: lambda asked, succeeded: succeeded == asked,
}
"""Supporting contract 17.3: `asked` webhooks of which `succeeded` said yes."""


def passes(kind: TransactionType, asked: int, succeeded: int) -> bool:
    """Whether the transaction goes on. With nobody to ask it does."""
    return asked == 0 or PASSES[kind](asked, succeeded)


def _with_complete(*names: str) -> tuple[str, ...]:
    return tuple(each for name in names for each in (name, f"{name}.complete"))


SYSTEM = ("audit-log.create", "event-log.create", "kickstart.success")
"""Events of the installation: no tenant's eventConfiguration has a say, only the webhook's eventsEnabled."""

TYPES = frozenset(
    {
        *SYSTEM,
        *_with_complete("entity.create", "entity.delete", "entity.update"),
        *_with_complete("group.create", "group.delete", "group.update"),
        *_with_complete("group.member.add", "group.member.remove", "group.member.update"),
        "jwt.public-key.update",
        "jwt.refresh",
        "jwt.refresh-token.revoke",
        "test",
        "user.action",
        "user.bulk.create",
        *_with_complete("user.create", "user.delete", "user.update"),
        "user.deactivate",
        "user.email.update",
        "user.email.verified",
        "user.identity-provider.link",
        "user.identity-provider.unlink",
        "user.identity.update",
        "user.identity.verified",
        "user.login.failed",
        "user.login.new-device",
        "user.login.success",
        "user.login.suspicious",
        "user.loginId.duplicate.create",
        "user.loginId.duplicate.update",
        "user.password.breach",
        "user.password.reset.send",
        "user.password.reset.start",
        "user.password.reset.success",
        "user.password.update",
        "user.reactivate",
        *_with_complete("user.registration.create", "user.registration.delete", "user.registration.update"),
        "user.registration.verified",
        "user.two-factor.challenge",
        "user.two-factor.failed-attempt",
        "user.two-factor.method.add",
        "user.two-factor.method.remove",
        "user.two-factor.success",
    }
)
"""Every type a webhook may be enabled for."""

NEVER_TRANSACTIONAL = frozenset(
    {
        *(name for name in TYPES if name.endswith(".complete")),
        *SYSTEM,
        "test",
        "user.email.update",
        "user.identity-provider.link",
        "user.identity-provider.unlink",
        "user.login.failed",
        "user.loginId.duplicate.create",
        "user.loginId.duplicate.update",
        "user.password.reset.send",
        "user.password.reset.start",
        "user.password.reset.success",
        "user.password.update",
        "user.two-factor.challenge",
        "user.two-factor.failed-attempt",
        "user.two-factor.method.add",
        "user.two-factor.method.remove",
        "user.two-factor.success",
    }
)
"""Types that can not veto anything, whatever the tenant's transactionType says."""
