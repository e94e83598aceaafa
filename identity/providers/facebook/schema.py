"""The wire fields that only a Facebook provider has. Source: Rocket.Chat contract 10.1."""

from __future__ import annotations

from typing import Any

from marshmallow import pre_load

from identity.wire import OneOf, Text, WireSchema

LONGEST_BUTTON_TEXT = 255
LONGEST_CREDENTIAL = 4096
LONGEST_LIST = 1000
BUTTON_TEXT = "Login with Facebook"
EMAIL = "email"
"""What is asked for, of the profile and of the person, unless the configuration says more."""

LISTS = frozenset({"fields", "permissions"})
LOGIN_METHODS = ("UsePopup", "UseRedirect", "UseVendorJavaScript")


class FacebookSchema(WireSchema):
    """Of the provider itself."""

    app_id = Text(required=True, blank=False, limit=LONGEST_CREDENTIAL)
    button_text = Text(blank=False, limit=LONGEST_BUTTON_TEXT, load_default=BUTTON_TEXT)
    client_secret = Text(required=True, blank=False, limit=LONGEST_CREDENTIAL, data_key="client_secret")
    login_method = OneOf(LOGIN_METHODS, load_default=LOGIN_METHODS[0])
    permissions = Text(limit=LONGEST_LIST, load_default=EMAIL)
    profile_fields = Text(limit=LONGEST_LIST, load_default=EMAIL, data_key="fields")

    @pre_load
    def drop_nulls(self, data: Any, **_: Any) -> Any:
        """A list that is blank is absent. A button whose text is null is not: only one without text has the default."""
        if not isinstance(data, dict):
            return data
        given = {name: value for name, value in data.items() if not (name in LISTS and _is_blank(value))}
        return {name: value for name, value in given.items() if value is not None or name == "buttonText"}


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


class FacebookOverrideSchema(WireSchema):
    """Of one application's entry, where a blank one falls back to the provider's."""

    app_id = Text(limit=LONGEST_CREDENTIAL)
    button_text = Text(limit=LONGEST_BUTTON_TEXT)
    client_secret = Text(limit=LONGEST_CREDENTIAL, data_key="client_secret")
    login_method = OneOf(LOGIN_METHODS)
    permissions = Text(limit=LONGEST_LIST)
    profile_fields = Text(limit=LONGEST_LIST, data_key="fields")
