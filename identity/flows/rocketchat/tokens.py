"""Tokens of the Rocket.Chat door: handed out with a login, or without one, and looked up at every call.

A token works at the application that the door led to when it was made. Time is asked at every use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.model import Registration, User
from identity.domain.outcome import Door, LoginFacts, Verdict, ruling
from identity.domain.rocketchat import LAST_PART, TOKEN_DAYS, chat_roles
from identity.domain.rocketchat_permissions import ADMIN
from identity.domain.standing import Standing
from identity.domain.verification import registration_verification
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.login_attempt import Entry, Person
from identity.flows.login.login_rounds import MOST_ATTEMPTS
from identity.flows.rocketchat.door import bound_application, requires_registration
from identity.flows.services import Services
from identity.flows.verifications.verification import email_is_gated
from identity.store import rocketchat_tokens
from identity.store.db import StoreUnavailable
from identity.store.rocketchat_tokens import ChatToken, TokenFacts, TokenKind
from identity.wire import parse_uuid

TOKEN_MILLISECONDS = TOKEN_DAYS * 86_400_000
BY_PASSWORD = frozenset({"PASSWORD", "APPLICATION_TOKEN"})
"""Authentication types of the logins that an unverified e-mail address may keep out (rocket section 8)."""


@dataclass(frozen=True, slots=True)
class ChatSession:
    """Whoever calls with a token, as they are now."""

    configuration: ApplicationConfiguration
    user: User
    registrations: Sequence[Registration]
    standing: Standing
    token: ChatToken
    rc_id: str | None
    """None for a user who is older than these ids and was never told theirs."""

    has_links: bool

    @property
    def roles(self) -> list[str]:
        return chat_roles(self.configuration.application, self.user, self.registrations)

    def is_named(self, user_text: str) -> bool:
        """Whether this is the user's short or long id."""
        return user_text == self.rc_id or parse_uuid(user_text) == self.user.id


def find_session(services: Services, token: str, user_text: str) -> ChatSession | None:
    """The session of a token that belongs to this user, named by the short or the long id, if they may still come in.

    Raises NotFound: the door is closed.
    """
    session = find_token(services, token)
    if session is None or not session.is_named(user_text):
        return None
    verdict, _ = judge_session(services, session)
    return session if verdict is Verdict.LOGGED_IN or verdict is Verdict.REGISTRATION_UNVERIFIED else None


def find_token(services: Services, token: str) -> ChatSession | None:
    """The session of a token that has not expired, whether or not its owner may still come in. Raises NotFound."""
    for _ in range(MOST_ATTEMPTS):
        configuration = bound_application(services)
        with services.db.read() as conn:
            version, facts = rocketchat_tokens.read_facts(conn, token)
        if version == configuration.version:
            return _session(services, configuration, facts)
        services.configurations.forget()
    raise StoreUnavailable("the configuration changes faster than it can be read")


def _session(
    services: Services, configuration: ApplicationConfiguration, facts: TokenFacts | None
) -> ChatSession | None:
    if facts is None or facts.token.application_id != configuration.application.id:
        return None
    if facts.token.expiry is not None and facts.token.expiry <= services.runtime.now():
        return None
    owner = facts.owner
    return ChatSession(
        configuration, owner.user, owner.registrations, owner.standing, facts.token, facts.rc_id, facts.has_links
    )


def judge_session(services: Services, session: ChatSession) -> tuple[Verdict, str]:
    """The gates on the way back in: those of a refresh, and a registration that must be verified (security 10)."""
    now, configuration = services.runtime.now(), session.configuration
    application = configuration.application
    registration = next((each for each in session.registrations if each.application_id == application.id), None)
    rules = registration_verification(application.settings)
    facts = LoginFacts(
        Door.SESSION,
        now,
        active=session.user.active,
        expiry=session.user.expiry,
        registered=registration is not None or not requires_registration(configuration),
        prevented=bool(session.standing.preventing(now, application.id)),
        registration_unverified=rules.wanted and rules.gated and registration is not None and not registration.verified,
    )
    return ruling(facts)


@dataclass(frozen=True, slots=True)
class NewChatToken:
    """A token that is about to be handed out, and what is stored of it."""

    token: str = field(repr=False)
    stored: ChatToken


def token_of_login(services: Services, entry: Entry, person: Person, now: int) -> NewChatToken | None:
    """What this login hands out at this door."""
    configuration, token = _bound(entry), entry.visit.chat_token
    if configuration is None or token is None:
        return None
    return NewChatToken(token, login_token(services, configuration, person.user.id, token, now))


def lacks_registration(entry: Entry, person: Person) -> bool:
    """Whether this login at this door has no chance for want of a registration."""
    configuration = _bound(entry)
    if configuration is None or not requires_registration(configuration):
        return False
    return person.registration_for(configuration.application_id) is None


def lets_unverified_in(entry: Entry, person: Person) -> bool:
    """Whether an unverified e-mail address is nothing to this login: at this door only what keeps somebody out counts,
    and administrators, and whom something else than a password has proved, it never does (rocket section 8)."""
    configuration = _bound(entry)
    if configuration is None:
        return False
    if not email_is_gated(entry) or entry.authentication_type not in BY_PASSWORD:
        return True
    return ADMIN in chat_roles(configuration.application, person.user, person.registrations)


def _bound(entry: Entry) -> ApplicationConfiguration | None:
    """What the door leads to; None for a login at any other door."""
    configuration = entry.configuration
    if entry.visit.chat_token is None or not isinstance(configuration, ApplicationConfiguration):
        return None
    return configuration


def login_token(
    services: Services, configuration: ApplicationConfiguration, user_id: UUID, token: str, now: int
) -> ChatToken:
    """What is stored of a token that expires like that of a login."""
    return ChatToken(
        tenant_id=configuration.tenant.id,
        id=services.runtime.new_id(),
        user_id=user_id,
        application_id=configuration.application_id,
        kind=TokenKind.LOGIN,
        name=None,
        last_part=token[-LAST_PART:],
        bypass_two_factor=False,
        insert_instant=now,
        expiry=now + TOKEN_MILLISECONDS,
    )
