"""Create, change, deactivate and delete an application: the rules, the client secret, the audit log.

`values` are the members as the wire schema loads them. Source: supporting contract section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity.domain.errors import invalid_field, invalid_fields
from identity.domain.model import FUSIONAUTH_APPLICATION_ID, Application, Role, Scope
from identity.flows.configuration import sealed_members
from identity.flows.configuration.references import (
    Problems,
    form_field_problems,
    keep_tokens_verifiable,
    key_problems,
    lambda_problems,
    lifetime_problems,
    locked_application,
    signs_differently,
)
from identity.flows.configuration.save_role import new_roles, roles_problems
from identity.flows.events.announce import Announce, transact
from identity.flows.mail.mail_references import mail_problems
from identity.flows.services import Services
from identity.flows.tokens.token_events import keys_changed
from identity.store import applications, audit, configuration, roles, scopes
from identity.store.db import Connection

Values = Mapping[str, Any]
CLIENT_SECRET = "oauth_configuration.client_secret"  # noqa: S105 (a name)
SECRETS = (CLIENT_SECRET, "clean_speak_configuration.api_key")
COLUMNS = ("name", "data", "roles")


def create(
    services: Services,
    now: int,
    actor: str,
    tenant_id: UUID,
    values: Values,
    *,
    application_id: UUID | None = None,
    source_id: UUID | None = None,
) -> Application:
    """A new application with its roles, or a copy of another one of the tenant under a new name and id.

    Raises Invalid.
    """
    new_id = application_id or services.runtime.new_id()

    def work(conn: Connection) -> Application:
        if applications.id_is_taken(conn, new_id):
            raise invalid_field("applicationId", "duplicate")
        chosen = values if source_id is None else _copied(services, conn, tenant_id, source_id, values["name"])
        problems = [] if source_id else [*_problems(conn, chosen), *roles_problems(conn, chosen["roles"])]
        _check_name(conn, tenant_id, new_id, chosen["name"], problems)
        application = _application(services, tenant_id, new_id, now, chosen, {})
        applications.insert(conn, application)
        _add_roles(conn, application, new_roles(services, now, chosen["roles"]))
        for scope in _scopes_of(conn, tenant_id, source_id):
            scopes.insert(conn, application, replace(scope, id=services.runtime.new_id(), insert_instant=now))
        audit.add(conn, now, actor, f"Created the application {_named(application)}")
        return _stored(conn, application)

    return configuration.change(services.db, work)


def update(
    services: Services,
    now: int,
    actor: str,
    application_id: UUID,
    tenant_id: UUID | None,
    change: Callable[[Application], Values],
) -> Application:
    """Replace an application by what `change` makes of the stored one, which nobody else changes meanwhile.

    Roles and state stay. Raises NotFound (also for another tenant's), Invalid.
    """

    def work(conn: Connection, announce: Announce) -> Application:
        stored = locked_application(conn, application_id, tenant_id)
        values = change(stored)
        _check_name(conn, stored.tenant_id, stored.id, values["name"], _problems(conn, values))
        keep_tokens_verifiable(conn, now, stored)
        fresh = _application(services, stored.tenant_id, stored.id, now, values, stored.secrets)
        applications.update(conn, fresh)
        audit.add(conn, now, actor, f"Updated the application {_named(fresh)}")
        if signs_differently(stored, fresh):
            announce(stored.tenant_id, [keys_changed([stored.id])])
        return _stored(conn, fresh)

    return transact(services, work, run=lambda work: configuration.change(services.db, work))


def set_active(
    services: Services, now: int, actor: str, application_id: UUID, tenant_id: UUID | None, active: bool
) -> Application:
    """Deactivate or reactivate. Raises NotFound, Invalid for the admin application."""

    def work(conn: Connection) -> Application:
        stored = locked_application(conn, application_id, tenant_id)
        if not active:
            _spare_admin(stored)
        applications.set_active(conn, stored, active, now)
        audit.add(conn, now, actor, f"{'Reactivated' if active else 'Deactivated'} the application {_named(stored)}")
        return replace(stored, active=active, last_update_instant=now)

    return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, application_id: UUID, tenant_id: UUID | None) -> None:
    """Delete for good, with registrations and tokens. Raises NotFound, Invalid for the admin application."""

    def work(conn: Connection) -> None:
        stored = locked_application(conn, application_id, tenant_id)
        _spare_admin(stored)
        keep_tokens_verifiable(conn, now, stored)
        applications.delete(conn, stored)
        audit.add(conn, now, actor, f"Deleted the application {_named(stored)}")

    configuration.change(services.db, work)


def settings_with_secrets(services: Services, application: Application) -> dict[str, Any]:
    """The settings with every secret in clear, the client secret among them. Raises CannotOpen."""
    clear = sealed_members.opened(services.sealer, "applications", application.id, application.secrets)
    return sealed_members.put_back(application.settings, clear)


def _stored(conn: Connection, application: Application) -> Application:
    found = applications.get(conn, application.id)
    assert found is not None
    return found


def _named(application: Application) -> str:
    return f"with id {application.id} and name {application.name!r}"


def _spare_admin(application: Application) -> None:
    if application.id == FUSIONAUTH_APPLICATION_ID:
        raise invalid_field("applicationId", "invalid", "The admin application can not be deleted.")


def _copied(services: Services, conn: Connection, tenant_id: UUID, source_id: UUID, name: str) -> Values:
    """All of another application but id, name and client secret; its roles and scopes under new ids."""
    source = applications.get(conn, source_id, tenant_id)
    if source is None:
        raise invalid_field("sourceApplicationId", "invalid")
    values = settings_with_secrets(services, source)
    values["oauth_configuration"].pop("client_secret", None)
    values["jwt_configuration"] |= {
        "access_token_key_id": source.access_token_key_id,
        "id_token_key_id": source.id_token_key_id,
    }
    return {**values, "name": name, "data": source.data, "roles": [_role_values(role) for role in source.roles]}


def _scopes_of(conn: Connection, tenant_id: UUID, source_id: UUID | None) -> tuple[Scope, ...]:
    source = None if source_id is None else applications.get(conn, source_id, tenant_id)
    return () if source is None else source.scopes


def _role_values(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "description": role.description,
        "is_default": role.is_default,
        "is_super_role": role.is_super_role,
    }


def _application(
    services: Services, tenant_id: UUID, application_id: UUID, now: int, values: Values, secrets: Mapping[str, str]
) -> Application:
    """The row for these values: columns apart, secrets sealed; a client secret that is left out stays or is made."""
    rest = {name: value for name, value in values.items() if name not in COLUMNS}
    settings, clear = sealed_members.take_out(rest, SECRETS)
    kept = {CLIENT_SECRET: secrets[CLIENT_SECRET]} if CLIENT_SECRET in secrets else {}
    if not kept:
        clear.setdefault(CLIENT_SECRET, services.runtime.new_secret())
    jwt = settings["jwt_configuration"]
    return Application(
        tenant_id=tenant_id,
        id=application_id,
        name=values["name"],
        active=True,
        access_token_key_id=jwt.pop("access_token_key_id", None),
        id_token_key_id=jwt.pop("id_token_key_id", None),
        settings=settings,
        data=values["data"],
        insert_instant=now,
        last_update_instant=now,
        secrets=kept | sealed_members.sealed(services.sealer, "applications", application_id, clear),
    )


def _add_roles(conn: Connection, application: Application, added: Iterable[Role]) -> None:
    for role in added:
        roles.insert(conn, application, role)


def _check_name(conn: Connection, tenant_id: UUID, application_id: UUID, name: str, problems: Problems) -> None:
    """Raises Invalid with every mistake."""
    if applications.name_is_taken(conn, tenant_id, name, by_other_than=application_id):
        problems = [*problems, ("application.name", "duplicate")]
    if problems:
        raise invalid_fields(problems)


def _problems(conn: Connection, values: Values) -> Problems:
    jwt = values["jwt_configuration"]
    behavior = values["unverified"]["behavior"]
    return [
        *key_problems(conn, "application.jwtConfiguration", jwt),
        *lifetime_problems("application.jwtConfiguration", jwt),
        *lambda_problems(conn, "application.lambdaConfiguration", values["lambda_configuration"]),
        *form_field_problems("application.verificationStrategy", values["verification_strategy"], behavior),
        *mail_problems(conn, "application", values),
        *_form_problems(values["registration_configuration"]),
    ]


def _form_problems(registration: Mapping[str, Any]) -> Problems:
    """An advanced registration needs a form."""
    if registration["enabled"] and registration["type"] == "advanced" and registration.get("form_id") is None:
        return [("application.registrationConfiguration.formId", "missing")]
    return []
