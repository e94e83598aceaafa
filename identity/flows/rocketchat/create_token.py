"""A login token that an administrator makes without a login, by the operator's secret (rocket section 5.5).

It opens somebody's account, so each one is an entry of the audit log.
"""

from __future__ import annotations

import hmac

from identity.domain.model import User
from identity.flows.rocketchat.personal_tokens import SessionOver
from identity.flows.rocketchat.tokens import ChatSession, login_token
from identity.flows.services import Services
from identity.store import audit, logins, rocketchat_tokens
from identity.store.db import Connection


class MayNotLogIn(Exception):
    """The user was deactivated, has expired or is gone."""


def is_the_secret(services: Services, secret: str) -> bool:
    """Whether this is the secret of the settings; nothing is, where they have none."""
    known = services.settings.rocketchat.create_token_secret
    return hmac.compare_digest(known.encode(), secret.encode("utf-8", "surrogatepass")) and known != ""


def create_token(services: Services, session: ChatSession, user: User) -> str:
    """A login token for the user. Raises MayNotLogIn, SessionOver, StoreUnavailable."""
    token, now = services.runtime.new_secret(), services.runtime.now()
    stored = login_token(services, session.configuration, user.id, token, now)
    data = {"tenantId": str(stored.tenant_id), "userId": str(user.id), "tokenId": str(stored.id)}

    def work(conn: Connection) -> None:
        if not logins.lock_user(conn, stored.tenant_id, user.id, now):
            raise MayNotLogIn
        if not rocketchat_tokens.exists(conn, session.token.id):
            raise SessionOver
        rocketchat_tokens.add(conn, stored, token)
        message = f"Created a login token of the Rocket.Chat door for user {user.id}"
        audit.add(conn, now, str(session.user.id), message, data=data, tenant_id=stored.tenant_id)

    services.db.transact(work, turn=user.id)
    return token
