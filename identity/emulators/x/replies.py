"""X's answers as values, and the error codes X documents with the status and text each comes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from identity.emulators.replies import Refused, Reply, compact
from identity.emulators.spoil import HTML

JSON = "application/json;charset=utf-8"
TEXT = HTML
"""X labels the plain text and the form bodies of /oauth/* as HTML."""

ERRORS: Mapping[int, tuple[int, str]] = {
    32: (401, "Could not authenticate you."),
    34: (404, "Sorry, that page does not exist."),
    63: (403, "User has been suspended."),
    64: (403, "Your account is suspended and is not permitted to access this feature."),
    86: (405, "This method is not allowed for this resource."),
    87: (403, "Client is not permitted to perform this action."),
    88: (429, "Rate limit exceeded."),
    89: (401, "Invalid or expired token."),
    130: (503, "Over capacity."),
    131: (500, "Internal error."),
    135: (401, "Timestamp out of bounds."),
    215: (400, "Bad Authentication data."),
    220: (403, "Your credentials do not allow access to this resource."),
    326: (403, "To protect our users from spam and other malicious activity, this account is temporarily locked."),
    415: (403, "Callback URL not approved for this client application."),
    416: (401, "Invalid / suspended application."),
    417: (403, "Desktop applications only support the oauth_callback value 'oob'."),
    453: (
        403,
        "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints "
        "(e.g. media post, oauth) only.",
    ),
}
"""Code to status and message. Source: X's response codes page; the pairing follows login contract 7.5."""


def json_reply(document: Mapping[str, Any], status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON answer in X's compact form."""
    return Reply(status, compact(document), JSON, headers)


def form_reply(members: Mapping[str, str]) -> Reply:
    """The form-encoded answer of a successful OAuth leg."""
    return Reply(200, urlencode(members).encode(), TEXT)


def text_reply(status: int, text: str) -> Reply:
    """The plain-text refusal of an OAuth leg."""
    return Reply(status, text.encode(), TEXT)


def error_reply(code: int, status: int | None = None) -> Reply:
    """X's JSON error of this code, with its usual status unless another is given."""
    usual, message = ERRORS[code]
    return json_reply({"errors": [{"code": code, "message": message}]}, status or usual)


def refuse(code: int, reason: str, status: int | None = None) -> Refused:
    """The exception for a coded refusal."""
    return Refused(error_reply(code, status), reason)
