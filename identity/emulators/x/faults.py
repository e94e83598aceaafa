"""The faults that can be switched on: what kinds there are, and which of those switched on meets the next call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

MOST_FAULTS = 1_000
LONGEST_WAIT = 60
"""Seconds that a fault may hold one call."""


class Endpoint(Enum):
    """The four places of X a login touches."""

    REQUEST_TOKEN = "request_token"  # noqa: S105 - a name, no secret
    AUTHORIZE = "authorize"
    ACCESS_TOKEN = "access_token"  # noqa: S105
    VERIFY_CREDENTIALS = "verify_credentials"


class Stage(Enum):
    """When a fault strikes, which decides whether the call still took effect."""

    BEFORE = "before the request is looked at"
    CONSENT = "when the person chooses"
    REFUSAL = "instead of the work: a token or verifier is not used up"
    ANSWER = "to the answer: the work was done"


_SIGNED = (Endpoint.REQUEST_TOKEN, Endpoint.ACCESS_TOKEN, Endpoint.VERIFY_CREDENTIALS)
_TOKENS = (Endpoint.REQUEST_TOKEN, Endpoint.ACCESS_TOKEN)
_VERIFY = (Endpoint.VERIFY_CREDENTIALS,)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault; `defaults` names the parameters it takes."""

    name: str
    stage: Stage
    endpoints: tuple[Endpoint, ...]
    summary: str
    code: int | None = None
    defaults: Mapping[str, int | str] = field(default_factory=dict)


_ALL_KINDS = (
    Kind("slow", Stage.BEFORE, _SIGNED, "answers late", defaults={"ms": 3_000}),
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
    Kind("garbage", Stage.ANSWER, _SIGNED, "bytes that are neither JSON nor a form"),
    Kind("html", Stage.ANSWER, _SIGNED, "an HTML page", defaults={"status": 200}),
    Kind("wrong_content_type", Stage.ANSWER, _SIGNED, "the right body with the content type image/png"),
    Kind("huge", Stage.ANSWER, _SIGNED, "the right body, padded", defaults={"bytes": 2_097_152}),
    Kind("huge_gzip", Stage.ANSWER, _SIGNED, "the same, compressed to almost nothing", defaults={"bytes": 16_777_216}),
    Kind("redirect", Stage.ANSWER, _SIGNED, "302 to elsewhere", defaults={"location": "/elsewhere"}),
    Kind("hang", Stage.ANSWER, _SIGNED, "no answer for a while, then a broken connection", defaults={"seconds": 30}),
    Kind("reset", Stage.ANSWER, _SIGNED, "the connection breaks within the answer"),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL_KINDS}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is switched on: for one endpoint or all, one person or all, some calls or (None) all."""

    kind: Kind
    endpoint: Endpoint | None = None
    person: str | None = None
    times: int | None = None
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    id: int = 0

    def meets(self, endpoint: Endpoint, person: str | None, stage: Stage) -> bool:
        """Whether it strikes a call of this person at this place."""
        return (
            self.kind.stage is stage
            and endpoint in self.kind.endpoints
            and self.endpoint in {None, endpoint}
            and self.person in {None, person}
        )

    def number(self, name: str) -> int:
        """A numeric parameter of the kind."""
        return int(self.parameters.get(name, self.kind.defaults[name]))

    def text(self, name: str) -> str:
        """A text parameter of the kind."""
        return str(self.parameters.get(name, self.kind.defaults[name]))


class Faults:
    """The faults switched on, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Fault | None:
        """Switch a fault on and give it an id; None when MOST_FAULTS are on already."""
        with self._lock:
            if len(self._faults) >= MOST_FAULTS:
                return None
            self._last_id += 1
            self._faults[self._last_id] = replace(fault, id=self._last_id)
            return self._faults[self._last_id]

    def take(self, endpoint: Endpoint, person: str | None, stage: Stage, kind: Kind | None = None) -> Fault | None:
        """The oldest fault that strikes this call (of this kind, when given), counted as used; None when none does."""
        with self._lock:
            for fault in self._faults.values():
                if fault.meets(endpoint, person, stage) and (kind is None or kind is fault.kind):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._faults[fault.id] = replace(fault, times=fault.times - 1)
        else:
            del self._faults[fault.id]

    def remove(self, fault_id: int) -> bool:
        """Switch one off; False when it is not on."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Those switched on, oldest first."""
        with self._lock:
            return list(self._faults.values())
