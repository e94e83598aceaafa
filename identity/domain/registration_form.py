"""What the page asks of whoever registers: an application's registrationConfiguration (supporting contract 5.2).

Advanced forms and phone numbers as login ids are not built: the basic form and the e-mail address take their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.model import User

OFFERED = (
    "first_name",
    "middle_name",
    "last_name",
    "full_name",
    "birth_date",
    "mobile_phone",
    "preferred_languages",
)
"""Members of a user that a form may ask for, in its order."""

EMAIL, USERNAME = "email", "username"


@dataclass(frozen=True, slots=True)
class FormField:
    """One member of the user that is asked for."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """The form of one application. The login id is its first field, and always required."""

    enabled: bool = False
    login_id: str = EMAIL
    confirms_password: bool = False
    completes: bool = False
    """Whether somebody who has an account is asked for what is required and missing before they are registered."""

    extra: tuple[FormField, ...] = ()

    @classmethod
    def of(cls, application_settings: Mapping[str, Any]) -> RegistrationForm:
        chosen = application_settings.get("registration_configuration") or {}
        return cls(
            enabled=bool(chosen.get("enabled")),
            login_id=USERNAME if chosen.get("login_id_type") == USERNAME else EMAIL,
            confirms_password=bool(chosen.get("confirm_password")),
            completes=bool(chosen.get("complete_registration")),
            extra=tuple(
                FormField(name, bool(each.get("required")))
                for name in OFFERED
                if (each := chosen.get(name) or {}).get("enabled")
            ),
        )

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All but the password."""
        return (FormField(self.login_id, required=True), *self.extra)

    def blanks(self, profile: Mapping[str, Any]) -> list[str]:
        """The members that must be there, and are not."""
        return [each.name for each in self.extra if each.required and not profile.get(each.name)]

    def missing(self, user: User) -> tuple[FormField, ...]:
        """What is required of everybody and this user has not; nothing where nobody is asked for it later.

        Never a login id: who has an account has ways in, and an address from a form would pass for a verified one.
        """
        if not self.completes:
            return ()
        return tuple(each for each in self.extra if each.required and not getattr(user, each.name))
