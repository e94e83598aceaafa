"""The OAuth endpoints in the OpenAPI document (decision 32)."""

from __future__ import annotations

from typing import Any

from identity.domain.oauth import Grant
from identity.domain.oauth_errors import OAuthError
from identity.http import body

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
ID: Json = {"type": "string", "format": "uuid"}
NUMBER: Json = {"type": "integer"}
GRANTS = [each.value for each in Grant if each is not Grant.IMPLICIT]

ERROR: Json = {
    "type": "object",
    "required": ["error", "error_reason", "error_description"],
    "properties": {
        "change_password_id": TEXT,
        "error": {"type": "string", "enum": [each.value for each in OAuthError]},
        "error_description": TEXT,
        "error_reason": TEXT,
        "two_factor_id": TEXT,
        "two_factor_methods": {"type": "array", "items": {"type": "object"}},
    },
}
TOKENS: Json = {
    "type": "object",
    "required": ["access_token", "expires_in", "token_type", "userId"],
    "properties": {
        "access_token": TEXT,
        "expires_in": NUMBER,
        "id_token": TEXT,
        "refresh_token": TEXT,
        "refresh_token_id": ID,
        "scope": TEXT,
        "token_type": {"type": "string", "enum": ["Bearer"]},
        "userId": ID,
    },
}
CLIENT: Json = {"client_id": ID, "client_secret": TEXT}
"""In the form, unless the client authenticates by Basic."""

DESCRIPTIONS = {
    400: "The request was refused.",
    401: "The client is not verified; WWW-Authenticate says how it may be.",
    404: "There is no such tenant.",
    413: "The request is too large.",
    429: "Too many failed logins; Retry-After says when to try again.",
    500: "A lambda failed.",
    503: "The database is not available; Retry-After says when to try again.",
    504: "A transactional webhook refused.",
}
WITHOUT_BODY = frozenset({404})


def answers(content: Json, *statuses: int, **texts: str) -> Json:
    """The answers of an operation: its own, and refusals of these statuses; `texts` by `on_401` and the like."""
    found: Json = {"200": {"description": "The request was successful.", **_json(content)}}
    for status in statuses:
        description = texts.get(f"on_{status}", DESCRIPTIONS[status])
        found[str(status)] = {"description": description, **({} if status in WITHOUT_BODY else _json(ERROR))}
    return {"responses": found, "security": []}


def form(required: list[str], **members: Json) -> Json:
    properties = dict(sorted({**CLIENT, **members}.items()))
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {body.FORM: {"schema": schema}}}}


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


ANY_CLAIMS: Json = {"type": "object", "additionalProperties": True}

TOKEN = {
    **form(
        ["grant_type"],
        grant_type={"type": "string", "enum": GRANTS},
        code=TEXT,
        code_verifier=TEXT,
        expires_in=NUMBER,
        password=TEXT,
        redirect_uri=TEXT,
        refresh_token=TEXT,
        scope=TEXT,
        username=TEXT,
    ),
    **answers(TOKENS, 400, 401, 413, 429, 500, 503, 504),
}
USERINFO = answers(
    ANY_CLAIMS, 401, 500, 503, on_401="The access token is missing, not valid, or lacks the scope openid."
)
INTROSPECTION = {
    **form(["token"], token=TEXT),
    **answers({**ANY_CLAIMS, "properties": {"active": {"type": "boolean"}}}, 400, 401, 413, 503),
}
DISCOVERY: Json = {
    **answers(ANY_CLAIMS, 404, 503),
    "parameters": [
        {"in": "query", "name": "tenantId", "description": "A tenant other than the default one.", "schema": ID}
    ],
}
DISCOVERY_OF_TENANT: Json = {
    **answers(ANY_CLAIMS, 404, 503),
    "parameters": [{"in": "path", "name": "tenant_id", "required": True, "schema": ID}],
}
