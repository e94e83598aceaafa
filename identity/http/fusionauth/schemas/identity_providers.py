"""Identity providers on the wire: the members every type has, joined with those of its own. Source: contract 2.3."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import ValidationError, fields

from identity.domain.errors import invalid_field
from identity.domain.model import (
    DEFAULT_MAXIMUM_LINKS,
    ApplicationOverride,
    LinkingStrategy,
    LinkLimit,
    ProviderConfig,
)
from identity.http.fusionauth.schemas.common import SearchCriteria
from identity.providers import PROVIDERS
from identity.upstream import IdentityProvider
from identity.wire import Flag, Free, Id, IdMap, Instant, Many, OneForm, OneOf, Part, Text, Whole, WireSchema

MEMBER = "identityProvider"
KNOWN_TYPES = frozenset(
    {
        "Apple",
        "EpicGames",
        "ExternalJWT",
        "Facebook",
        "Google",
        "HYPR",
        "LinkedIn",
        "Nintendo",
        "OpenIDConnect",
        "SAMLv2",
        "SAMLv2IdPInitiated",
        "SonyPSN",
        "Steam",
        "Twitch",
        "Twitter",
        "Xbox",
    }
)
"""FusionAuth's types. Those that are not in the registry can be asked for, and are never there."""

UNSUPPORTED = "Unsupported"
"""FusionAuth's marker of types that can not link: known, and never accepted here."""


class Strategy(OneOf):
    """A linking strategy."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(tuple(strategy.value for strategy in LinkingStrategy), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if value == UNSUPPORTED:
            raise ValidationError("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class LambdaConfiguration(WireSchema):
    reconcile_id = Id()


class LimitUserLinkCount(WireSchema):
    enabled = Flag(load_default=False)
    maximum_links = Whole(least=1, most=2**31 - 1, load_default=DEFAULT_MAXIMUM_LINKS)


class TenantEntry(WireSchema):
    """tenantConfiguration of one tenant."""

    limit_user_link_count = Part(LimitUserLinkCount)
    data = Free(load_default=dict)


class ApplicationEntry(WireSchema):
    """applicationConfiguration of one application, without what its type lets it override."""

    enabled = Flag(load_default=False)
    create_registration = Flag(load_default=True)
    data = Free(load_default=dict)


class ProviderMembers(WireSchema):
    """What every type of provider has. `name` is the type's (contract 11.1: settable in later versions only)."""

    id = Id(dump_only=True)
    type = fields.String(dump_only=True)
    name = Text(dump_only=True)
    enabled = Flag(load_default=False)
    debug = Flag(load_default=False)
    linking_strategy = Strategy(load_default=LinkingStrategy.LINK_BY_EMAIL.value)
    lambda_configuration = Part(LambdaConfiguration)
    application_configuration = IdMap(ApplicationEntry, load_default=dict)
    tenant_configuration = IdMap(TenantEntry, load_default=dict)
    data = Free(load_default=dict)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)


@cache
def members_of(name: str) -> WireSchema:
    """The schema of one type of provider: the common members and its own."""
    provider = PROVIDERS[name]
    entry = type(f"{name}ApplicationEntry", (ApplicationEntry, provider.override_schema), {})
    own = {"application_configuration": IdMap(entry, load_default=dict)}
    made: WireSchema = type(f"{name}IdentityProvider", (ProviderMembers, provider.schema), own)()
    return made


def provider_of(document: Mapping[str, Any]) -> IdentityProvider:
    """The type that a create request names. Raises Invalid."""
    wanted = _inner(document).get("type")
    if wanted is None or wanted == "":
        raise invalid_field(f"{MEMBER}.type", "missing")
    provider = PROVIDERS.get(wanted) if isinstance(wanted, str) else None
    if provider is None:
        raise invalid_field(f"{MEMBER}.type", "invalidJSON")
    return provider


