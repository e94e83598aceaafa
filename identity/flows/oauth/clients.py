"""OAuth clients: applications, with what their oauthConfiguration allows and the secret that proves them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from uuid import UUID

from identity.domain.oauth import OAuthRules
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.configuration.save_application import CLIENT_SECRET
from identity.flows.configuration.sealed_members import opened
from identity.flows.services import Services


@dataclass(frozen=True, slots=True)
class Client:
    """An application in the part of a client."""

    configuration: ApplicationConfiguration = field(repr=False)
    rules: OAuthRules

    @property
    def id(self) -> UUID:
        return self.configuration.application_id

    @property
    def tenant_id(self) -> UUID:
        return self.configuration.tenant.id


def find_client(services: Services, client_id: UUID, tenant_id: UUID | None = None) -> Client | None:
    """The client as it is configured now; None when there is none, it is not active, or it is another tenant's."""
    services.configurations.forget_unless_current()
    found = services.configurations.application(client_id)
    if found is None or not found.application.active or tenant_id not in (None, found.tenant.id):
        return None
    return client_of(found)


def client_of(configuration: ApplicationConfiguration) -> Client:
    application = configuration.application
    return Client(configuration, OAuthRules.of(application.settings, (scope.name for scope in application.scopes)))


def is_secret_of(services: Services, client: Client, secret: str) -> bool:
    """Whether this is the client's secret; never for an application that has none. Raises CannotOpen."""
    application = client.configuration.application
    sealed = {name: text for name, text in application.secrets.items() if name == CLIENT_SECRET}
    stored = opened(services.sealer, "applications", application.id, sealed).get(CLIENT_SECRET)
    if not stored:
        return False
    return hmac.compare_digest(stored.encode(), secret.encode("utf-8", "surrogatepass"))
