"""Facebook's Graph API and Login dialog, emulated: for our own tests, `make run`, and people testing their code.

Nothing here uses the service's own code for Facebook: the emulator judges it, so it must not share its mistakes.
"""

from __future__ import annotations

from identity.emulators.graph.options import random_app
from identity.emulators.provider_emulator import ProviderEmulator


def _identity() -> dict[str, str]:
    app = random_app()
    return {"id": app.id, "secret": app.secret, "name": "identity"}


EMULATOR = ProviderEmulator(
    name="graph",
    title="Graph emulator",
    purpose="Facebook: Login dialog and Graph API, faults to switch on",
    settings=("facebook.graph_url", "facebook.login_url"),
    applications="apps",
    new_application=_identity,
    credentials={"FACEBOOK_APP_ID": "id", "FACEBOOK_APP_SECRET": "secret"},
)
