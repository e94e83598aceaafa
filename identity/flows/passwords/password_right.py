"""By what right somebody may set a user's password: a mailed or handed-out id, an API key, or an access token.

Source: supporting contract 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.errors import Invalid, NotFound, invalid_field, invalid_request
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.second_factors.second_factor import policy_of
from identity.flows.services import Services
from identity.store import external_identifiers, password_logins, users
from identity.store.external_identifiers import SETS_PASSWORD, ExternalIdentifier
from identity.store.password_logins import PasswordFacts


@dataclass(frozen=True, slots=True)
class PasswordRight:
    """Whose password, and who vouches for the change."""

    tenant_id: UUID
    user_id: UUID
    application_id: UUID | None = None
    keyed: bool = False
    """An administrator acts: they hear what was wrong where a stranger hears 404."""

    must_prove: bool = False
    """The owner acts with an access token, and gives the current password too."""

    identifier: ExternalIdentifier | None = None
    secret: str = field(default="", repr=False)

    @property
    def was_demanded(self) -> bool:
        """Whether a login demanded the change: then the present password may be as young as it likes."""
        return self.identifier is not None and "demanded" in self.identifier.data

    @property
    def was_forgotten(self) -> bool:
        return self.identifier is not None and bool(self.identifier.data.get("forgotten"))

    @property
    def mailed_to(self) -> str | None:
        """The address, in canonical form, that the id was mailed to."""
        return None if self.identifier is None else self.identifier.data.get("address")

    @property
    def had_second_factor(self) -> bool:
        """Whether the login that demanded the change has seen the user's second factor."""
        return self.identifier is not None and bool(self.identifier.data.get("second_factor"))


def right_by_id(services: Services, tenant_id: UUID | None, secret: str, now: int) -> PasswordRight:
    """Raises NotFound: unknown, expired, used, or another tenant's."""
    with services.db.read() as conn:
        found = external_identifiers.find_of(conn, SETS_PASSWORD, secret, now, tenant_id)
    if found is None:
        raise NotFound
    assert found.user_id is not None  # these kinds are made for users
    return PasswordRight(found.tenant_id, found.user_id, found.application_id, identifier=found, secret=secret)


def right_by_login_id(
    services: Services, tenant_id: UUID, login_id: str, types: Sequence[str], application_id: UUID | None = None
) -> PasswordRight | None:
    """An administrator's right over the user with this login id; None when there is nobody."""
    folded = canonical(login_id.strip())
    with services.db.read() as conn:
        user = users.find_by_login_id(conn, tenant_id, folded, types)
    return None if user is None else PasswordRight(tenant_id, user.id, application_id, keyed=True)


def read_facts(services: Services, right: PasswordRight) -> PasswordFacts:
    """The user and the stored password. Raises NotFound: removed, or deactivated; Invalid: a directory keeps it.

    An id that was handed out before the user came to be a directory's is as over as one of a user who was removed.
    """
    with services.db.read() as conn:
        facts = password_logins.by_id(conn, right.tenant_id, right.user_id)
    if facts.known is None or not facts.known.user.active:
        raise NotFound
    if facts.known.user.is_of_directory:
        raise NotFound if right.identifier is not None else invalid_field("password", "keptElsewhere")
    return facts


def configuration_of(services: Services, right: PasswordRight) -> TenantConfiguration:
    """That of the application the id is for, or the tenant's. Raises NotFound: removed meanwhile."""
    services.configurations.forget_unless_current()
    found: TenantConfiguration | None = None
    if right.application_id is not None:
        found = services.configurations.application(right.application_id)
    if found is None or found.tenant.id != right.tenant_id:
        found = services.configurations.tenant(right.tenant_id)
    if found is None:
        raise NotFound
    return found


def require_no_trust(services: Services, right: PasswordRight) -> None:
    """For whoever asks what a change will take. Raises NotFound, Invalid `[TrustTokenRequired]`."""
    if will_need_trust(services, right):
        raise trust_token_required()


def will_need_trust(services: Services, right: PasswordRight) -> bool:
    """Whether the change will take a second factor first. Raises NotFound: there is nobody to change it for."""
    return needs_trust(configuration_of(services, right), right, read_facts(services, right))


def needs_trust(configuration: TenantConfiguration, right: PasswordRight, facts: PasswordFacts) -> bool:
    """Whoever has a second factor uses it before the password changes: a trust token must come with the change."""
    assert facts.known is not None  # `read_facts` found one
    policy = policy_of(configuration)
    methods = policy.usable(facts.known.standing.methods)
    return bool(methods) and policy.asks(methods) and not right.had_second_factor


def trust_token_required() -> Invalid:
    return invalid_request("TrustTokenRequired", "The user has a second factor: a trust token is needed.")


def wrong_current_password(right: PasswordRight) -> Exception:
    """What a wrong current password is answered with."""
    return invalid_field("currentPassword", "invalid") if right.keyed else NotFound()
