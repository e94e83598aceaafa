"""X (Twitter) as the OAuth 1.0a party, emulated: for our own tests, for `make run`, and for people testing their code.

Nothing here uses the service's signing code: the emulator judges it, so it must not share its mistakes.
"""

from __future__ import annotations

from identity.emulators.provider_emulator import ProviderEmulator
from identity.emulators.x.options import random_consumer


def _identity() -> dict[str, str]:
    consumer = random_consumer()
    return {"key": consumer.key, "secret": consumer.secret, "name": "identity"}


EMULATOR = ProviderEmulator(
    name="x",
    title="X emulator",
    purpose="X (Twitter): OAuth 1.0a, consent page, faults to switch on",
    settings=("x.api_url",),
    applications="consumers",
    new_application=_identity,
    credentials={"X_CONSUMER_KEY": "key", "X_CONSUMER_SECRET": "secret"},
)
