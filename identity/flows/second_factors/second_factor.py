"""242: whether a login needs a second factor, and the challenge that asks for it (login contract 3.5 row 26)."""

from __future__ import annotations

from dataclasses import replace

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.second_factor import Policy
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.passwords.change_password import is_weak
from identity.flows.second_factors.challenge import Challenge
from identity.flows.second_factors.trusted_computers import trusts_of
from identity.flows.services import Services
from identity.store import external_identifiers, logins
from identity.store.db import Connection, InUse
from identity.store.external_identifiers import ExternalIdentifier, Kind

MILLISECONDS = 1000
SKIP = "skip"


def policy_of(configuration: TenantConfiguration) -> Policy:
    """The policy for logins to this application, or for those without one."""
    application = configuration.application
    return Policy.of(configuration.tenant.settings, application.settings if application else None)


def needed(services: Services, entry: Entry, person: Person) -> bool:
    """Whether the person has to give a second factor now."""
    if entry.second_factor_done or (entry.federated and services.settings.federated_mfa == SKIP):
        return False
    policy = policy_of(entry.configuration)
    return policy.asks(person.standing.methods) and not _is_trusted(services, entry, person, policy)


def challenge(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """A challenge that keeps what the completion needs, and the methods to choose from. Raises BeginAgain."""
    now = services.runtime.now()
    policy = policy_of(entry.configuration)
    methods = policy.usable(person.standing.methods)
    kept = Challenge(
        authentication_type=entry.authentication_type,
        provider_id=entry.provider.config.id if entry.provider else None,
        link=entry.link,
        device=entry.visit.device,
        meta_data=entry.visit.meta_data,
        configures=not methods,
        weak_password=is_weak(entry, person),
        auth_instant=entry.auth_instant,
        vouched_for=entry.vouched_for,
    )
    two_factor_id = services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.TWO_FACTOR,
        entry.tenant_id,
        now,
        now + entry.configuration.seconds_of("two_factor_id") * MILLISECONDS,
        user_id=person.user.id,
        application_id=entry.application_id,
        data=kept.data(),
        state=entry.visit.state,
    )

    def work(conn: Connection) -> None:
        # Else a challenge after a password that is being changed would outlive it.
        if not logins.holds_still(conn, entry.tenant_id, person.user.id, person.standing.login_version):
            raise BeginAgain
        external_identifiers.add(conn, two_factor_id, identifier)

    try:
        services.db.transact(work)
    except InUse:  # the application was removed meanwhile
        raise BeginAgain from None
    return LoginOutcome(
        Verdict.SECOND_FACTOR_REQUIRED,
        ticket=two_factor_id,
        standing=replace(person.standing, methods=methods),
        configurable_methods=policy.configurable(person.standing.methods),
    )


def _is_trusted(services: Services, entry: Entry, person: Person, policy: Policy) -> bool:
    trust_id = entry.visit.trust
    if trust_id is None:
        return False
    now = services.runtime.now()
    with services.db.read() as conn:
        trusts = trusts_of(conn, entry.tenant_id, person.user.id, trust_id, now)
    return policy.trusts(trusts, entry.application_id, now)
