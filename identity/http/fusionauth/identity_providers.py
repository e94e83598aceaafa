"""Identity providers: create, retrieve, replace, patch, delete, search, look up. Source: login contract section 2."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import ProviderConfig
from identity.flows.configuration import save_provider
from identity.http.fusionauth.criteria import CRITERIA, criteria, page_of, refusing_unknown_order
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas import identity_providers as schemas
from identity.http.patch import patched
from identity.providers import PROVIDERS
from identity.store import providers
from identity.upstream import IdentityProvider

ENDPOINT = "/api/identity-provider"
ONE = f"{ENDPOINT}/<identity_provider_id>"
SEARCH = f"{ENDPOINT}/search"
ID_MAPS = (f"/{schemas.MEMBER}/applicationConfiguration", f"/{schemas.MEMBER}/tenantConfiguration")
ROUTE: dict[str, Any] = {"endpoint": ENDPOINT, "scope": Scope.GLOBAL}
BY_TYPE: dict[str, Any] = {
    **ROUTE,
    "query": {"type": "without an id: the type whose provider is meant"},
    "statuses": {404: "There is no such identity provider."},
}
SEARCH_QUERY = {
    **CRITERIA,
    "applicationId": "Those enabled for this application only",
    "type": "Those of this type only",
}
SEARCHED: dict[str, Any] = {"endpoint": SEARCH, "scope": Scope.GLOBAL, "gives": schemas.ProviderSearchResponse}

routes = Routes("Identity providers", "How people log in with an account they have elsewhere.")


@routes.get(SEARCH, query=SEARCH_QUERY, **SEARCHED)
@routes.post(SEARCH, takes=schemas.ProviderSearchRequest, **SEARCHED)
def search_identity_providers(call: Call) -> dict[str, Any]:
    """The providers that match; none is no error."""
    wanted = criteria(call, schemas.ProviderSearchRequest())
    chosen = providers.Wanted(wanted.get("application_id"), wanted.get("name"), wanted.get("type"))
    with refusing_unknown_order(), call.services.db.read() as conn:
        found, total = providers.search(conn, call.services.sealer, chosen, page_of(wanted))
    return {"identityProviders": [schemas.shown(config) for config in found], "total": total}


@routes.get(
    f"{ENDPOINT}/lookup",
    endpoint=None,
    scope=Scope.OWN,
    query={"domain": "an e-mail address or its domain", "tenantId": "the tenant to look in"},
    statuses={404: "No provider manages the domain."},
)
def lookup_identity_provider(_: Call) -> None:
    """The provider that manages an e-mail domain. The types of this service manage none."""
    raise NotFound


@routes.post(ENDPOINT, ONE, takes=schemas.ProviderRequest, gives=schemas.ProviderResponse, **ROUTE)
def create_identity_provider(call: Call, identity_provider_id: UUID | None = None) -> dict[str, Any]:
    """The provider of a type, under the type's own id."""
    document = call.json()
    draft = schemas.draft_from(document, schemas.provider_of(document))
    return _one(save_provider.create(call.services, call.now, call.actor, draft, identity_provider_id))


@routes.get(ENDPOINT, gives=schemas.ProviderResponse, **BY_TYPE)
def retrieve_identity_providers(call: Call) -> dict[str, Any]:
    """All providers, or those of one type: then also the first of them by itself (decision 10)."""
    provider = _provider_named(call)
    with call.services.db.read() as conn:
        if provider is None:
            return _all(providers.every(conn, call.services.sealer))
        found = providers.of_type(conn, call.services.sealer, provider.wire_type)
    if not found:
        raise NotFound
    first = next((config for config in found if config.id == provider.fixed_id), found[0])
    return _one(first) | _all(found)


@routes.get(ONE, gives=schemas.ProviderResponse, **ROUTE)
def retrieve_identity_provider(call: Call, identity_provider_id: UUID) -> dict[str, Any]:
    """One provider, its secrets in clear."""
    with call.services.db.read() as conn:
        found = providers.find(conn, call.services.sealer, identity_provider_id)
    if found is None:
        raise NotFound
    return _one(found)


@routes.put(ENDPOINT, ONE, takes=schemas.ProviderRequest, gives=schemas.ProviderResponse, **BY_TYPE)
def update_identity_provider(call: Call, identity_provider_id: UUID | None = None) -> dict[str, Any]:
    """Replace the provider: a member left out returns to its default."""
    return _save(call, identity_provider_id, lambda provider, _: schemas.draft_from(call.json(), provider))


@routes.patch(ENDPOINT, ONE, takes=schemas.ProviderRequest, gives=schemas.ProviderResponse, **BY_TYPE)
def patch_identity_provider(call: Call, identity_provider_id: UUID | None = None) -> dict[str, Any]:
    """Change members of the provider, in one of three dialects that the content type chooses."""

    def change(provider: IdentityProvider, stored: ProviderConfig) -> ProviderConfig:
        document = {schemas.MEMBER: schemas.shown(stored, for_patch=True)}
        return schemas.draft_from(schemas.without_nulls(patched(call.request, document, ID_MAPS)), provider)

    return _save(call, identity_provider_id, change)


@routes.delete(ENDPOINT, ONE, **BY_TYPE)
def delete_identity_provider(call: Call, identity_provider_id: UUID | None = None) -> None:
    """Remove the provider with its links; the users stay."""
    save_provider.delete(call.services, call.now, call.actor, _target(call, identity_provider_id))


def _save(call: Call, identity_provider_id: UUID | None, change: save_provider.Change) -> dict[str, Any]:
    target = _target(call, identity_provider_id)
    call.request.get_data(cache=True)  # a slow sender must not hold the row
    return _one(save_provider.update(call.services, call.now, call.actor, target, change))


def _target(call: Call, identity_provider_id: UUID | None) -> UUID:
    """The id in the path, else the own id of the type in the query. Raises Invalid, NotFound."""
    if identity_provider_id is not None:
        return identity_provider_id
    provider = _provider_named(call)
    if provider is None:
        raise invalid_field("identityProviderId", "missing")
    return provider.fixed_id


def _provider_named(call: Call) -> IdentityProvider | None:
    """By the query's `type`. Raises NotFound for a type this service does not have, Invalid for what is no type."""
    kind = call.text("type")
    if kind is None:
        return None
    if kind in PROVIDERS:
        return PROVIDERS[kind]
    if kind in schemas.KNOWN_TYPES:
        raise NotFound
    raise invalid_field("type", "couldNotConvert")


def _one(config: ProviderConfig) -> dict[str, Any]:
    return {"identityProvider": schemas.shown(config)}


def _all(found: list[ProviderConfig]) -> dict[str, Any]:
    return {"identityProviders": [schemas.shown(config) for config in found]}
