"""Ending sessions of the Rocket.Chat door."""

from __future__ import annotations

from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.services import Services
from identity.store import rocketchat_tokens


def end_session(services: Services, session: ChatSession) -> None:
    """Of this token alone; one that is gone already has ended."""
    with services.db.read() as conn:
        rocketchat_tokens.remove(conn, session.token.id)
