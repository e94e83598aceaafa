"""The registrations that a directory's reconcile lambda asks for: added and changed, never removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from identity.domain.lambdas import Lambda
from identity.domain.model import Application, Registration
from identity.domain.reconcile import REGISTRATION_SETTABLE, Refusal, settled_registration
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login.login_attempt import BeginAgain, Person
from identity.flows.login.login_log import LoginLog
from identity.flows.login.run_reconcile import CHECKS, new_registration
from identity.flows.services import Services
from identity.wire import camel_case, parse_uuid

MEMBER = "user.registrations"
MOST = 1_000
ABSENT: Mapping[str, Any] = {"data": {}, "preferred_languages": [], "roles": []}
"""What a field without a value holds, where that is not None."""


@dataclass(frozen=True, slots=True)
class EntryRegistrations:
    """What one lambda wants of the registrations of one tenant's people; what does not fit ends up in `refused`."""

    services: Services
    log: LoginLog
    configuration: TenantConfiguration
    source: Lambda
    refused: list[Refusal]

    def of(self, person: Person, wanted: Any) -> Person:
        """The person with what is `wanted`; registrations that it does not name stay. Raises BeginAgain."""
        if wanted is None:
            return person
        if not isinstance(wanted, list) or len(wanted) > MOST:
            self.refused.append((MEMBER, "tooMany" if isinstance(wanted, list) else "invalid"))
            return person
        for number, item in enumerate(wanted):
            person = self._with(person, f"{MEMBER}[{number}]", item)
        return person

    def _with(self, person: Person, path: str, item: Any) -> Person:
        application_id = _named(item)
        stored = person.registration_for(application_id) if application_id else None
        application = self._application(application_id) if application_id else None
        if application is None:
            if stored is None:
                self.refused.append((f"{path}.application_id", "invalid"))
            return person  # a registration of an inactive application, which the lambda was shown, stays as it is
        before = stored or new_registration(self.services, application, person.user)
        return person.with_registration(self._settled(before, path, item, application))

    def _application(self, application_id: UUID) -> Application | None:
        """The tenant's application, if it is active. Raises BeginAgain."""
        found = self.services.configurations.application(application_id)
        if found is None or found.tenant.id != self.configuration.tenant.id or not found.application.active:
            return None
        if found.version != self.configuration.version:
            raise BeginAgain
        return found.application

    def _settled(
        self, before: Registration, path: str, item: Mapping[str, Any], application: Application
    ) -> Registration:
        old = asdict(before)
        given = {name: item[camel_case(name)] for name in REGISTRATION_SETTABLE if camel_case(name) in item}
        names = {role.name for role in application.roles}
        settled = settled_registration(old, old | given, role_names=names, checks=CHECKS)
        self.refused.extend((path + name.removeprefix("registration"), reason) for name, reason in settled.refused)
        if settled.dropped_roles:
            self.log.lambda_dropped_roles(self.source, settled.dropped_roles)
        values: dict[str, Any] = {name: settled.values.get(name, ABSENT.get(name)) for name in REGISTRATION_SETTABLE}
        return replace(before, **values)


def _named(item: Any) -> UUID | None:
    """The application that an element names."""
    named = item.get("applicationId") if isinstance(item, dict) else None
    return parse_uuid(named) if isinstance(named, str) else None
