"""A user as the Rocket.Chat door describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity.domain.model import Registration, User
from identity.domain.outcome import ChangeReason
from identity.domain.password_change import ChangeRules, change_reason
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.services import Services
from identity.store import links, rocketchat_ids


@dataclass(frozen=True, slots=True)
class ChatPerson:
    """What `me` is made of."""

    configuration: ApplicationConfiguration
    user: User
    registrations: Sequence[Registration]
    rc_id: str
    has_links: bool
    change_reason: ChangeReason | None
    """Why the password must be changed, if it must."""


def person_of_session(services: Services, session: ChatSession, now: int) -> ChatPerson:
    """Of the password nothing is known but what is stored: it was not seen."""
    rc_id = session.rc_id
    if rc_id is None:
        with services.db.read() as conn:
            rc_id = rocketchat_ids.rc_id_of(conn, session.user.id)
    rules = ChangeRules.of(session.configuration.tenant.settings)
    reason = change_reason(session.user, rules, now, breaks_rules=False)
    return ChatPerson(session.configuration, session.user, session.registrations, rc_id, session.has_links, reason)


def person_of_login(
    services: Services,
    configuration: ApplicationConfiguration,
    user: User,
    registrations: Sequence[Registration],
    reason: ChangeReason | None,
) -> ChatPerson:
    """`reason`: what the login said of the password, which it has seen."""
    with services.db.read() as conn:
        rc_id = rocketchat_ids.rc_id_of(conn, user.id)
        has_links = links.exist(conn, user.tenant_id, user.id)
    return ChatPerson(configuration, user, registrations, rc_id, has_links, reason)
