"""Logins at the Rocket.Chat door by a token that the client has got from a provider itself.

Such a login is a Complete-Login; this only says which provider is behind the service that the client names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.errors import Invalid
from identity.domain.link_notes import LinkNotes
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest, Visit
from identity.flows.services import Services
from identity.providers import PROVIDERS
from identity.store import providers


class NotConfigured(Exception):
    """There is no such provider here."""


class NotOffered(Exception):
    """There is one, but it is disabled, or not enabled for this application."""


@dataclass(frozen=True, slots=True)
class ServiceLogin:
    """What the client brought: what is compared, what is presented, and what the link keeps."""

    app: Mapping[str, str] = field(repr=False)
    data: Mapping[str, str] = field(repr=False)
    notes: LinkNotes = field(repr=False)


def find_service(services: Services, wire_type: str | None, configuration: ApplicationConfiguration) -> UUID:
    """The provider's id. Raises NotConfigured, NotOffered, StoreUnavailable."""
    implementation = PROVIDERS.get(wire_type) if wire_type else None
    if implementation is None:
        raise NotConfigured
    provider_id = implementation.fixed_id
    services.configurations.forget_unless_current()  # what an old copy lets through would end without a reason
    if services.configurations.provider(provider_id, configuration.application) is not None:
        return provider_id
    with services.db.read() as conn:
        config = providers.find(conn, services.sealer, provider_id)
    raise NotConfigured if config is None else NotOffered


def log_in_by_service(
    services: Services,
    configuration: ApplicationConfiguration,
    provider_id: UUID,
    login: ServiceLogin,
    visit: Visit,
    trace: Trace,
) -> LoginOutcome:
    """`visit` is one of `visit_at_door`. Raises StoreUnavailable, WebhooksRefused."""
    request = LoginRequest(
        application_id=configuration.application_id,
        provider_id=provider_id,
        data=login.data,
        visit=visit,
        app=login.app,
        notes=login.notes,
    )
    try:
        return complete_login(services, request, trace)
    except Invalid as errors:
        return LoginOutcome(Verdict.INVALID, errors=errors)
