"""The kinds of fault that the emulated X knows, and the places of it where they strike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from identity.emulators.faults import Kind, Stage, damaging_kinds


class Endpoint(Enum):
    """The four places of X a login touches."""

    REQUEST_TOKEN = "request_token"  # noqa: S105 - a name, no secret
    AUTHORIZE = "authorize"
    ACCESS_TOKEN = "access_token"  # noqa: S105
    VERIFY_CREDENTIALS = "verify_credentials"


_SIGNED = (Endpoint.REQUEST_TOKEN, Endpoint.ACCESS_TOKEN, Endpoint.VERIFY_CREDENTIALS)
_TOKENS = (Endpoint.REQUEST_TOKEN, Endpoint.ACCESS_TOKEN)
_VERIFY = (Endpoint.VERIFY_CREDENTIALS,)

_ALL_KINDS = (
    Kind(
        "clock_skew", Stage.BEFORE, _SIGNED, "X's clock, and its Date header, are off: 135 beyond 300 s",
        defaults={"seconds": 3_600},
    ),
    Kind("denied", Stage.CONSENT, (Endpoint.AUTHORIZE,), "the person refuses, whatever was chosen"),
    Kind("could_not_authenticate", Stage.REFUSAL, _SIGNED, "401 with code 32", 32),
    Kind("suspended", Stage.REFUSAL, _VERIFY, "403 with code 63 (or 64)", 63, {"code": 63}),
    Kind("not_permitted", Stage.REFUSAL, _SIGNED, "403 with code 87", 87),
    Kind("rate_limited", Stage.REFUSAL, _SIGNED, "429 with code 88 and the reset time", 88, {"reset_in_s": 900}),
    Kind("invalid_token", Stage.REFUSAL, _SIGNED, "401 (or 403) with code 89", 89, {"status": 401}),
    Kind("over_capacity", Stage.REFUSAL, _SIGNED, "503 with code 130", 130),
    Kind("internal_error", Stage.REFUSAL, _SIGNED, "500 with code 131", 131),
    Kind("unavailable", Stage.REFUSAL, _SIGNED, "a 5xx of the load balancer, not JSON", defaults={"status": 503}),
    Kind("no_access", Stage.REFUSAL, _SIGNED, "403 with code 220", 220),
    Kind("locked", Stage.REFUSAL, _VERIFY, "403 with code 326", 326),
    Kind("callback_not_approved", Stage.REFUSAL, (Endpoint.REQUEST_TOKEN,), "403 with code 415", 415),
    Kind("app_suspended", Stage.REFUSAL, _SIGNED, "401 with code 416", 416, {"status": 401}),
    Kind("tier", Stage.REFUSAL, _VERIFY, "403 with code 453", 453),
    Kind("no_email", Stage.ANSWER, _VERIFY, "the e-mail address is null"),
    Kind("missing_id", Stage.ANSWER, _VERIFY, "the user has no id_str"),
    Kind("wrong_id_type", Stage.ANSWER, _VERIFY, "id_str is a number"),
    Kind("callback_unconfirmed", Stage.ANSWER, (Endpoint.REQUEST_TOKEN,), "oauth_callback_confirmed=false"),
    Kind("missing_secret", Stage.ANSWER, _TOKENS, "the answer has no oauth_token_secret"),
    *damaging_kinds(_SIGNED),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL_KINDS}
