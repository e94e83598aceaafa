"""Rules that the configuration of tenants and applications share: token life times, signing keys, lambdas; and what
every kind of configuration with a unique name says when the name is taken.

The functions named after problems return (path, reason) pairs; the caller collects them, so that one answer names
every mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import Application, Tenant
from identity.store import applications, keys, references
from identity.store.db import Connection, UniqueConflict
from identity.wire import camel_case

Problems = list[tuple[str, str]]
WITH_MAXIMUM = "SlidingWindowWithMaximumLifetime"
KEY_MEMBERS = ("access_token_key_id", "id_token_key_id")
LAMBDA_TYPES = {
    "access_token_populate_id": "JWTPopulate",
    "client_credentials_access_token_populate_lambda_id": "ClientCredentialsJWTPopulate",
    "id_token_populate_id": "JWTPopulate",
    "login_validation_id": "LoginValidation",
    "multi_factor_requirement_id": "MFARequirement",
    "samlv2_populate_id": "SAMLv2Populate",
    "scim_enterprise_user_request_converter_id": "SCIMServerUserRequestConverter",
    "scim_enterprise_user_response_converter_id": "SCIMServerUserResponseConverter",
    "scim_group_request_converter_id": "SCIMServerGroupRequestConverter",
    "scim_group_response_converter_id": "SCIMServerGroupResponseConverter",
    "scim_user_request_converter_id": "SCIMServerUserRequestConverter",
    "scim_user_response_converter_id": "SCIMServerUserResponseConverter",
    "self_service_registration_validation_id": "SelfServiceRegistrationValidation",
    "userinfo_populate_id": "UserInfoPopulate",
}


def key_problems(conn: Connection, path: str, jwt: Mapping[str, Any]) -> Problems:
    """A signing key must exist and be able to sign."""
    given: dict[str, UUID] = {name: jwt[name] for name in KEY_MEMBERS if jwt.get(name) is not None}
    known = references.keys_that_sign(conn, given.values()) if given else set()
    return [(f"{path}.{camel_case(name)}", "invalid") for name, key_id in given.items() if key_id not in known]


def lambda_problems(conn: Connection, path: str, chosen: Mapping[str, UUID | None]) -> Problems:
    """A lambda must exist and have the type that its member calls for."""
    given = {name: lambda_id for name, lambda_id in chosen.items() if lambda_id is not None}
    types = references.lambda_types(conn, given.values()) if given else {}
    return [
        (f"{path}.{camel_case(name)}", "invalid")
        for name, lambda_id in given.items()
        if types.get(lambda_id) != LAMBDA_TYPES[name]
    ]


def lifetime_problems(path: str, jwt: Mapping[str, Any]) -> Problems:
    """The maximum lifetime of a sliding refresh token is at least its window. Other policies do not read it."""
    if jwt["refresh_token_expiration_policy"] != WITH_MAXIMUM:
        return []
    most = jwt["refresh_token_sliding_window_configuration"]["maximum_time_to_live_in_minutes"]
    if most >= jwt["refresh_token_time_to_live_in_minutes"]:
        return []
    return [(f"{path}.refreshTokenSlidingWindowConfiguration.maximumTimeToLiveInMinutes", "invalid")]


def form_field_problems(path: str, strategy: str, behavior: str) -> Problems:
    """A form that asks for the code is shown to the gated only."""
    return [(path, "invalid")] if strategy == "FormField" and behavior != "Gated" else []


def keep_tokens_verifiable(conn: Connection, now: int, owner: Tenant | Application) -> None:
    """Before the keys or life times of `owner` change: its tokens verify until the last of them has expired (D26)."""
    ids = [key_id for key_id in (owner.access_token_key_id, owner.id_token_key_id) if key_id is not None]
    seconds = owner.settings["jwt_configuration"]["time_to_live_in_seconds"]
    keys.keep_published(conn, ids, now + seconds * 1000)


@contextmanager
def refusing_duplicates(member: str) -> Iterator[None]:
    """For one insert or update of an object with unique id and name. Raises Invalid."""
    try:
        yield
    except UniqueConflict as error:
        taken = "name" if error.constraint.endswith("_name_key") else "id"
        raise invalid_field(f"{member}.{taken}", "duplicate") from error


def locked_application(conn: Connection, application_id: UUID, tenant_id: UUID | None) -> Application:
    """The application, which nobody else changes until the transaction ends. Raises NotFound."""
    application = applications.lock(conn, application_id, tenant_id)
    if application is None:
        raise NotFound
    return application


def signs_differently(before: Tenant | Application, after: Tenant | Application) -> bool:
    """Whether the tokens of `after` are signed with other keys."""
    return (before.access_token_key_id, before.id_token_key_id) != (after.access_token_key_id, after.id_token_key_id)


def has_own_jwt(application: Application) -> bool:
    """Whether the application does not follow its tenant's jwtConfiguration."""
    return bool((application.settings.get("jwt_configuration") or {}).get("enabled"))
