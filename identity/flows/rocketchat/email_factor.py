"""Switch the second factor by e-mail on and off, as clients of Rocket.Chat do: for one's own verified address.

Source: Rocket.Chat contract 5.2 and 5.5.
"""

from __future__ import annotations

from identity.domain.contact import canonical
from identity.domain.errors import Invalid
from identity.domain.model import User
from identity.domain.second_factor import EMAIL
from identity.flows.rocketchat.end_sessions import end_other_sessions
from identity.flows.rocketchat.tokens import ChatSession
from identity.flows.second_factors.disable_method import remove_email_methods
from identity.flows.second_factors.enable_method import NewMethod, enable_method
from identity.flows.second_factors.method_owner import owner_of
from identity.flows.services import Services


class UnverifiedEmail(Exception):
    """The user has no e-mail address, or one that is not verified: no code would be sure to reach them."""


def enable_email(services: Services, session: ChatSession) -> None:
    """Also when it is on already: then only the other logins end.

    Raises UnverifiedEmail, Invalid (not offered, or one too many), NotFound, WebhooksRefused.
    """
    tenant_id, user_id = session.user.tenant_id, session.user.id
    owner = owner_of(services, tenant_id, user_id)
    email = owner.user.email
    if email is None or not owner.user.verified:
        raise UnverifiedEmail
    if not _is_on(owner.user):
        application_id = session.configuration.application_id
        new = NewMethod(EMAIL, code="", email=email, application_id=application_id, vouched=True)
        try:
            enable_method(services, owner, new)
        except Invalid:
            if not _is_on(owner_of(services, tenant_id, user_id).user):  # a second click was faster
                raise
    end_other_sessions(services, session)


def _is_on(user: User) -> bool:
    held = {canonical(each.email) for each in user.two_factor_methods if each.method == EMAIL and each.email}
    return user.email is not None and canonical(user.email) in held


def disable_email(services: Services, session: ChatSession) -> None:
    """For whoever has just proved a second factor. Raises NotFound, WebhooksRefused."""
    owner = owner_of(services, session.user.tenant_id, session.user.id)
    remove_email_methods(services, owner, session.configuration.application_id)
