"""Answers of the OAuth endpoints: JSON that nobody keeps, and refusals in FusionAuth's words.

Source: RFC 6749 sections 5.1 and 5.2, RFC 6750 section 3, supporting contract 21.2.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from identity.domain.oauth_errors import OAuthError, OAuthProblem

JSON_TYPE = "application/json; charset=UTF-8"
REALM = 'realm="identity"'
STATUSES = {OAuthError.INVALID_CLIENT: 401, OAuthError.INVALID_TOKEN: 401, OAuthError.SERVER_ERROR: 500}
"""Every other refusal is 400."""


def json_answer(payload: Any, status: int = 200, challenge: str | None = None) -> Response:
    """`challenge` is what a 401 says about how to do better."""
    response = Response(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS), status, content_type=JSON_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if challenge is not None:
        response.headers["WWW-Authenticate"] = challenge
    return response


def refusal(problem: OAuthProblem, status: int | None = None) -> Response:
    status = STATUSES.get(problem.error, 400) if status is None else status
    return json_answer(problem.members(), status, _challenge(problem) if status == 401 else None)


def _challenge(problem: OAuthProblem) -> str:
    """How a client, or a bearer of tokens, says who it is."""
    if problem.error is OAuthError.INVALID_TOKEN:
        error = "insufficient_scope" if problem.reason == "missing_openid_scope" else problem.error.value
        return f'Bearer {REALM}, error="{error}", error_description="{problem.description}"'
    return f"Basic {REALM}"
