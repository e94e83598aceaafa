"""The wire fields that only a Twitter provider has. Source: login contract 2.3."""

from __future__ import annotations

from identity.wire import Text, WireSchema

LONGEST_BUTTON_TEXT = 255
LONGEST_CREDENTIAL = 4096


class TwitterSchema(WireSchema):
    """Of the provider itself, where each is required."""

    button_text = Text(required=True, blank=False, limit=LONGEST_BUTTON_TEXT)
    consumer_key = Text(required=True, blank=False, limit=LONGEST_CREDENTIAL)
    consumer_secret = Text(required=True, blank=False, limit=LONGEST_CREDENTIAL)


class TwitterOverrideSchema(WireSchema):
    """Of one application's entry, where a blank one falls back to the provider's (login contract D38)."""

    button_text = Text(limit=LONGEST_BUTTON_TEXT)
    consumer_key = Text(limit=LONGEST_CREDENTIAL)
    consumer_secret = Text(limit=LONGEST_CREDENTIAL)
