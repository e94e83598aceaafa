"""The body of a call at the Rocket.Chat door: whatever can not be read counts as empty (rocket section 2.1)."""

from __future__ import annotations

from typing import Any

from flask import Request

from identity.domain.errors import Invalid
from identity.http import body

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def read_body(request: Request) -> Any:
    """JSON of any kind, or the fields of a form, or an empty object. Raises RequestEntityTooLarge."""
    kind = (request.content_type or "").lower()
    if JSON in kind:
        try:
            return body.read_json(request)
        except Invalid:
            return {}
    if FORM in kind:
        return body.read_form(request)
    return {}
