"""Personal access tokens of the Rocket.Chat door: made, made anew and removed by their owner, each by its name.

Law: a token is made under the user's row lock and only while the token that asks for it still stands, so that none
slips past somebody who ends everything at the same moment. Source: Rocket.Chat contract 5.5.
"""

from __future__ import annotations

from dataclasses import replace

from identity.domain.rocketchat import LAST_PART
from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.services import Services
from identity.store import logins, rocketchat_tokens
from identity.store.db import Connection, UniqueConflict
from identity.store.rocketchat_tokens import ChatToken, TokenKind

MOST_PERSONAL_TOKENS = 100


class NameTaken(Exception):
    """The user has a personal token of this name."""


class NoSuchToken(Exception):
    """The user has no personal token of this name."""


class TooManyTokens(Exception):
    """The user has as many personal tokens as one may have."""


class SessionOver(Exception):
    """The session that asks has ended meanwhile."""


def personal_tokens(services: Services, session: ChatSession) -> list[ChatToken]:
    """The caller's, oldest first."""
    with services.db.read() as conn:
        return _of(conn, session)


def generate(services: Services, session: ChatSession, name: str, *, bypass_two_factor: bool) -> str:
    """The token, which is told this once. Raises NameTaken, TooManyTokens, SessionOver, StoreUnavailable."""
    stored, token = _new(services, session, name)

    def work(conn: Connection) -> None:
        _require_standing(conn, session, stored.insert_instant)
        if len(_of(conn, session)) >= MOST_PERSONAL_TOKENS:
            raise TooManyTokens
        rocketchat_tokens.add(conn, replace(stored, bypass_two_factor=bypass_two_factor), token)

    try:
        services.db.transact(work, turn=session.user.id)
    except UniqueConflict:
        raise NameTaken from None
    return token


def regenerate(services: Services, session: ChatSession, name: str) -> str:
    """Another token under the same name and with the same powers; the old one is worth nothing from now on.

    Raises NoSuchToken, SessionOver, StoreUnavailable.
    """
    stored, token = _new(services, session, name)

    def work(conn: Connection) -> None:
        _require_standing(conn, session, stored.insert_instant)
        former = _named(conn, session, name)
        rocketchat_tokens.remove(conn, former.id)
        rocketchat_tokens.add(conn, replace(stored, bypass_two_factor=former.bypass_two_factor), token)

    services.db.transact(work, turn=session.user.id)
    return token


def remove(services: Services, session: ChatSession, name: str) -> None:
    """Raises NoSuchToken, StoreUnavailable."""

    def work(conn: Connection) -> None:
        if not rocketchat_tokens.remove(conn, _named(conn, session, name).id):
            raise NoSuchToken

    services.db.transact(work)


def _require_standing(conn: Connection, session: ChatSession, now: int) -> None:
    """Hold the caller's row; raises SessionOver when they, or the token they call with, may not do this any more."""
    stands = logins.lock_user(conn, session.user.tenant_id, session.user.id, now)
    if not stands or not rocketchat_tokens.exists(conn, session.token.id):
        raise SessionOver


def _new(services: Services, session: ChatSession, name: str) -> tuple[ChatToken, str]:
    token = services.runtime.new_secret()
    stored = ChatToken(
        tenant_id=session.user.tenant_id,
        id=services.runtime.new_id(),
        user_id=session.user.id,
        application_id=session.token.application_id,
        kind=TokenKind.PERSONAL,
        name=name,
        last_part=token[-LAST_PART:],
        bypass_two_factor=False,
        insert_instant=services.runtime.now(),
        expiry=None,
    )
    return stored, token


def _of(conn: Connection, session: ChatSession) -> list[ChatToken]:
    user = session.user
    return rocketchat_tokens.of_user(conn, user.tenant_id, user.id, session.token.application_id, TokenKind.PERSONAL)


def _named(conn: Connection, session: ChatSession, name: str) -> ChatToken:
    found = next((token for token in _of(conn, session) if token.name == name), None)
    if found is None:
        raise NoSuchToken
    return found
