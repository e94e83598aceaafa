"""The boundary between snake_case inside and camelCase outside: the base schema and the strict field types.

Every body the service reads or writes passes a `WireSchema`. Unknown members are dropped (decision 9); nothing is
coerced: a string where a boolean belongs is an error of kind `invalidJSON` (login contract 1.4).

Error messages raised by fields are the bare reason words of the Errors JSON (`blank`, `missing`, `invalid`,
`tooLong`, `invalidJSON` ...); the front end turns them into `[reason]field.path`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump, pre_load

from identity.domain.bounds import LARGEST_DATA, LONGEST_TEXT, data_problem, storable

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
MAXIMUM_INSTANT = 2**63 - 1


def camel_case(name: str) -> str:
    """`insert_instant` -> `insertInstant`. Names that do not follow the rule give an explicit data_key."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def parse_uuid(text: str) -> UUID | None:
    """The 8-4-4-4-12 form only, in either case; None for anything else."""
    return UUID(text) if UUID_FORM.fullmatch(text) else None


class Text(fields.Field[str | None]):
    """A string: never coerced, storable, bounded (10,000 characters unless told otherwise).

    `blank=False` refuses an empty or white-space string with the reason `blank`. Empty text counts as absent
    elsewhere and loads as None (supporting contract 1.1: null, empty and absent are the same on input), unless
    `keep_empty` is set.
    """

    def __init__(
        self, *, limit: int = LONGEST_TEXT, blank: bool = True, keep_empty: bool = False, **kwargs: Any
    ) -> None:
        kwargs.setdefault("allow_none", blank)
        super().__init__(**kwargs)
        self.limit = limit
        self.blank = blank
        self.keep_empty = keep_empty
        self.error_messages["required"] = "blank"
        self.error_messages["null"] = "blank"

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        if not isinstance(value, str):
            raise ValidationError("invalidJSON")
        if not storable(value):
            raise ValidationError("invalid")
        if len(value) > self.limit:
            raise ValidationError("tooLong")
        if not value.strip():
            if not self.blank:
                raise ValidationError("blank")
            return value if self.keep_empty else None
        return value


class Flag(fields.Boolean):
    """A JSON boolean and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("invalidJSON")
        return value


class Whole(fields.Integer):
    """A JSON integer within `[least, most]`; neither a boolean, a float nor a numeric string."""

    def __init__(self, *, least: int = -MAXIMUM_INSTANT, most: int = MAXIMUM_INSTANT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("invalidJSON")
        if not self.least <= value <= self.most:
            raise ValidationError("invalid")
        return value


class Instant(Whole):
    """Epoch milliseconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=0, **kwargs)


class Id(fields.Field[UUID]):
    """A UUID: accepted in either case, emitted in lower case."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> UUID:
        parsed = parse_uuid(value) if isinstance(value, str) else None
        if parsed is None:
            raise ValidationError("invalidJSON")
        return parsed


class OneOf(fields.String):
    """One of a fixed set of wire strings; another string is of the wrong kind (login contract 1.3)."""

    def __init__(self, choices: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ValidationError("invalidJSON")
        return value


class Free(fields.Field[dict[str, Any]]):
    """Custom data: any JSON object of storable text, at most 256 KiB and 32 levels (security section 9)."""

    def __init__(self, *, limit: int = LARGEST_DATA, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        if (reason := data_problem(value, largest=self.limit)) is not None:
            raise ValidationError(reason)
        return value


class Many(fields.List[Any]):
    """A JSON array of one kind of field; `most` bounds its length. null counts as absent."""

    def __init__(self, inner: fields.Field[Any], *, most: int = 10_000, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError("invalidJSON")
        if len(value) > self.most:
            raise ValidationError("tooMany")
        return super()._deserialize(value, attr, data, **kwargs)


class IdMap(fields.Field[dict[UUID, Any]]):
    """A JSON object keyed by UUID strings, its values one nested schema, or with `many` arrays of it.

    Entries that are null are dropped (D35). Errors of an entry sit under `[<key>]`, which the front end joins without a
    dot.
    """

    def __init__(self, inner: type[WireSchema], *, many: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner(many=many)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any]:
        return {str(key): self.inner.dump(value[key]) for key in sorted(value, key=str)} if value else {}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[UUID, Any]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        loaded: dict[UUID, Any] = {}
        errors: dict[str, Any] = {}
        for key, entry in value.items():
            if entry is None:
                continue
            uuid = parse_uuid(key)
            if uuid is None or not isinstance(entry, list if self.inner.many else dict):
                errors[f"[{key}]"] = ["invalidJSON"]
            else:
                try:
                    loaded[uuid] = self.inner.load(entry)
                except ValidationError as error:
                    errors[f"[{key}]"] = error.messages
        if errors:
            raise ValidationError(errors)
        return loaded


class OneForm(fields.Field[dict[str, Any]]):
    """An object of one of several forms, for the document: whoever loads it knows which form is meant."""

    def __init__(self, forms: tuple[type[WireSchema], ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.forms = forms


class Part(fields.Nested):
    """A nested object. Absent or null means all its defaults, when it has any; a non-object is `invalidJSON`."""

    def __init__(self, nested: type[WireSchema], **kwargs: Any) -> None:
        if not kwargs.get("required"):
            kwargs.setdefault("load_default", lambda: deepcopy(_defaults(nested)))
        super().__init__(nested, **kwargs)

    def _load(self, value: Any, partial: Any = None) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        return super()._load(value, partial)


@cache
def _defaults(kind: type[WireSchema]) -> Any:
    """What an empty object loads as, for copying: making a schema costs more than a whole body takes to load."""
    return kind().load({})


class WireSchema(Schema):
    """snake_case attributes, camelCase members; unknown members dropped; null means absent, in and out."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": "invalidJSON", "unknown": "invalid"}  # noqa: RUF012

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel_case(field_name)
        if field_obj.error_messages.get("required") == fields.Field.default_error_messages["required"]:
            field_obj.error_messages["required"] = "missing"

    @pre_load
    def drop_nulls(self, data: Any, **_: Any) -> Any:
        """null, in every dialect, means absent: the member's default applies, a required member is missing."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data

    @post_dump
    def drop_absent(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """null members are never emitted (login contract 0.3)."""
        return {key: value for key, value in data.items() if value is not None}
