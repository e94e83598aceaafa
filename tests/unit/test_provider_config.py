"""What a provider's configuration means for one application (login contract 2.7)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.model import ApplicationOverride, LinkingStrategy, ProviderConfig
from identity.domain.provider_config import for_application, override_warning, usable

APP = UUID(int=1)
OTHER = UUID(int=2)
PAIR = ("consumer_key", "consumer_secret")
SETTINGS = {"button_text": "Login", "consumer_key": "key", "consumer_secret": "secret"}
BASE = ProviderConfig(
    id=UUID(int=9),
    type="Twitter",
    name="Twitter",
    enabled=True,
    debug=False,
    linking_strategy=LinkingStrategy.LINK_BY_EMAIL,
    reconcile_id=None,
    settings=SETTINGS,
    applications={APP: ApplicationOverride(enabled=True)},
)


def overriding(**settings: str | None) -> ProviderConfig:
    return replace(BASE, applications={APP: ApplicationOverride(enabled=True, settings=settings)})


def test_an_application_without_an_entry_has_the_providers_settings() -> None:
    assert for_application(BASE, OTHER) == SETTINGS


def test_an_applications_own_value_wins() -> None:
    assert for_application(overriding(button_text="Hello"), APP) == {**SETTINGS, "button_text": "Hello"}


def test_an_absent_override_falls_back() -> None:
    assert for_application(overriding(button_text=None, consumer_key=None), APP) == SETTINGS


def test_another_applications_override_has_no_effect() -> None:
    config = replace(overriding(consumer_key="theirs"), applications={OTHER: ApplicationOverride(enabled=True)})
    assert for_application(config, APP) == SETTINGS


@pytest.mark.parametrize(
    ("provider", "entry", "application", "expected"),
    [
        (True, True, APP, True),
        (False, True, APP, False),
        (True, False, APP, False),
        (True, True, OTHER, False),
    ],
)
def test_a_provider_is_usable_when_it_and_the_entry_are_enabled(
    provider: bool, entry: bool, application: UUID, expected: bool
) -> None:
    config = replace(BASE, enabled=provider, applications={APP: ApplicationOverride(enabled=entry)})
    assert usable(config, application) is expected


def test_half_a_pair_of_key_and_secret_is_warned_about() -> None:
    warning = override_warning(overriding(consumer_key="theirs"), APP, PAIR)
    assert warning is not None
    assert "overrides consumer_key" in warning
    assert "not consumer_secret" in warning
    assert "theirs" not in warning


def test_the_other_half_is_warned_about_as_well() -> None:
    warning = override_warning(overriding(consumer_secret="theirs", consumer_key=None), APP, PAIR)
    assert warning is not None
    assert "not consumer_key" in warning


@pytest.mark.parametrize("settings", [{}, {"consumer_key": "k", "consumer_secret": "s"}, {"button_text": "Hello"}])
def test_a_whole_pair_or_none_needs_no_warning(settings: dict[str, str]) -> None:
    assert override_warning(overriding(**settings), APP, PAIR) is None


def test_an_application_without_an_entry_needs_no_warning() -> None:
    assert override_warning(BASE, OTHER, PAIR) is None
