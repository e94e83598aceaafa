"""A QR code as part of a page: no file, no script, no style of its own."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """An inline picture that fills what it stands in; dark on light, whatever the page's colours are. A screen
    has no scratches: the least correction gives the largest modules."""
    drawn = segno.make(text, error="l", micro=False)
    picture = drawn.svg_inline(svgclass="qr", lineclass=None, dark="#000", light="#fff", border=2, omitsize=True)
    return Markup(picture)  # noqa: S704 (segno draws modules; nothing of the text is in it)
