"""Who may not even try at the Rocket.Chat door for a while, by its own rules where the operator set some.

Failures are counted after they happened, and whoever is still on their way when the limit is reached is asked again
before the login completes: of many guesses at once none gets in after it. Where no rule is set the tenant's lockout
rules here as everywhere (decision 21, decision record 0028).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_blocking import Blocked, BlockRule
from identity.domain.trace import Trace
from identity.flows.login.guesses import id_of_nobody
from identity.flows.login.login_attempt import OwnBlocking
from identity.flows.login.rate_limits import key_of, line_of
from identity.flows.services import Services
from identity.settings import RocketChat
from identity.store import rocketchat_failures, users
from identity.store.db import Connection

MILLISECONDS = 1000
TOO_MANY = "rocket 8.1"


@dataclass(frozen=True, slots=True)
class Counter:
    """Whose failures are counted, and by which rule."""

    who: Blocked
    key: bytes
    rule: BlockRule


def has_own_user_rule(settings: RocketChat) -> bool:
    """Whether the operator's rule stands in for the tenant's lockout of passwords at this door."""
    return settings.blocking and settings.block_by_user and settings.block_user_attempts >= 0


def address_counters(services: Services, address: str | None) -> list[Counter]:
    """By the address, unless it is on the whitelist. An IPv6 address stands for its line."""
    chosen = services.settings.rocketchat
    if not (chosen.blocking and chosen.block_by_ip and chosen.block_ip_attempts > 0) or address is None:
        return []
    parsed = ip_address(address)
    plain = (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
    if any(plain in network for network in chosen.whitelist):
        return []
    rule = BlockRule(chosen.block_ip_attempts, chosen.block_ip_seconds * MILLISECONDS)
    return [Counter(Blocked.ADDRESS, key_of("failures of address", line_of(address)), rule)]


def user_counters(services: Services, tenant_id: UUID, subject: UUID) -> list[Counter]:
    """By the user, or by what stands for a login id that nobody has."""
    chosen = services.settings.rocketchat
    if not has_own_user_rule(chosen) or chosen.block_user_attempts == 0:
        return []
    rule = BlockRule(chosen.block_user_attempts, chosen.block_user_seconds * MILLISECONDS)
    return [Counter(Blocked.USER, key_of("failures of user", tenant_id, subject), rule)]


def subject_of(services: Services, tenant_id: UUID, login_id: str, types: Sequence[str]) -> UUID:
    """The user with this login id, or what stands for a login id that nobody has."""
    folded = canonical(login_id.strip())
    with services.db.read() as conn:
        user = users.find_by_login_id(conn, tenant_id, folded, types)
    return id_of_nobody(services, tenant_id, folded) if user is None else user.id


def own_blocking(services: Services, counters: Sequence[Counter]) -> OwnBlocking | None:
    """What the tail of a login asks once more; None where the operator set no rule."""
    replaces = has_own_user_rule(services.settings.rocketchat)
    if not counters and not replaces:
        return None
    return OwnBlocking(lambda: _blocked(services, counters) is not None, replaces)


def guarded(
    services: Services,
    tenant_id: UUID,
    subject: UUID | None,
    counters: Sequence[Counter],
    trace: Trace,
    login: Callable[[], LoginOutcome],
    *,
    empties: bool = True,
) -> LoginOutcome:
    """How the login ends; LOCKED when there were too many failures before, and then it is not even tried.

    With `empties` a success makes the failures before it nothing. What raises, or is a provider's or a lambda's fault,
    is no failure.
    """
    if not counters:
        return login()
    blocked = _blocked(services, counters)
    if blocked is not None:
        trace.add(f"Not tried, there were too many failures before: {blocked.value}.", TOO_MANY)
    outcome = login() if blocked is None else LoginOutcome(Verdict.LOCKED, blocked=blocked)
    if outcome.verdict is Verdict.LOCKED and not outcome.deactivated:
        outcome = replace(outcome, blocked=blocked or _blocked(services, counters))  # meanwhile, perhaps
    if outcome.completed:
        if empties:
            with services.db.read() as conn:
                rocketchat_failures.forget(conn, [counter.key for counter in counters])
    elif not (outcome.provider_failed or outcome.verdict is Verdict.LAMBDA_FAILED):
        _count_failure(services, tenant_id, subject, counters)
    return outcome


def _blocked(services: Services, counters: Sequence[Counter]) -> Blocked | None:
    """The first of the rules that was broken."""
    now = services.runtime.now()
    with services.db.read() as conn:
        broken = (each for each in counters if each.rule.blocks(rocketchat_failures.find(conn, each.key), now))
        first = next(broken, None)
    return None if first is None else first.who


def _count_failure(services: Services, tenant_id: UUID, subject: UUID | None, counters: Sequence[Counter]) -> None:
    """One more, also of whoever is blocked already. At the limit those who are on their way begin again."""
    now = services.runtime.now()

    def work(conn: Connection) -> None:
        for counter in counters:
            before = rocketchat_failures.lock(conn, counter.key)
            after = counter.rule.with_failure(before, now)
            rocketchat_failures.save(conn, counter.key, after, now + counter.rule.window)
            if subject is not None and counter.rule.blocks(after, now) and not counter.rule.blocks(before, now):
                users.bump(conn, tenant_id, subject)

    services.db.transact(work, turn=counters[0].key)
