"""What the routes of the hosted backend read alike: the client, by path or query, and parameters that came once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from werkzeug.datastructures import MultiDict

from identity.domain.bounds import storable
from identity.flows.oauth.clients import Client, find_client
from identity.flows.services import Services
from identity.http.hosted_backend.refusals import no_such_application, unreadable
from identity.wire import parse_uuid

MOST = 50
LONGEST = 2_000


def read_once(given: MultiDict[str, str]) -> dict[str, str]:
    """Every parameter. Raises CannotGoOn for one that came twice, or that is no text to go on with."""
    if len(given) > MOST or any(len(values) > 1 for _, values in given.lists()):
        raise unreadable()
    values = given.to_dict()
    if not all(storable(text) and len(text) <= LONGEST for pair in values.items() for text in pair):
        raise unreadable()
    return values


def client_of(services: Services, given: Mapping[str, str], path_id: str | None) -> Client:
    """Raises CannotGoOn."""
    client_id = client_id_of(given, path_id)
    client = find_client(services, client_id, _tenant_id(given)) if client_id else None
    if client is None:
        raise no_such_application()
    return client


def client_id_of(given: Mapping[str, str], path_id: str | None) -> UUID | None:
    """None also when path and query name two different ones."""
    named = {parse_uuid(text) for text in (path_id, given.get("client_id")) if text}
    return named.pop() if len(named) == 1 else None


def _tenant_id(given: Mapping[str, str]) -> UUID | None:
    """Raises CannotGoOn."""
    text = given.get("tenantId")
    if not text:
        return None
    tenant_id = parse_uuid(text)
    if tenant_id is None:
        raise unreadable()
    return tenant_id
