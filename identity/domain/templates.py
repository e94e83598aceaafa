"""The language of mail and message templates: text, `${name.path}`, and `[#if name.path]`, `[#else]`, `[/#if]`.

A small part of FreeMarker, so that simple templates of a FusionAuth installation work unchanged; everything else of it
is refused when a template is saved (decision 43). There are no loops and no expressions: what a template costs is
bounded by its length, and a path reads members of mappings only, never attributes of objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from html import escape
from uuid import UUID

LONGEST_SOURCE = 100_000
MOST_TAGS = 1_000
DEEPEST = 20
LONGEST_VALUE = 10_000
"""Characters of one value; the rest of it is cut off."""
LONGEST_OUTPUT = 500_000
"""Characters of a whole rendered text; it ends there."""

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
PATH = re.compile(rf"{NAME}(?:\.{NAME}){{0,9}}")
CONDITION = re.compile(rf"if\s+(?P<not>!?)\s*(?P<path>{NAME}(?:\.{NAME}){{0,9}})(?P<given>\?\?)?\s*")
TAG = re.compile(r"[$#]\{|\[/?[#@]|</?[#@]")
"""Whatever FreeMarker could take for the beginning of something, in either of its syntaxes."""

ALLOWED = "only ${name}, [#if name], [#else] and [/#if] are understood here"


class BadTemplate(Exception):
    """The template is not understood; the message says where and why, in words for its author."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"Line {line}: {problem}.")


@dataclass(frozen=True, slots=True)
class Value:
    """`${user.firstName}`"""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`[#if user.firstName]`: true for what is there and neither false nor empty; with `??` for what is there."""

    path: tuple[str, ...]
    negated: bool
    asks_presence: bool


class Mark(Enum):
    ELSE = auto()
    END = auto()


Part = str | Value | If | Mark
Variables = Mapping[str, object]


def parse(source: str) -> tuple[Part, ...]:
    """The template in pieces, conditions and their ends in the order of the text. Raises BadTemplate."""
    parts: list[Part] = []
    open_conditions: list[bool] = []  # whether each has had its else
    at = tags = 0
    while (tag := TAG.search(source, at)) is not None:
        parts.append(source[at : tag.start()])
        part, at = _tag(source, tag)
        tags += 1
        if (problem := _place_problem(part, open_conditions)) or tags > MOST_TAGS:
            raise BadTemplate(_line(source, tag.start()), problem or f"there are more than {MOST_TAGS} tags")
        parts.append(part)
    if open_conditions:
        raise BadTemplate(_line(source, len(source)), "an [#if] has no [/#if]")
    parts.append(source[at:])
    return tuple(part for part in parts if part != "")


def problem_of(source: str) -> str | None:
    """Why the template can not be taken; None when it can."""
    try:
        parse(source)
    except BadTemplate as error:
        return str(error)
    return None


def render(source: str, variables: Variables, *, html: bool = False) -> str:
    """The text with its values in place, a missing one empty; with `html` they are escaped. Raises BadTemplate."""
    written: list[str] = []
    left = LONGEST_OUTPUT
    shown: list[bool] = []  # one per open condition
    for part in parse(source):
        if isinstance(part, If):
            shown.append(_holds(part, variables))
        elif part is Mark.ELSE:
            shown[-1] = not shown[-1]
        elif part is Mark.END:
            shown.pop()
        elif all(shown):
            text = _text(part, variables, html)[:left]
            written.append(text)
            left -= len(text)
    return "".join(written)


def localized(default: str, by_language: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text in the first of these languages that there is one in: `pt_BR` finds `pt_BR`, else `pt`."""
    known = {_folded(language): text for language, text in by_language.items()}
    for language in map(_folded, languages):
        for wanted in (language, language.partition("_")[0]):
            if wanted in known:
                return known[wanted]
    return default


def _folded(language: str) -> str:
    return language.replace("-", "_").lower()


def _tag(source: str, tag: re.Match[str]) -> tuple[Value | If | Mark, int]:
    """What begins here, and where the text goes on. Raises BadTemplate."""
    opening = tag.group()
    end = source.find("}" if opening == "${" else "]", tag.end())
    if opening not in {"${", "[#", "[/#"}:
        raise BadTemplate(_line(source, tag.start()), f"{opening} is not understood; {ALLOWED}")
    if end < 0:
        raise BadTemplate(_line(source, tag.start()), f"{opening} has no end")
    inner = source[tag.end() : end]
    part = _value(inner) if opening == "${" else _directive(opening + inner + "]")
    if part is None:
        raise BadTemplate(
            _line(source, tag.start()), f"{source[tag.start() : end + 1][:100]} is not understood; {ALLOWED}"
        )
    return part, end + 1


def _value(inner: str) -> Value | None:
    return Value(tuple(inner.strip().split("."))) if PATH.fullmatch(inner.strip()) else None


def _directive(text: str) -> If | Mark | None:
    if text == "[#else]":
        return Mark.ELSE
    if text == "[/#if]":
        return Mark.END
    found = CONDITION.fullmatch(text[2:-1]) if text.startswith("[#") else None
    if found is None:
        return None
    return If(tuple(found["path"].split(".")), found["not"] == "!", found["given"] is not None)


def _place_problem(part: Part, open_conditions: list[bool]) -> str | None:
    """Why the part can not stand here; keeps account of the open conditions."""
    if isinstance(part, If):
        open_conditions.append(False)
        return f"conditions lie more than {DEEPEST} deep" if len(open_conditions) > DEEPEST else None
    if isinstance(part, Value):
        return None
    if not open_conditions:
        return "there is no [#if] before this"
    if part is Mark.END:
        open_conditions.pop()
    elif open_conditions[-1]:
        return "an [#if] has two [#else]"
    else:
        open_conditions[-1] = True
    return None


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1


def _holds(condition: If, variables: Variables) -> bool:
    found = _found(condition.path, variables)
    holds = found is not None if condition.asks_presence else bool(found)
    return holds is not condition.negated


def _found(path: tuple[str, ...], variables: Variables) -> object:
    found: object = variables
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _text(part: str | Value, variables: Variables, html: bool) -> str:
    if isinstance(part, str):
        return part
    found = _found(part.path, variables)
    match found:
        case bool():
            text = "true" if found else "false"
        case str() | int() | float() | UUID():
            text = str(found)[:LONGEST_VALUE]
        case _:
            text = ""
    return escape(text) if html else text
