"""Graph's answers as values, and the errors it is known to give, each with its status, type and text."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.emulators.replies import Refused, Reply, compact

JSON = "application/json; charset=UTF-8"
OAUTH = "OAuthException"
METHOD = "GraphMethodException"
_UNCACHED = (
    ("Cache-Control", "private, no-cache, no-store, must-revalidate"),
    ("Expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("Pragma", "no-cache"),
)
SESSION = "Error validating access token: "


@dataclass(frozen=True, slots=True)
class GraphError:
    """One error of Graph. `name` is what `WWW-Authenticate` calls an OAuth error."""

    code: int
    message: str
    status: int = 400
    type: str = OAUTH
    subcode: int | None = None
    name: str = "invalid_request"
    transient: bool = False


UNKNOWN = GraphError(1, "An unknown error has occurred.", 500)
TRANSIENT = GraphError(
    2, "An unexpected error has occurred. Please retry your request later.", 500, transient=True
)  # fmt: skip
WRONG_SECRET = GraphError(1, "Error validating client secret.", name="invalid_client")
UNKNOWN_APP = GraphError(
    101, "Error validating application. Cannot get application info due to a system error.", name="invalid_client"
)
MISSING_APP = GraphError(101, "Missing client_id parameter.", name="invalid_client")
MISSING_SECRET = GraphError(1, "Missing client_secret parameter.", name="invalid_client")
MISSING_REDIRECT = GraphError(191, "Missing redirect_uri parameter.")
MISSING_CODE = GraphError(1, "Missing authorization code")
MALFORMED_CODE = GraphError(100, "Invalid verification code format.", name="invalid_code")
EXPIRED_CODE = GraphError(100, "This authorization code has expired.", subcode=36007, name="invalid_code")
OTHER_REDIRECT = GraphError(
    100,
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
    "OAuth dialog request",
    subcode=36008,
    name="invalid_code",
)
USED_CODE = GraphError(100, "This authorization code has been used.", subcode=36009, name="invalid_code")
NO_TOKEN = GraphError(2500, "An active access token must be used to query information about the current user.")
UNPARSABLE_TOKEN = GraphError(190, "Invalid OAuth access token - Cannot parse access token", name="invalid_token")
WRONG_PROOF = GraphError(100, "Invalid appsecret_proof provided in the API argument", type=METHOD)
MISSING_PROOF = GraphError(100, "API calls from the server require an appsecret_proof argument", type=METHOD)
OTHER_APP = GraphError(100, "(#100) The App_id in the input_token did not match the Viewing App")

BY_CODE: Mapping[int, GraphError] = {
    error.code: error
    for error in (
        UNKNOWN,
        TRANSIENT,
        GraphError(4, "(#4) Application request limit reached", 403),
        GraphError(10, "(#10) Application does not have permission for this action", 403),
        GraphError(17, "(#17) User request limit reached"),
        GraphError(100, "(#100) Invalid parameter"),
        GraphError(102, "Session key invalid or no longer valid", name="invalid_token"),
        UNPARSABLE_TOKEN,
        GraphError(200, "(#200) Permissions error", 403, name="insufficient_scope"),
    )
}
BY_SUBCODE: Mapping[int, str] = {
    458: "The user has not authorized application {app}.",
    459: "You cannot access the app till you log in to www.facebook.com and follow the instructions given.",
    460: "The session has been invalidated because the user changed their password or Facebook has changed the "
    "session for security reasons.",
    463: "Session has expired on {expiry}. The current time is {now}.",
    467: "The session is invalid because the user logged out.",
}
"""What is wrong with a token, by the subcode of code 190."""


def session_error(subcode: int, **facts: str) -> GraphError:
    """The 190 of a token that was good once."""
    return GraphError(190, SESSION + BY_SUBCODE[subcode].format(**facts), subcode=subcode, name="invalid_token")


def no_such_field(name: str) -> GraphError:
    return GraphError(100, f"(#100) Tried accessing nonexisting field ({name}) on node type (User)")


def no_such_object(node: str) -> GraphError:
    text = (
        f"Unsupported get request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(100, text, type=METHOD, subcode=33)


def json_reply(document: Mapping[str, Any], status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON answer of Graph, which escapes more than JSON asks for."""
    body = compact(document).replace(b"/", rb"\/").replace(b"@", rb"\u0040")
    return Reply(status, body, JSON, (*headers, *_UNCACHED))


def error_reply(error: GraphError, status: int | None = None) -> Reply:
    """Graph's error body, with its usual status unless another is given."""
    trace = f"A{secrets.token_urlsafe(16)}"
    body: dict[str, Any] = {"message": error.message, "type": error.type, "code": error.code}
    if error.transient:
        body["is_transient"] = True
    if error.subcode is not None:
        body["error_subcode"] = error.subcode
    challenge = f'OAuth "Facebook Platform" "{error.name}" "{_ascii(error.message)}"'
    headers = (("WWW-Authenticate", challenge),) if error.type == OAUTH else ()
    return json_reply(
        {"error": body | {"fbtrace_id": trace}}, status or error.status, (*headers, ("x-fb-trace-id", trace))
    )


def refuse(error: GraphError, reason: str = "") -> Refused:
    """The exception for an error; the reason is what only the emulator's owner is told."""
    return Refused(error_reply(error), reason or error.message)


def _ascii(text: str) -> str:
    """Fit for a header: what the caller sent may stand in a message."""
    return "".join(sign if " " <= sign <= "~" and sign != '"' else "?" for sign in text)
