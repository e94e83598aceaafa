"""What the database refuses because a key is taken, as the error of the field that the key comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from identity.domain.errors import invalid_field
from identity.store.db import UniqueConflict


@contextmanager
def duplicates_named(fields: Mapping[str, str]) -> Iterator[None]:
    """Around a write; `fields` has the path of each constraint's field. Raises Invalid."""
    try:
        yield
    except UniqueConflict as conflict:
        if conflict.constraint not in fields:
            raise
        raise invalid_field(fields[conflict.constraint], "duplicate") from conflict
