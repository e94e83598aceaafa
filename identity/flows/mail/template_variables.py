"""What a template can name: the person, the tenant, the application, and what the sender has to say.

Inside, names are in snake_case; templates use the names of the API, as FusionAuth's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from identity.domain.model import Application, Tenant, User
from identity.flows.services import Services
from identity.wire import camel_case


def template_variables(
    services: Services, tenant: Tenant, application: Application | None, user: User, given: Mapping[str, object]
) -> dict[str, object]:
    """`given` are the sender's own, e.g. `verification_id`, which a template names `verificationId`.

    Mappings among them keep the names of their members: they are wire documents already.
    """
    return {
        **{camel_case(name): value for name, value in given.items()},
        "user": user_variables(user),
        "tenant": {
            "id": tenant.id,
            "name": tenant.name,
            "data": tenant.data,
            "issuer": tenant.issuer or services.settings.base_url,
            "baseURL": (tenant.settings.get("base_url") or services.settings.base_url).rstrip("/"),
        },
        "application": {}
        if application is None
        else {"id": application.id, "name": application.name, "data": application.data},
    }


def user_variables(user: User) -> dict[str, object]:
    """Every member of the user, and `name` for a greeting."""
    members: dict[str, object] = {camel_case(each.name): getattr(user, each.name) for each in fields(user)}
    both = " ".join(filter(None, (user.first_name, user.last_name)))
    return {**members, "imageUrl": user.image_url, "name": user.full_name or both or user.username}
