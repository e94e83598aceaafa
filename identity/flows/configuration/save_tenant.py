"""Create, change and delete a tenant: the rules, the defaults that depend on other objects, secrets, the audit log.

`values` are the members as the wire schema loads them. Source: supporting contract section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from identity import hashing
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Tenant
from identity.flows.configuration import sealed_members
from identity.flows.configuration.references import (
    Problems,
    form_field_problems,
    has_own_jwt,
    keep_tokens_verifiable,
    key_problems,
    lambda_problems,
    lifetime_problems,
    signs_differently,
)
from identity.flows.events.announce import Announce, transact
from identity.flows.mail.mail_references import mail_problems
from identity.flows.services import Services
from identity.flows.tokens.token_events import keys_changed
from identity.store import applications, audit, configuration, references, tenants, webhooks
from identity.store.db import Connection

Values = Mapping[str, Any]
SECRETS = ("captcha_configuration.secret_key", "email_configuration.password")
COLUMNS = ("name", "issuer", "data", "webhook_ids")


def create(
    services: Services,
    now: int,
    actor: str,
    values: Values,
    *,
    tenant_id: UUID | None = None,
    source_id: UUID | None = None,
) -> Tenant:
    """A new tenant, or a copy of another under a new name and id. Raises Invalid."""
    new_id = tenant_id or services.runtime.new_id()

    def work(conn: Connection) -> Tenant:
        if tenants.exists(conn, new_id):
            raise invalid_field("tenantId", "duplicate")
        chosen = values if source_id is None else _copied(services, conn, source_id, values["name"])
        _check(conn, new_id, chosen, [] if source_id else _problems(conn, chosen))
        created = tenants.insert(conn, _tenant(services, conn, new_id, now, chosen))
        _let_hear(conn, new_id, values["webhook_ids"])
        audit.add(conn, now, actor, f"Created the tenant with id {new_id} and name {created.name!r}")
        return created

    return configuration.change(services.db, work)


def update(services: Services, now: int, actor: str, tenant_id: UUID, change: Callable[[Tenant], Values]) -> Tenant:
    """Replace a tenant by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """

    def work(conn: Connection, announce: Announce) -> Tenant:
        stored = _locked(conn, tenant_id)
        values = change(stored)
        _check(conn, tenant_id, values, _problems(conn, values))
        keep_tokens_verifiable(conn, now, stored)
        fresh = _tenant(services, conn, tenant_id, now, values)
        updated = tenants.update(conn, replace(fresh, is_default=stored.is_default))
        _let_hear(conn, tenant_id, values["webhook_ids"])
        audit.add(conn, now, actor, f"Updated the tenant with id {tenant_id} and name {updated.name!r}")
        if signs_differently(stored, updated):
            concerned = [each.id for each in applications.every(conn, tenant_id) if not has_own_jwt(each)]
            announce(tenant_id, [keys_changed(concerned)])
        return updated

    return transact(services, work, run=lambda work: configuration.change(services.db, work))


def delete(services: Services, now: int, actor: str, tenant_id: UUID) -> None:
    """Delete a tenant with its users and applications. Raises NotFound, Invalid for the default tenant."""

    def work(conn: Connection) -> None:
        stored = _locked(conn, tenant_id)
        if stored.is_default:
            raise invalid_field("tenantId", "invalid", "The default tenant can not be deleted.")
        keep_tokens_verifiable(conn, now, stored)
        tenants.delete(conn, tenant_id)
        audit.add(conn, now, actor, f"Deleted the tenant with id {tenant_id} and name {stored.name!r}")

    configuration.change(services.db, work)


def settings_with_secrets(services: Services, tenant: Tenant) -> dict[str, Any]:
    """The settings with every secret in clear. Raises CannotOpen."""
    return sealed_members.put_back(
        tenant.settings, sealed_members.opened(services.sealer, "tenants", tenant.id, tenant.secrets)
    )


def _let_hear(conn: Connection, tenant_id: UUID, webhook_ids: Sequence[UUID]) -> None:
    """These webhooks hear of the tenant from now on, beside those that do so already. Raises Invalid."""
    for webhook_id in webhook_ids:
        if webhooks.find(conn, webhook_id) is None:
            raise invalid_field("webhookIds", "invalid")
        webhooks.let_hear(conn, webhook_id, tenant_id)


def _locked(conn: Connection, tenant_id: UUID) -> Tenant:
    stored = tenants.lock(conn, tenant_id)
    if stored is None:
        raise NotFound
    return stored


def _copied(services: Services, conn: Connection, source_id: UUID, name: str) -> Values:
    """All of another tenant but its id and name."""
    source = tenants.get(conn, source_id)
    if source is None:
        raise invalid_field("sourceTenantId", "invalid")
    values = settings_with_secrets(services, source)
    values["jwt_configuration"] |= {
        "access_token_key_id": source.access_token_key_id,
        "id_token_key_id": source.id_token_key_id,
    }
    return {**values, "name": name, "issuer": source.issuer, "data": source.data}


def _tenant(services: Services, conn: Connection, tenant_id: UUID, now: int, values: Values) -> Tenant:
    """The row for these values: columns apart, secrets sealed, keys and issuer defaulted."""
    rest = {name: value for name, value in values.items() if name not in COLUMNS}
    settings, clear = sealed_members.take_out(rest, SECRETS)
    jwt = settings["jwt_configuration"]
    access_key, id_key = jwt.pop("access_token_key_id", None), jwt.pop("id_token_key_id", None)
    if access_key is None or id_key is None:
        default = tenants.default_keys(conn)
        assert default is not None, "the first tenant names its keys"
        access_key, id_key = access_key or default[0], id_key or default[1]
    issuer = values.get("issuer")
    return Tenant(
        id=tenant_id,
        name=values["name"],
        is_default=False,
        issuer=None if issuer == services.settings.base_url else issuer,
        access_token_key_id=access_key,
        id_token_key_id=id_key,
        settings=settings,
        data=values["data"],
        insert_instant=now,
        last_update_instant=now,
        secrets=sealed_members.sealed(services.sealer, "tenants", tenant_id, clear),
    )


def _check(conn: Connection, tenant_id: UUID, values: Values, problems: Problems) -> None:
    """Raises Invalid with every mistake."""
    if tenants.name_is_taken(conn, values["name"], by_other_than=tenant_id):
        problems = [*problems, ("tenant.name", "duplicate")]
    if problems:
        raise invalid_fields(problems)


def _problems(conn: Connection, values: Values) -> Problems:
    jwt = values["jwt_configuration"]
    return [
        *key_problems(conn, "tenant.jwtConfiguration", jwt),
        *lifetime_problems("tenant.jwtConfiguration", jwt),
        *lambda_problems(conn, "tenant.lambdaConfiguration", values["lambda_configuration"]),
        *lambda_problems(conn, "tenant.oauthConfiguration", values["oauth_configuration"]),
        *mail_problems(conn, "tenant", values),
        *_verification_problems(values),
        *_password_problems(values),
        *_connector_problems(conn, values),
    ]


def _verification_problems(values: Values) -> Problems:
    problems: Problems = []
    for member in ("email", "phone"):
        part = values[f"{member}_configuration"]
        path = f"tenant.{member}Configuration.verificationStrategy"
        problems += form_field_problems(path, part["verification_strategy"], part["unverified"]["behavior"])
    return problems


def _password_problems(values: Values) -> Problems:
    problems: Problems = []
    rules = values["password_validation_rules"]
    if rules["min_length"] > rules["max_length"]:
        problems.append(("tenant.passwordValidationRules.maxLength", "invalid"))
    chosen = values["password_encryption_configuration"]
    scheme, factor = hashing.SCHEMES.get(chosen["encryption_scheme"]), chosen.get("encryption_scheme_factor")
    if scheme is None:
        problems.append(("tenant.passwordEncryptionConfiguration.encryptionScheme", "invalid"))
    elif factor is not None and not scheme.least <= factor <= scheme.most:
        problems.append(("tenant.passwordEncryptionConfiguration.encryptionSchemeFactor", "invalid"))
    return problems


def _connector_problems(conn: Connection, values: Values) -> Problems:
    """A policy names a connector that there is, and a connector has one policy."""
    named = [policy["connector_id"] for policy in values["connector_policies"]]
    known = references.connectors(conn, named) | {BUILT_IN_CONNECTOR_ID}
    problems: Problems = []
    for number, connector_id in enumerate(named):
        path = f"tenant.connectorPolicies[{number}].connectorId"
        if connector_id not in known:
            problems.append((path, "invalid"))
        elif connector_id in named[:number]:
            problems.append((path, "duplicate"))
    return problems