def draft_from(document: Mapping[str, Any], provider: IdentityProvider) -> ProviderConfig:
    """The configuration a request asks for, without id and instants. Raises Invalid, ValidationError."""
    inner = _inner(document)
    wrong = _type_reasons(inner.get("type"), provider)
    try:
        loaded: dict[str, Any] = members_of(provider.wire_type).load(dict(inner))
    except ValidationError as error:
        raise ValidationError({MEMBER: {**_as_dict(error), **wrong}}) from error
    if wrong:
        raise ValidationError({MEMBER: wrong})
    return ProviderConfig(
        id=provider.fixed_id,
        type=provider.wire_type,
        name=provider.wire_type,
        enabled=loaded["enabled"],
        debug=loaded["debug"],
        linking_strategy=LinkingStrategy(loaded["linking_strategy"]),
        reconcile_id=loaded["lambda_configuration"].get("reconcile_id"),
        settings=_settings(loaded, provider.schema),
        applications={
            application_id: ApplicationOverride(
                entry["enabled"],
                entry["create_registration"],
                _settings(entry, provider.override_schema),
                entry["data"],
            )
            for application_id, entry in loaded["application_configuration"].items()
        },
        tenants={
            tenant_id: LinkLimit(**entry["limit_user_link_count"], data=entry["data"])
            for tenant_id, entry in loaded["tenant_configuration"].items()
        },
        data=loaded["data"],
    )


def without_nulls(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a patch left, where null means absent in every dialect (decision 8)."""
    inner = document.get(MEMBER)
    if not isinstance(inner, dict):
        return document
    return {**document, MEMBER: {name: value for name, value in inner.items() if value is not None}}


def shown(config: ProviderConfig, *, for_patch: bool = False) -> dict[str, Any]:
    """The provider as a response shows it, the secret in clear (contract 2.3).

    Empty `data` and `lambdaConfiguration` are left out, but not from the document that a patch is applied to: its
    pointers must find them.
    """
    values: dict[str, Any] = {
        **config.settings,
        "id": config.id,
        "type": config.type,
        "name": config.name,
        "enabled": config.enabled,
        "debug": config.debug,
        "linking_strategy": config.linking_strategy.value,
        "lambda_configuration": {"reconcile_id": config.reconcile_id} if config.reconcile_id or for_patch else None,
        "application_configuration": {
            application_id: {
                **override.settings,
                "enabled": override.enabled,
                "create_registration": override.create_registration,
                "data": override.data or (override.data if for_patch else None),
            }
            for application_id, override in config.applications.items()
        },
        "tenant_configuration": {
            tenant_id: {
                "limit_user_link_count": {"enabled": limit.enabled, "maximum_links": limit.maximum_links},
                "data": limit.data or (limit.data if for_patch else None),
            }
            for tenant_id, limit in config.tenants.items()
        },
        "data": config.data or (config.data if for_patch else None),
        "insert_instant": config.insert_instant,
        "last_update_instant": config.last_update_instant,
    }
    dumped: dict[str, Any] = members_of(config.type).dump(values)
    return dumped


def _inner(document: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = document.get(MEMBER)
    if inner is None:
        raise invalid_field(MEMBER, "missing")
    if not isinstance(inner, dict):
        raise invalid_field(MEMBER, "invalidJSON")
    return inner


def _as_dict(error: ValidationError) -> dict[str, Any]:
    return error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}


def _type_reasons(given: Any, provider: IdentityProvider) -> dict[str, list[str]]:
    """Required, and never another than the stored one (decision 8)."""
    if given is None or given == "":
        return {"type": ["missing"]}
    if not isinstance(given, str):
        return {"type": ["invalidJSON"]}
    return {} if given == provider.wire_type else {"type": ["invalid"]}


def _settings(loaded: Mapping[str, Any], schema: type[WireSchema]) -> dict[str, Any]:
    """The type's own members; a blank one is absent (D38)."""
    return {name: loaded[name] for name in schema().fields if loaded.get(name) is not None}


class ProviderCriteria(SearchCriteria):
    """Source: contract 2.5. `source` and `tenantId` belong to later versions and match every provider here."""

    application_id = Id()
    type = OneOf(tuple(sorted(KNOWN_TYPES)))


class ProviderSearchRequest(WireSchema):
    search = Part(ProviderCriteria)


DOCUMENTED = tuple(
    type(type(members_of(name)).__name__, (type(members_of(name)),), {"type": OneOf((name,), required=True)})
    for name in PROVIDERS
)
"""What the OpenAPI document shows of the providers: requests name the type as well."""


class ProviderRequest(WireSchema):
    identity_provider = OneForm(DOCUMENTED, required=True)


class ProviderResponse(WireSchema):
    identity_provider = OneForm(DOCUMENTED)
    identity_providers = Many(OneForm(DOCUMENTED))


class ProviderSearchResponse(WireSchema):
    identity_providers = Many(OneForm(DOCUMENTED))
    total = Whole()
