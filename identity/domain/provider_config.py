"""What a provider's configuration means for one application: its effective settings and whether it may be used.

Source: login contract 2.7. A blank override never gets here: the wire schema stores it as absent.
"""

from __future__ import annotations

from uuid import UUID

from identity.domain.model import ProviderConfig, ProviderValues


def for_application(config: ProviderConfig, application_id: UUID) -> ProviderValues:
    """The settings for one application: its own value of a setting wins over the provider's."""
    override = config.applications.get(application_id)
    if override is None:
        return config.settings
    own = {name: value for name, value in override.settings.items() if value is not None}
    return {**config.settings, **own} if own else config.settings


def usable(config: ProviderConfig, application_id: UUID) -> bool:
    """Whether people may log in to the application through the provider, as far as its configuration says."""
    override = config.applications.get(application_id)
    return config.enabled and override is not None and override.enabled


def override_warning(config: ProviderConfig, application_id: UUID, pair: tuple[str, str]) -> str | None:
    """A warning when an application overrides one half of a key and secret that belong together.

    The provider then refuses every login through it, since one half is another app's.
    """
    override = config.applications.get(application_id)
    if override is None:
        return None
    given = [name for name in pair if override.settings.get(name) is not None]
    if len(given) != 1:
        return None
    missing = pair[1] if given == [pair[0]] else pair[0]
    return (
        f"Application {application_id} overrides {given[0]} of identity provider [{config.name}] but not {missing}: "
        "set both or neither, or the provider will refuse its logins."
    )
