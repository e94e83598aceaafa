"""Field types of a person: time zone, date, language, e-mail address, a map of strings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError

from identity.domain.bounds import is_date
from identity.domain.contact import is_email
from identity.wire import Free, Text

LOCALE = re.compile(r"[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8}){0,4}")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


class Zone(Text):
    """The name of an IANA time zone (decision 13)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name is not None and name not in _timezones():
            raise ValidationError("invalid")
        return name


class Day(Text):
    """A date, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and not is_date(text):
            raise ValidationError("invalid")
        return text


class Locale(Text):
    """`en`, `fr_CA`: a language with an optional country."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or not LOCALE.fullmatch(text):
            raise ValidationError("invalid")
        return text


class Email(Text):
    """An e-mail address that is no login id."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and not is_email(text.strip()):
            raise ValidationError("notEmail")
        return text


class TextMap(Free):
    """A JSON object whose values are all strings."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        loaded = super()._deserialize(value, attr, data, **kwargs)
        if not all(isinstance(item, str) for item in loaded.values()):
            raise ValidationError("invalidJSON")
        return loaded
