"""The people who have an account at an emulated provider."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

MOST_PEOPLE = 50_000


class Account(Protocol):
    """What every emulator's person has: a frozen dataclass with these."""

    @property
    def key(self) -> str:
        """Its name in the control API."""

    @property
    def id(self) -> str:
        """Its id at the provider."""

    @property
    def fault(self) -> str | None:
        """The kind of fault that this person's calls always meet, or None."""


P = TypeVar("P", bound=Account)


class PeopleFull(Exception):
    """There are MOST_PEOPLE already."""


class People(Generic[P]):
    """The accounts by key, in the order they were added."""

    def __init__(self, people: Iterable[P]) -> None:
        self._lock = threading.Lock()
        self._people = {person.key: person for person in people}
        self._keys = {person.id: person.key for person in self._people.values()}

    def find(self, key_or_id: str) -> P | None:
        """The person with this key, or else with this id of the provider."""
        with self._lock:
            return self._people.get(key_or_id) or self._people.get(self._keys.get(key_or_id, ""))

    def add(self, people: Sequence[P]) -> P | None:
        """Add all of them, or none and give back the first whose key or id is taken. Raises PeopleFull."""
        with self._lock:
            taken = self._people.keys() | self._keys.keys()
            for person in people:
                if {person.key, person.id} & taken:
                    return person
                taken |= {person.key, person.id}
            if len(self._people) + len(people) > MOST_PEOPLE:
                raise PeopleFull
            self._people.update({person.key: person for person in people})
            self._keys.update({person.id: person.key for person in people})
        return None

    def change(self, key_or_id: str, changes: dict[str, Any]) -> P | None:
        """Apply changes (never of key and id) to a person; None when there is no such one."""
        with self._lock:
            key = key_or_id if key_or_id in self._people else self._keys.get(key_or_id, "")
            if key not in self._people:
                return None
            self._people[key] = replace(self._people[key], **changes)  # type: ignore[type-var]  # each is a dataclass
            return self._people[key]

    def first(self, count: int) -> list[P]:
        """The first people in the order they were added."""
        with self._lock:
            return list(self._people.values())[:count]

    def __len__(self) -> int:
        return len(self._people)
