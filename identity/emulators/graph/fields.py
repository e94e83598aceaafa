"""The `fields` of a read of a person, and what Graph answers for each."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from identity.emulators.graph.options import App
from identity.emulators.graph.people import Person
from identity.emulators.graph.replies import GraphError, no_such_field, refuse

NAMES = ("name", "first_name", "middle_name", "last_name", "short_name", "name_format", "locale", "email", "picture")
BEYOND_PERMISSION = ("age_range", "birthday", "gender", "hometown", "link", "location")
"""They exist, but nobody ever grants them here: Graph then leaves them out without a word."""
USUAL = "id,name"
SMALL = 50
SIZES = {"small": 50, "normal": 100, "album": 50, "large": 200, "square": 50}
BIGGEST = 720
_FIELD = re.compile(r"([a-z_]+)((?:\.[a-z_]+\([a-z0-9]+\))*)(?:\{[a-z_,]*\})?")
_MODIFIER = re.compile(r"\.([a-z_]+)\(([a-z0-9]+)\)")
_SEPARATOR = re.compile(r",(?![^{]*\})")


def user(person: Person, app: App, scopes: tuple[str, ...], fields: str) -> dict[str, Any]:
    """The person as this app may see them; `id` is always there. Raises Refused for a field that there is not."""
    values = _values(person, "email" in scopes)
    found: dict[str, Any] = {}
    for name, modifiers in _parsed(fields or USUAL):
        if name == "picture":
            found[name] = {"data": picture(person, app, *_size(modifiers))}
        elif values.get(name):
            found[name] = values[name]
    return found | {"id": person.id_for(app.id)}


def picture(person: Person, app: App, width: int, height: int) -> dict[str, Any]:
    """The picture's `data`."""
    asid = person.id_for(app.id)
    digest = hashlib.sha256(asid.encode()).hexdigest()[:20]
    url = f"https://platform-lookaside.fbsbx.com/platform/profilepic/?asid={asid}&height={height}&width={width}"
    return {"height": height, "is_silhouette": person.silhouette, "url": f"{url}&hash={digest}", "width": width}


def picture_size(given: dict[str, str]) -> tuple[int, int]:
    """The size that parameters, or modifiers of the field, ask for: a `type`, or a width, a height, or both."""
    usual = SIZES.get(given.get("type", ""), SMALL)
    width, height = (_pixels(given.get(name)) for name in ("width", "height"))
    return width or height or usual, height or width or usual


def _size(modifiers: str) -> tuple[int, int]:
    return picture_size(dict(_MODIFIER.findall(modifiers)))


def _pixels(text: str | None) -> int | None:
    return min(int(text), BIGGEST) if text and text.isascii() and text.isdigit() and len(text) < 6 else None


def _values(person: Person, email_granted: bool) -> dict[str, str | None]:
    return {
        "name": person.name,
        "first_name": person.first_name,
        "middle_name": person.middle_name,
        "last_name": person.last_name,
        "short_name": person.first_name,
        "name_format": "{first} {last}",
        "locale": person.locale,
        "email": person.email if email_granted else None,
    }


def _parsed(fields: str) -> list[tuple[str, str]]:
    """Each field with its modifiers. Raises Refused."""
    found: list[tuple[str, str]] = []
    for text in _SEPARATOR.split(fields):
        match = _FIELD.fullmatch(text.strip())
        if match is None:
            raise refuse(_syntax(f'"{text[:100]}" at character 0: Expected a field'))
        if match[1] not in {"id", *NAMES, *BEYOND_PERMISSION}:
            raise refuse(no_such_field(match[1]))
        if match[1] in {name for name, _ in found}:
            raise refuse(_syntax(f'"Field {match[1]} specified more than once"'))
        found.append((match[1], match[2]))
    return found


def _syntax(text: str) -> GraphError:
    return GraphError(2500, f"Syntax error {text}")
