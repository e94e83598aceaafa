"""What a form says of a person, as the API's document of a user: one schema checks both.

A form holds nothing but what it asks for: whatever else a browser sends is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from identity.domain.registration_form import FormField
from identity.flows.users.register_user import RegistrationChange
from identity.flows.users.save_user import UserChange
from identity.http.fusionauth.respond import invalid_from
from identity.http.fusionauth.schemas.users import RegistrationRequestSchema, registration_change, user_change
from identity.http.pages.hosted import PageCall
from identity.wire import camel_case

REQUEST = RegistrationRequestSchema()
SEPARATORS = re.compile(r"[\s,;]+")
LANGUAGES = "preferred_languages"


def typed(call: PageCall, fields: Iterable[FormField]) -> dict[str, str]:
    """What was typed into these fields."""
    return {each.name: call.text(each.name) for each in fields}


def person_of(
    values: Mapping[str, str], application_id: UUID, password: str | None = None
) -> tuple[UserChange, RegistrationChange]:
    """Raises Invalid."""
    user: dict[str, Any] = {camel_case(name): _member(name, text) for name, text in values.items() if text}
    document = {"registration": {"applicationId": str(application_id)}, "user": {**user, "password": password}}
    try:
        loaded = REQUEST.load(document)
    except ValidationError as error:
        raise invalid_from(error) from error
    return user_change(loaded), registration_change(loaded)


def _member(name: str, text: str) -> Any:
    """Languages are a list, which people type with commas or blanks between."""
    return [each.replace("-", "_") for each in SEPARATORS.split(text) if each] if name == LANGUAGES else text
