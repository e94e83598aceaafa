"""Creating, changing and deleting connectors. `values` are the members as the wire schema loads them.

The built-in connector is no row: it can be neither changed nor deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from identity.domain.connectors import BUILT_IN_NAME, Connector, SecurityMethod
from identity.domain.errors import NotFound, invalid_field, invalid_fields
from identity.domain.lambdas import LambdaType
from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.flows.configuration.references import Problems, refusing_duplicates
from identity.flows.services import Services
from identity.keymaterial.certificates import are_certificates
from identity.store import audit, configuration, connectors, references
from identity.store.db import Connection

Values = Mapping[str, Any]
MEMBER = "connector"


def create(services: Services, now: int, actor: str, values: Values, connector_id: UUID | None) -> Connector:
    """A new connector. Raises Invalid."""
    new_id = connector_id or services.runtime.new_id()
    if new_id == BUILT_IN_CONNECTOR_ID:
        raise invalid_field(f"{MEMBER}.id", "duplicate")

    def work(conn: Connection) -> Connector:
        new = _connector(conn, new_id, values, now, now)
        connectors.insert(conn, services.sealer, new)
        audit.add(conn, now, actor, f"Created the connector with id {new.id} and name {new.name!r}")
        return new

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def update(
    services: Services, now: int, actor: str, connector_id: UUID, change: Callable[[Connector], Values]
) -> Connector:
    """Replace a connector by what `change` makes of the stored one, which nobody else changes meanwhile.

    Raises NotFound, Invalid.
    """
    _refuse_built_in(connector_id)

    def work(conn: Connection) -> Connector:
        stored = connectors.lock(conn, services.sealer, connector_id)
        if stored is None:
            raise NotFound
        changed = _connector(conn, connector_id, change(stored), stored.insert_instant, now)
        connectors.update(conn, services.sealer, changed)
        audit.add(conn, now, actor, f"Updated the connector with id {connector_id} and name {changed.name!r}")
        return changed

    with refusing_duplicates(MEMBER):
        return configuration.change(services.db, work)


def delete(services: Services, now: int, actor: str, connector_id: UUID) -> None:
    """Delete a connector that no tenant uses; its users stay, and can not log in. Raises NotFound, Invalid."""
    _refuse_built_in(connector_id)

    def work(conn: Connection) -> None:
        if using := connectors.tenants_using(conn, connector_id):
            raise invalid_field(
                f"{MEMBER}.id", "inUse", f"Connector policies of these tenants name it: {', '.join(using)}."
            )
        if not connectors.delete(conn, connector_id):
            raise NotFound
        audit.add(conn, now, actor, f"Deleted the connector with id {connector_id}")

    configuration.change(services.db, work)


def _refuse_built_in(connector_id: UUID) -> None:
    """Raises Invalid."""
    if connector_id == BUILT_IN_CONNECTOR_ID:
        raise invalid_field(f"{MEMBER}.id", "invalid", "The built-in connector can be neither changed nor deleted.")


def _connector(conn: Connection, connector_id: UUID, values: Values, born: int, now: int) -> Connector:
    """Raises Invalid with every mistake."""
    if problems := _problems(conn, values):
        raise invalid_fields(problems)
    own = {name: value for name, value in values.items() if name not in ("type", "lambda_configuration")}
    return Connector(
        **{
            **own,
            "id": connector_id,
            "security_method": SecurityMethod(values["security_method"]),
            "requested_attributes": tuple(values["requested_attributes"]),
            "reconcile_id": values["lambda_configuration"]["reconcile_id"],
            "insert_instant": born,
            "last_update_instant": now,
        }
    )


def _problems(conn: Connection, values: Values) -> Problems:
    problems: Problems = [*_lambda_problems(conn, values), *_data_problems(values["data"])]
    if values["name"] == BUILT_IN_NAME:
        problems.append((f"{MEMBER}.name", "duplicate"))
    scheme = SecurityMethod(values["security_method"]).scheme
    if not values["authentication_url"].lower().startswith(f"{scheme}://"):
        problems.append((f"{MEMBER}.authenticationURL", "invalid"))
    return problems


def _lambda_problems(conn: Connection, values: Values) -> Problems:
    """No lambda comes with the service for this: how a directory names people is its own."""
    path = f"{MEMBER}.lambdaConfiguration.reconcileId"
    reconcile_id = values["lambda_configuration"].get("reconcile_id")
    if reconcile_id is None:
        return [(path, "missing")]
    found = references.lambda_types(conn, [reconcile_id]).get(reconcile_id)
    return [] if found == LambdaType.LDAP_CONNECTOR_RECONCILE.value else [(path, "invalid")]


def _data_problems(data: Mapping[str, Any]) -> Problems:
    """The two members of the custom data that act here (decision 48)."""
    problems: Problems = []
    if not isinstance(data.get("mergeExistingUsers", False), bool):
        problems.append((f"{MEMBER}.data.mergeExistingUsers", "invalid"))
    authorities = data.get("caCertificates")
    if authorities is not None and not (isinstance(authorities, str) and are_certificates(authorities)):
        problems.append((f"{MEMBER}.data.caCertificates", "invalid"))
    return problems
