"""Switch the second factor by e-mail on and off, as clients of Rocket.Chat do: for one's own verified address.

Source: Rocket.Chat contract 5.2 and 5.5.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.second_factor import EMAIL
from identity.flows.second_factors.disable_method import remove_email_methods
from identity.flows.second_factors.enable_method import NewMethod, enable_method
from identity.flows.second_factors.method_owner import owner_of
from identity.flows.services import Services


class UnverifiedEmail(Exception):
    """The user has no e-mail address, or one that is not verified: no code would be sure to reach them."""


def enable_email(services: Services, tenant_id: UUID, user_id: UUID, application_id: UUID) -> bool:
    """False when it was on already. Raises UnverifiedEmail, Invalid (not offered), NotFound, WebhooksRefused."""
    owner = owner_of(services, tenant_id, user_id)
    email = owner.user.email
    if email is None or not owner.user.verified:
        raise UnverifiedEmail
    held = {canonical(each.email) for each in owner.user.two_factor_methods if each.method == EMAIL and each.email}
    if canonical(email) in held:
        return False
    new = NewMethod(EMAIL, code="", email=email, application_id=application_id, vouched=True)
    enable_method(services, owner, new)
    return True


def disable_email(services: Services, tenant_id: UUID, user_id: UUID, application_id: UUID) -> None:
    """For whoever has just proved a second factor. Raises NotFound, WebhooksRefused."""
    remove_email_methods(services, owner_of(services, tenant_id, user_id), application_id)
