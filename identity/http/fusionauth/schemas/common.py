"""Members that tenants and applications share, and the few field shapes both repeat.

An unknown enum member is of the wrong kind (`invalidJSON`, login contract 1.3).
"""

from __future__ import annotations

from typing import Any

from identity.wire import Flag, Free, Id, Instant, OneOf, Part, Text, Whole, WireSchema

MOST = 2**31 - 1


def off() -> Flag:
    return Flag(load_default=False)


def on() -> Flag:
    return Flag(load_default=True)


def whole(default: int, *, least: int = 1, most: int = MOST, data_key: str | None = None) -> Whole:
    """A number with a default; a time to live is at least 1."""
    return Whole(load_default=default, least=least, most=most, data_key=data_key)


def one_of(*choices: str, default: str | None = None, data_key: str | None = None) -> OneOf:
    """An enum; without a default the member stays absent."""
    options: dict[str, Any] = {} if default is None else {"load_default": default}
    return OneOf(choices, data_key=data_key, **options)


def custom_data() -> Free:
    return Free(load_default=dict)


def link(**options: Any) -> Text:
    """A URL, kept as given."""
    return Text(limit=2_000, **options)


class Enableable(WireSchema):
    enabled = off()


class Requirable(WireSchema):
    enabled = off()
    required = off()


class Unverified(WireSchema):
    """What an unverified person may do: log in with tokens (Allow) or only verify (Gated)."""

    behavior = one_of("Allow", "Gated", default="Allow")


def verification_strategy() -> OneOf:
    return one_of("ClickableLink", "FormField", default="ClickableLink")


class TimeBasedDeletePolicy(WireSchema):
    enabled = off()
    enabled_instant = Instant()
    number_of_days_to_retain = whole(120)


class UnverifiedDeletePolicy(WireSchema):
    unverified = Part(TimeBasedDeletePolicy)


class OneTimeUse(WireSchema):
    grace_period_in_seconds = whole(0, least=0, most=86_399)


class SlidingWindow(WireSchema):
    maximum_time_to_live_in_minutes = whole(43_200)


class JwtConfiguration(WireSchema):
    """Life times and policies of tokens. Source: supporting contract 5.2 and 6.2."""

    access_token_key_id = Id()
    id_token_key_id = Id()
    refresh_token_expiration_policy = one_of(
        "Fixed", "SlidingWindow", "SlidingWindowWithMaximumLifetime", default="Fixed"
    )
    refresh_token_one_time_use_configuration = Part(OneTimeUse)
    refresh_token_sliding_window_configuration = Part(SlidingWindow)
    refresh_token_time_to_live_in_minutes = whole(43_200)
    refresh_token_usage_policy = one_of("Reusable", "OneTimeUse", default="Reusable")
    time_to_live_in_seconds = whole(3_600)


class AccessControl(WireSchema):
    ui_ip_access_control_list_id = Id(data_key="uiIPAccessControlListId")


class SearchCriteria(WireSchema):
    """Source: supporting contract 1.1."""

    name = Text(limit=1_000)
    number_of_results = whole(25, least=0, most=10_000)
    order_by = Text(limit=100)
    start_row = whole(0, least=0, most=10_000)


class EmailTemplates(WireSchema):
    """The templates of mails that a tenant chooses, and an application for itself."""

    email_update_email_template_id = Id()
    email_verified_email_template_id = Id()
    forgot_password_email_template_id = Id()
    login_id_in_use_on_create_email_template_id = Id()
    login_id_in_use_on_update_email_template_id = Id()
    login_new_device_email_template_id = Id()
    login_suspicious_email_template_id = Id()
    password_reset_success_email_template_id = Id()
    password_update_email_template_id = Id()
    passwordless_email_template_id = Id()
    set_password_email_template_id = Id()
    two_factor_method_add_email_template_id = Id()
    two_factor_method_remove_email_template_id = Id()


class PhoneTemplates(WireSchema):
    """The templates of messages to a phone, likewise."""

    forgot_password_template_id = Id()
    identity_update_template_id = Id()
    login_id_in_use_on_create_template_id = Id()
    login_id_in_use_on_update_template_id = Id()
    login_new_device_template_id = Id()
    login_suspicious_template_id = Id()
    password_reset_success_template_id = Id()
    password_update_template_id = Id()
    passwordless_template_id = Id()
    set_password_template_id = Id()
    two_factor_method_add_template_id = Id()
    two_factor_method_remove_template_id = Id()
    verification_complete_template_id = Id()
    verification_template_id = Id()
