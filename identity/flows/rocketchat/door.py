"""The one tenant and application that the Rocket.Chat door leads to, by the operator's settings."""

from __future__ import annotations

from identity.domain import oauth
from identity.domain.errors import NotFound
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.services import Services
from identity.wire import parse_uuid


def bound_application(services: Services) -> ApplicationConfiguration:
    """The application. Raises NotFound: nobody has opened the door, or what it led to is gone or switched off."""
    found = _at_hand(services)
    if found is None and services.settings.rocketchat.open:
        services.configurations.forget_unless_current()  # the copy that says so may be old
        found = _at_hand(services)
    if found is None:
        raise NotFound
    return found


def _at_hand(services: Services) -> ApplicationConfiguration | None:
    settings = services.settings.rocketchat
    tenant_id, application_id = parse_uuid(settings.tenant_id), parse_uuid(settings.application_id)
    if tenant_id is None or application_id is None:
        return None
    found = services.configurations.application(application_id)
    if found is None or found.tenant.id != tenant_id or not found.application.active:
        return None
    return found


def requires_registration(configuration: ApplicationConfiguration) -> bool:
    """Whether only those who are registered for the application may come in."""
    return oauth.requires_registration(configuration.application.settings)
