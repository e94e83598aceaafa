"""The kinds of fault that the emulated Facebook knows, and the places of it where they strike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from identity.emulators.faults import Kind, Stage, damaging_kinds


class Endpoint(Enum):
    """The places of Facebook that a login touches."""

    DIALOG = "dialog"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a name, no secret
    ME = "me"
    PICTURE = "picture"
    DEBUG_TOKEN = "debug_token"  # noqa: S105
    PERMISSIONS = "permissions"


_GRAPH = (Endpoint.ACCESS_TOKEN, Endpoint.ME, Endpoint.PICTURE, Endpoint.DEBUG_TOKEN, Endpoint.PERMISSIONS)
_TOKEN = (Endpoint.ACCESS_TOKEN,)
_ME = (Endpoint.ME,)
_PICTURE = (Endpoint.PICTURE,)
_BY_TOKEN = (Endpoint.ME, Endpoint.PICTURE, Endpoint.PERMISSIONS)

_ALL_KINDS = (
    Kind("denied", Stage.CONSENT, (Endpoint.DIALOG,), "the person refuses, whatever was chosen"),
    Kind("unknown_error", Stage.REFUSAL, _GRAPH, "code 1", 1, {"status": 500}),
    Kind("transient", Stage.REFUSAL, _GRAPH, "code 2 with is_transient", 2, {"status": 500}),
    Kind("app_throttled", Stage.REFUSAL, _GRAPH, "code 4", 4, {"status": 403}),
    Kind("user_throttled", Stage.REFUSAL, _GRAPH, "code 17", 17, {"status": 400}),
    Kind("no_permission", Stage.REFUSAL, _GRAPH, "code 10", 10, {"status": 403}),
    Kind("permission_missing", Stage.REFUSAL, _GRAPH, "code 200", 200, {"status": 403}),
    Kind("bad_parameter", Stage.REFUSAL, _GRAPH, "code 100", 100, {"status": 400}),
    Kind("session", Stage.REFUSAL, _GRAPH, "code 102", 102, {"status": 400}),
    Kind("invalid_token", Stage.REFUSAL, _GRAPH, "code 190", 190, {"status": 400}),
    Kind("app_removed", Stage.REFUSAL, _BY_TOKEN, "code 190/458", 458, {"status": 400}),
    Kind("checkpoint", Stage.REFUSAL, _BY_TOKEN, "code 190/459", 459, {"status": 400}),
    Kind("password_changed", Stage.REFUSAL, _BY_TOKEN, "code 190/460", 460, {"status": 400}),
    Kind("expired", Stage.REFUSAL, _BY_TOKEN, "code 190/463", 463, {"status": 400}),
    Kind("logged_out", Stage.REFUSAL, _BY_TOKEN, "code 190/467", 467, {"status": 400}),
    Kind("unavailable", Stage.REFUSAL, _GRAPH, "a 5xx of the load balancer, not JSON", defaults={"status": 503}),
    Kind("no_email", Stage.ANSWER, _ME, "the user has no email"),
    Kind("missing_id", Stage.ANSWER, _ME, "the user has no id"),
    Kind("wrong_id_type", Stage.ANSWER, _ME, "id is a number"),
    Kind("wrong_types", Stage.ANSWER, _ME, "name is a list, email an object and picture a text"),
    Kind("no_picture", Stage.ANSWER, _PICTURE, "the answer has no data"),
    Kind("missing_token", Stage.ANSWER, _TOKEN, "the answer has no access_token"),
    Kind("wrong_token_type", Stage.ANSWER, _TOKEN, "access_token is a number and expires_in a text"),
    *damaging_kinds(_GRAPH),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL_KINDS}
