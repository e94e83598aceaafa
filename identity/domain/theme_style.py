"""What a theme's variables make of the pages: the few values of CSS that are let through, each of a strict form.

A value that does not have its form is left out as if it were not there: nothing that an administrator typed reaches a
page in another meaning than the one that its variable has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

COLOUR = re.compile(
    r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
    r"|(?:rgb|hsl)a?\( ?\d{1,3}(?:\.\d{1,4})?%?(?:deg)?(?:(?: ?[,/] ?| )\d{0,3}(?:\.\d{1,4})?%?){2,3} ?\)"
)
_NAMES = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
    darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
    darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
    firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
    midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
    rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
    slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato transparent turquoise violet wheat
    white whitesmoke yellow yellowgreen
    """
NAMED_COLOURS = frozenset(_NAMES.split())
LENGTH = re.compile(r"0|\d{1,4}(?:\.\d{1,3})?(?:px|rem|em|%|vw|vh)")
FONT = re.compile(r"""[a-z][a-z0-9 _-]{0,59}|"[a-z0-9 _-]{1,60}"|'[a-z0-9 _-]{1,60}'""", re.IGNORECASE)
MOST_FONTS = 12
IMAGE = re.compile(
    r"https?://[a-z0-9.-]{1,253}(?::\d{1,5})?(?:/[a-z0-9._~!$&*+,;=:@%/?-]*)?"
    r"|data:image/(?:gif|jpeg|png|svg\+xml|webp);base64,[a-z0-9+/]+=*",
    re.IGNORECASE | re.ASCII,
)


def _colour(given: str) -> str | None:
    value = " ".join(given.lower().split())
    return value if value in NAMED_COLOURS or COLOUR.fullmatch(value) else None


def _length(given: str) -> str | None:
    value = given.strip().lower()
    return value if LENGTH.fullmatch(value) else None


def _size(given: str) -> str | None:
    """Of a background: a word, or one or two lengths."""
    words = given.lower().split()
    fits = len(words) in {1, 2} and all(word == "auto" or LENGTH.fullmatch(word) for word in words)
    return " ".join(words) if fits or words in (["cover"], ["contain"]) else None


def _fonts(given: str) -> str | None:
    names = [name.strip() for name in given.split(",")]
    return ", ".join(names) if len(names) <= MOST_FONTS and all(map(FONT.fullmatch, names)) else None


def _image(given: str) -> str | None:
    value = given.strip()
    return value if IMAGE.fullmatch(value) else None


def _image_of_css(given: str) -> str | None:
    value = _image(given)
    return f'url("{value}")' if value else None


BUTTONS: Mapping[str, Callable[[str], str | None]] = {
    "deleteButtonColor": _colour,
    "deleteButtonFocusColor": _colour,
    "deleteButtonTextColor": _colour,
    "deleteButtonTextFocusColor": _colour,
    "primaryButtonColor": _colour,
    "primaryButtonFocusColor": _colour,
    "primaryButtonTextColor": _colour,
    "primaryButtonTextFocusColor": _colour,
}
"""They have a ground of their own, so they fit the light and the dark page."""

GROUNDS: Mapping[str, Callable[[str], str | None]] = {
    "alertBackgroundColor": _colour,
    "alertFontColor": _colour,
    "backgroundImageURL": _image_of_css,
    "errorFontColor": _colour,
    "fontColor": _colour,
    "inputBackgroundColor": _colour,
    "inputTextColor": _colour,
    "linkTextColor": _colour,
    "linkTextFocusColor": _colour,
    "monoFontColor": _colour,
    "pageBackgroundColor": _colour,
    "panelBackgroundColor": _colour,
}
"""Colours that were chosen for each other: with any of these the page does not follow the reader's light or dark."""

SHAPES: Mapping[str, Callable[[str], str | None]] = {
    "backgroundSize": _size,
    "borderRadius": _length,
    "fontFamily": _fonts,
    "logoImageSize": _length,
    "monoFontFamily": _fonts,
}
KINDS = {**BUTTONS, **GROUNDS, **SHAPES}
TEXT_ON = {
    "deleteButtonColor": "deleteButtonTextColor",
    "inputBackgroundColor": "inputTextColor",
    "panelBackgroundColor": "fontColor",
    "deleteButtonFocusColor": "deleteButtonTextFocusColor",
    "primaryButtonColor": "primaryButtonTextColor",
    "primaryButtonFocusColor": "primaryButtonTextFocusColor",
}
"""What is written on a ground. A theme that changes the ground alone gets black or white on it."""


@dataclass(frozen=True, slots=True)
class ThemeStyle:
    """The part of a page's look that a theme decides."""

    css: str = ""
    """Custom properties, ready for a style element; empty when there are none."""

    logo: str | None = None
    images: tuple[str, ...] = ()
    """Where its images come from, as a content security policy names it."""

    scheme: str | None = None
    """light or dark; None: as the reader has it."""


OWN_STYLE = ThemeStyle()
"""The look that pages have without a theme."""


def style_of(variables: Mapping[str, Any]) -> ThemeStyle:
    """The style of a theme's `variables`, as the API stores them."""
    found = {name: value for name, form in KINDS.items() if (value := _taken(variables, name, form))}
    logo = _taken(variables, "logoImageURL", _image)
    images = [_taken(variables, "backgroundImageURL", _image), logo]
    found |= _readable(found)
    return ThemeStyle(
        css=":root{" + ";".join(f"{_property(name)}:{value}" for name, value in found.items()) + "}" if found else "",
        logo=logo,
        images=tuple(dict.fromkeys(_source(image) for image in images if image)),
        scheme=None if found.keys().isdisjoint(GROUNDS) else _scheme(found),
    )


def _taken(variables: Mapping[str, Any], name: str, form: Callable[[str], str | None]) -> str | None:
    given = variables.get(name)
    return form(given) if isinstance(given, str) else None


def _property(name: str) -> str:
    """primaryButtonColor is --primary-button-color."""
    return "--" + re.sub(r"[A-Z]+", lambda found: "-" + found[0].lower(), name)


def _readable(found: Mapping[str, str]) -> dict[str, str]:
    """Texts for grounds that were changed without their text. Only colours in hexadecimal are understood."""
    grounds = {text: found[ground] for ground, text in TEXT_ON.items() if ground in found and text not in found}
    return {text: _text_on(colour) for text, colour in grounds.items() if colour.startswith("#")}


def _text_on(colour: str) -> str:
    """Black or white, whichever has the greater contrast."""
    return "#000" if _is_light(colour) else "#fff"


def _scheme(found: Mapping[str, str]) -> str:
    """What the theme leaves open suits its panel: dark colours where that is dark."""
    panel = found.get("panelBackgroundColor", "")
    return "dark" if panel.startswith("#") and not _is_light(panel) else "light"


def _is_light(colour: str) -> bool:
    """Whether black has a greater contrast to it than white (WCAG 2, relative luminance)."""
    digits = colour[1:]
    pairs = (
        [digits[place : place + 2] for place in (0, 2, 4)] if len(digits) > 4 else [2 * digit for digit in digits[:3]]
    )
    red, green, blue = (_linear(int(pair, 16) / 255) for pair in pairs)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (luminance + 0.05) ** 2 > 1.05 * 0.05


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _source(image: str) -> str:
    parts = urlsplit(image)
    return "data:" if parts.scheme == "data" else f"{parts.scheme}://{parts.netloc}"
