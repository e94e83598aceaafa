"""What is wrong with the members of a template, as errors for its author."""

from __future__ import annotations

from collections.abc import Mapping

from identity.domain.errors import Invalid, Problem, field_problem
from identity.domain.templates import problem_of


def refuse_bad_templates(sources: Mapping[str, str]) -> None:
    """`sources` are template texts by the path of their member. Raises Invalid with what is wrong in each."""
    found: dict[str, list[Problem]] = {}
    for path, source in sources.items():
        if (problem := problem_of(source)) is not None:
            found[path] = [field_problem(path, "invalid", problem)]
    if found:
        raise Invalid(found)
