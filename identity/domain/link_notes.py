"""What a door keeps in the data of a link, beside the token: values of its own, and parts of what the provider said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.domain.bounds import storable

LONGEST = 1_000
"""Characters of a kept text."""


@dataclass(frozen=True, slots=True)
class LinkNotes:
    """`profile` names members of the provider's answer that are kept where they are texts that say something."""

    values: Mapping[str, Any] = field(default_factory=dict)
    profile: tuple[str, ...] = ()

    def of(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The members for the link of the person whom this answer is about."""
        kept = {name: answer[name] for name in self.profile if _is_worth_keeping(answer.get(name))}
        return {**kept, **self.values}


def _is_worth_keeping(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and storable(value)
