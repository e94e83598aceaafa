"""Rows 25 to 32 of login contract 3.5: the tail of a login, its second commit, and the tokens that leave.

Every door comes here with a person who has proved who they are: Complete-Login, the password, the second factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from identity.domain.outcome import COMPLETED, REFUSALS, LoginFacts, LoginOutcome, Tokens, Verdict, ruling
from identity.domain.tokens import AccessTokenFacts, access_token_claims
from identity.flows.actions.prevent_logins import end_barred_sessions
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.events import announce
from identity.flows.events.announce import Announcement
from identity.flows.login import login_validation, proved_login
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.login.login_events import ask_about_login, tell_of_failure
from identity.flows.passwords import change_password
from identity.flows.rocketchat import tokens as chat_tokens
from identity.flows.rocketchat.tokens import NewChatToken
from identity.flows.second_factors import second_factor
from identity.flows.services import Services
from identity.flows.verifications import verification
from identity.signing import sign
from identity.store import logins, refresh_tokens, rocketchat_tokens
from identity.store.db import InUse

SECONDS_PER_MINUTE = 60
Step = Callable[[Services, Entry, Person], LoginOutcome]

STEPS: Mapping[Verdict, Step] = {
    Verdict.SECOND_FACTOR_REQUIRED: second_factor.challenge,
    Verdict.PASSWORD_CHANGE_REQUIRED: change_password.demand,
    Verdict.EMAIL_UNVERIFIED: verification.demand_email,
    Verdict.REGISTRATION_UNVERIFIED: verification.demand_registration,
}
"""What each verdict that asks for one more step hands out instead of, or beside, tokens."""


def refusal(services: Services, entry: Entry, person: Person) -> LoginOutcome | None:
    """Rows 16 to 18: the outcome for a stored person who may not log in now, before anything is written for them."""
    verdict, rule = ruling(_standing_facts(services, entry, person, registered=True))
    if verdict not in REFUSALS:
        return None
    entry.trace.add(f"The gates say {verdict.name} ({verdict.value}).", rule)
    tell_of_failure(services, entry, person)
    if verdict is not Verdict.LOGIN_PREVENTED:
        active = person.user.active
        locked_until = person.standing.locked_until if verdict is Verdict.LOCKED and active else None
        return LoginOutcome(verdict, deactivated=not active, locked_until=locked_until)
    actions = person.standing.preventing(services.runtime.now(), entry.application_id)
    end_barred_sessions(services, entry.configuration, person.user, person.registrations, actions)
    return LoginOutcome(verdict, actions=actions)


def finish_login(services: Services, entry: Entry, person: Person) -> LoginOutcome:
    """Judge the person, and record the login or hand out the step that is missing.

    Raises BeginAgain when the ground moved, LambdaFailed (512), WebhooksRefused (504).
    """
    refused = refusal(services, entry, person) or login_validation.refused_by_lambda(services, entry, person)
    if refused is not None:
        return refused
    verdict, rule = ruling(_facts(services, entry, person))
    entry.trace.add(f"The gates say {verdict.name} ({verdict.value}).", rule)
    step = STEPS.get(verdict)
    demanded = step(services, entry, person) if step else LoginOutcome(verdict)
    if verdict in COMPLETED and not _is_gated(entry, person, verdict):
        outcome = _complete(services, entry, person, demanded)
    else:
        outcome = replace(demanded, state=entry.visit.state)
    if entry.visit.resumable and (
        verdict is Verdict.NOT_REGISTERED or (verdict in COMPLETED and not outcome.completed)
    ):
        return replace(outcome, proof=proved_login.keep(services, entry, person))
    return outcome


def _standing_facts(services: Services, entry: Entry, person: Person, *, registered: bool) -> LoginFacts:
    now = services.runtime.now()
    return LoginFacts(
        door=entry.door,
        now=now,
        active=person.user.active,
        expiry=person.user.expiry,
        registered=registered,
        locked=_is_locked(entry, person, now),
        prevented=bool(person.standing.preventing(now, entry.application_id)),
    )


def _is_locked(entry: Entry, person: Person, now: int) -> bool:
    own = entry.visit.own_blocking
    if own is not None and own.blocks():
        return True
    return person.standing.locked(now) and not (own is not None and own.replaces_lockout)


def _facts(services: Services, entry: Entry, person: Person) -> LoginFacts:
    registered = person.registration_for(entry.application_id) is not None
    return replace(
        _standing_facts(services, entry, person, registered=registered or entry.application_id is None),
        second_factor_needed=second_factor.needed(services, entry, person),
        change_reason=None if entry.visit.change_can_wait else change_password.reason(services, entry, person),
        email_unverified=_names_address(entry, person),
        registration_unverified=verification.registration_is_outstanding(entry, person),
    )


def _is_gated(entry: Entry, person: Person, verdict: Verdict) -> bool:
    if chat_tokens.lacks_registration(entry, person):
        return True
    if verdict is Verdict.EMAIL_UNVERIFIED:
        return verification.email_is_gated(entry)
    return verdict is Verdict.REGISTRATION_UNVERIFIED and verification.registration_is_gated(entry)


def _names_address(entry: Entry, person: Person) -> bool:
    """Whether an unverified address is what the login names; one that may wait hides no registration that may not."""
    if not verification.email_is_outstanding(entry, person) or chat_tokens.lets_unverified_in(entry, person):
        return False
    if verification.email_is_gated(entry) or not verification.registration_is_gated(entry):
        return True
    return not verification.registration_is_outstanding(entry, person)


def _complete(services: Services, entry: Entry, person: Person, outcome: LoginOutcome) -> LoginOutcome:
    """The second commit, and the tokens. Raises BeginAgain."""
    now = services.runtime.now()
    auth_instant = now if entry.auth_instant is None else entry.auth_instant
    registered = person.registration_for(entry.application_id) is not None
    keeps = registered and entry.configuration.generates_refresh_tokens and not entry.visit.no_jwt
    refresh_token = services.runtime.new_secret() if keeps else None
    completion = _completion(services, entry, person, refresh_token, now)
    chat = chat_tokens.token_of_login(services, entry, person, now)
    announcement = ask_about_login(services, entry, person, now)
    try:
        completed = _record(services, completion, announcement, chat)
    except InUse:  # the application was removed meanwhile
        completed = False
    if not completed:
        raise BeginAgain
    return replace(
        outcome,
        user=replace(person.user, last_login_instant=now),
        registrations=[
            replace(item, last_login_instant=now) if item.application_id == entry.application_id else item
            for item in person.registrations
        ],
        standing=person.standing,
        tokens=None
        if entry.visit.no_jwt
        else _tokens(services, entry, person, completion, refresh_token, auth_instant),
        chat_token=chat.token if chat else None,
        state=entry.visit.state,
        change_reason=change_password.reason(services, entry, person) if entry.visit.change_can_wait else None,
        completed=True,
        authentication_type=entry.authentication_type,
        auth_instant=auth_instant,
        federated=entry.federated,
        second_factor_done=entry.second_factor_done,
    )


def _tokens(
    services: Services,
    entry: Entry,
    person: Person,
    completion: logins.Completion,
    refresh_token: str | None,
    auth_instant: int,
) -> Tokens:
    facts = access_facts(entry.configuration, person, entry.authentication_type, auth_instant)
    facts = replace(facts, refresh_token_id=completion.refresh_token_id)
    return replace(
        mint(services, entry.configuration, facts, completion.now),
        refresh_token=refresh_token,
        refresh_token_id=completion.refresh_token_id,
        refresh_token_seconds=entry.configuration.jwt.refresh_token_time_to_live_in_minutes * SECONDS_PER_MINUTE,
    )


def _record(
    services: Services, completion: logins.Completion, announcement: Announcement, chat: NewChatToken | None
) -> bool:
    """One statement, or one transaction when there is more to write; whether the login still stands."""
    if not announcement.entries and chat is None:
        with services.db.read() as conn:
            return logins.complete(conn, completion)
    with services.db.transaction() as conn:
        completed = logins.complete(conn, completion)
        if completed:
            announce.record(conn, services, announcement)
            if chat is not None:
                rocketchat_tokens.add(conn, chat.stored, chat.token)
        return completed


def access_facts(
    configuration: TenantConfiguration, person: Person, authentication_type: str, auth_instant: int
) -> AccessTokenFacts:
    """What the access token of this person, for this application if there is one, says."""
    user = person.user
    registration = person.registration_for(configuration.application_id)
    return AccessTokenFacts(
        issuer=configuration.issuer,
        tenant_id=user.tenant_id,
        user_id=user.id,
        authentication_type=authentication_type,
        auth_instant=auth_instant,
        application_id=configuration.application_id,
        roles=user.group_roles(registration.application_id).union(registration.roles) if registration else None,
        email=user.email,
        email_verified=user.verified,
        username=user.username,
    )


def mint(
    services: Services,
    configuration: TenantConfiguration,
    facts: AccessTokenFacts,
    now: int,
    seconds: int | None = None,
) -> Tokens:
    """A signed access token that lives `seconds`, or as long as the configuration says."""
    lives = configuration.jwt.time_to_live_in_seconds if seconds is None else seconds
    claims = access_token_claims(facts, jti=services.runtime.new_id(), now=now, time_to_live_in_seconds=lives)
    return Tokens(sign(claims, configuration.signing_key, grants=facts.grants), claims["exp"] * 1000)


def _completion(
    services: Services, entry: Entry, person: Person, refresh_token: str | None, now: int
) -> logins.Completion:
    visit = entry.visit
    return logins.Completion(
        configuration_version=entry.version,
        now=now,
        tenant_id=entry.tenant_id,
        user_id=person.user.id,
        login_version=person.standing.login_version,
        application_id=entry.application_id,
        record_id=services.runtime.new_id(),
        ip_address=visit.ip_address,
        user_agent=visit.user_agent,
        authentication_type=entry.authentication_type,
        refresh_token_id=services.runtime.new_id() if refresh_token else None,
        refresh_token_hash=refresh_tokens.hash_of(refresh_token) if refresh_token else None,
        last_accessed_address=visit.device.last_accessed_address or visit.ip_address,
        meta_data=_meta_data(entry),
        link=entry.link,
    )


def _meta_data(entry: Entry) -> dict[str, Any]:
    """What is kept with the refresh token: device, scopes and data as the caller gave them."""
    device = {
        name: value
        for name, value in (
            ("name", entry.visit.device.name),
            ("description", entry.visit.device.description),
            ("type", entry.visit.device.type),
        )
        if value is not None
    }
    return {**entry.visit.meta_data, **({"device": device} if device else {})}
