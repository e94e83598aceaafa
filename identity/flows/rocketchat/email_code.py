"""Send another code by e-mail to somebody who may not be signed in, as the clients' "send it again" asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.model import Tenant
from identity.domain.rocketchat_codes import chosen
from identity.domain.second_factor import EMAIL
from identity.flows.login import rate_limits
from identity.flows.login.rate_limits import Limited
from identity.flows.rocketchat.challenges import begin_or_find
from identity.flows.rocketchat.sent_code import send_another
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.store import users


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Who is to get a code, in the words of a stranger."""

    tenant_id: UUID
    application_id: UUID
    email_or_username: str = field(repr=False)


def spend_code_for(services: Services, tenant: Tenant, email_or_username: str) -> None:
    """One more code for whoever has this name, if somebody has. Raises TooManyRequests."""
    subject = canonical(email_or_username.strip())
    rate_limits.spend(services, rate_limits.tenant_limit(tenant, Limited.SEND_TWO_FACTOR, subject))


def send_email_code(services: Services, request: CodeRequest) -> None:
    """Nothing happens for who is unknown, deactivated, or gets no codes by e-mail. Raises Invalid, NotFound."""
    configuration = configuration_for(services, request.tenant_id, request.application_id)
    name = canonical(request.email_or_username.strip())
    with services.db.read() as conn:
        user = users.find_by_canonical(conn, request.tenant_id, email=name, username=name)
    if user is None or not user.active:
        return
    usable = policy_of(configuration).usable(user.two_factor_methods)
    method = chosen([each for each in usable if each.method == EMAIL])
    if method is not None:
        begin_or_find(services, configuration, user.id)
        send_another(services, configuration, user, method)
