"""Rows 25 to 32 of login contract 3.5: the tail of a login, its second commit, and the tokens that leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from identity.domain.model import Claims
from identity.domain.outcome import Door, LoginFacts, LoginOutcome, Tokens, Verdict, judge
from identity.domain.tokens import AccessTokenFacts, access_token_claims
from identity.flows.configurations import ApplicationConfiguration
from identity.flows.login_attempt import BeginAgain, Context, LoginRequest, Person
from identity.flows.services import Services
from identity.signing import sign
from identity.store import links, logins, refresh_tokens
from identity.store.db import InUse

SECONDS_PER_MINUTE = 60


def verdict_on(services: Services, context: Context, person: Person, *, will_register: bool) -> Verdict:
    """What the gates say about this person now."""
    return judge(
        LoginFacts(
            door=Door.COMPLETE_LOGIN,
            now=services.runtime.now(),
            active=person.user.active,
            expiry=person.user.expiry,
            registered=will_register or person.registration_for(context.application_id) is not None,
        )
    )


def finish_login(
    services: Services, context: Context, request: LoginRequest, claims: Claims, person: Person
) -> LoginOutcome:
    """Record the login and mint what the verdict promises. Raises BeginAgain when the ground moved."""
    now = services.runtime.now()
    verdict = verdict_on(services, context, person, will_register=False)
    keeps = verdict is Verdict.LOGGED_IN and context.application.generates_refresh_tokens and not request.no_jwt
    refresh_token = services.runtime.new_secret() if keeps else None
    completion = _completion(services, context, request, claims, person, refresh_token, now)
    try:
        with services.db.read() as conn:
            completed = logins.complete(conn, completion)
    except InUse:  # the application was removed meanwhile
        completed = False
    if not completed:
        raise BeginAgain
    tokens = None
    if not request.no_jwt:
        facts = access_facts(context.application, person, context.authentication_type, now)
        tokens = mint(services, context.application, replace(facts, refresh_token_id=completion.refresh_token_id), now)
        tokens = replace(
            tokens,
            refresh_token=refresh_token,
            refresh_token_id=completion.refresh_token_id,
            refresh_token_seconds=context.application.jwt.refresh_token_time_to_live_in_minutes * SECONDS_PER_MINUTE,
        )
    return LoginOutcome(
        verdict,
        user=replace(person.user, last_login_instant=now),
        registrations=[
            replace(item, last_login_instant=now) if item.application_id == context.application_id else item
            for item in person.registrations
        ],
        tokens=tokens,
    )


def access_facts(
    application: ApplicationConfiguration, person: Person, authentication_type: str, auth_instant: int
) -> AccessTokenFacts:
    """What the access token of this person for this application says."""
    user = person.user
    registration = person.registration_for(application.application.id)
    return AccessTokenFacts(
        issuer=application.issuer,
        tenant_id=user.tenant_id,
        user_id=user.id,
        authentication_type=authentication_type,
        auth_instant=auth_instant,
        application_id=application.application.id,
        roles=registration.roles if registration else None,
        email=user.email,
        email_verified=user.verified,
        username=user.username,
    )


def mint(
    services: Services,
    application: ApplicationConfiguration,
    facts: AccessTokenFacts,
    now: int,
    seconds: int | None = None,
) -> Tokens:
    """A signed access token that lives `seconds`, or as long as the configuration says."""
    lives = application.jwt.time_to_live_in_seconds if seconds is None else seconds
    claims = access_token_claims(facts, jti=services.runtime.new_id(), now=now, time_to_live_in_seconds=lives)
    return Tokens(sign(claims, application.signing_key), claims["exp"] * 1000)


def _completion(
    services: Services,
    context: Context,
    request: LoginRequest,
    claims: Claims,
    person: Person,
    refresh_token: str | None,
    now: int,
) -> logins.Completion:
    token, secret = links.seal_tokens(
        services.sealer, context.tenant_id, context.provider_id, claims.subject, claims.token, claims.token_secret
    )
    return logins.Completion(
        configuration_version=context.version,
        now=now,
        tenant_id=context.tenant_id,
        user_id=person.user.id,
        application_id=context.application_id,
        provider_id=context.provider_id,
        subject=claims.subject,
        display_name=claims.display_name,
        token=token,
        token_secret=secret,
        record_id=services.runtime.new_id(),
        ip_address=request.ip_address,
        user_agent=request.user_agent,
        authentication_type=context.authentication_type,
        refresh_token_id=services.runtime.new_id() if refresh_token else None,
        refresh_token_hash=refresh_tokens.hash_of(refresh_token) if refresh_token else None,
        last_accessed_address=request.device.last_accessed_address or request.ip_address,
        meta_data=_meta_data(request),
    )


def _meta_data(request: LoginRequest) -> dict[str, Any]:
    """What is kept with the refresh token: device, scopes and data as the caller gave them."""
    device = {
        name: value
        for name, value in (
            ("name", request.device.name),
            ("description", request.device.description),
            ("type", request.device.type),
        )
        if value is not None
    }
    return {**request.meta_data, **({"device": device} if device else {})}
