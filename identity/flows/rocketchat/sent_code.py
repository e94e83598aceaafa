"""Codes that the Rocket.Chat door sends for the challenge that waits: one is enough for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from identity.domain.errors import Invalid, TooManyRequests
from identity.domain.model import User
from identity.domain.rocketchat_codes import CODE_LIVES_MILLISECONDS, as_sent, fresh_code, is_sent
from identity.domain.standing import TwoFactorMethod
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.rocketchat.challenges import challenge_id, find_challenge
from identity.flows.second_factors.challenge import Challenge, SentCode, digest_of
from identity.flows.second_factors.send_code import post_code, spend_code
from identity.flows.services import Services
from identity.store import external_identifiers
from identity.store.db import Connection
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether a code went out just now, and until when the one that is out works; None when none is."""

    generated: bool = False
    expiry: int | None = None


def see_to_code(services: Services, configuration: TenantConfiguration, user: User, method: TwoFactorMethod) -> Sent:
    """Send a code unless one is out. Nothing is sent where no challenge waits, or the tenant's limit is reached."""
    if not is_sent(method):
        return Sent()
    challenge = find_challenge(services, user.tenant_id, user.id)
    if challenge is None:
        return Sent()
    out = _still_out(challenge, method, services.runtime.now())
    return out or send_another(services, configuration, user, method, unless_out=True)


def send_another(
    services: Services,
    configuration: TenantConfiguration,
    user: User,
    method: TwoFactorMethod,
    *,
    unless_out: bool = False,
) -> Sent:
    """Send a code, which puts an end to the one before; with `unless_out` only if none is."""
    tenant, now = configuration.tenant, services.runtime.now()
    two_factor_id = challenge_id(services, user.tenant_id, user.id)
    code, expiry = fresh_code(services.runtime.random_bytes), now + CODE_LIVES_MILLISECONDS

    def work(conn: Connection) -> Sent:
        found = external_identifiers.lock(conn, Kind.TWO_FACTOR, two_factor_id, now)
        if found is None:
            return Sent()
        waiting = Challenge.of(found)
        if unless_out and (out := _still_out(waiting, method, now)):
            return out
        challenge = replace(waiting, sent=SentCode(digest_of(two_factor_id, code), expiry, method.id))
        external_identifiers.change(conn, Kind.TWO_FACTOR, two_factor_id, challenge.data(), at_least_until=expiry)
        post_code(conn, services, tenant, configuration.application, user, method, as_sent(method, code))
        return Sent(generated=True, expiry=expiry)

    try:
        spend_code(services, tenant, user)
        return services.db.transact(work)
    except (TooManyRequests, Invalid):  # the tenant's limit; an address that takes nothing
        return Sent()


def _still_out(challenge: Challenge, method: TwoFactorMethod, now: int) -> Sent | None:
    sent = challenge.sent
    if sent is None or sent.method_id != method.id or sent.expiry <= now:
        return None
    return Sent(expiry=sent.expiry)
