"""What goes to a lambda and what comes back: JSON both ways, bounded, and judged as untrusted (security T26)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from identity.domain.bounds import storable
from identity.outbound.lambda_process import RESULT_BYTES

ARGUMENT_BYTES = 256 * 1024
MESSAGE_CHARACTERS = 4_000

Level = Literal["info", "debug", "error"]
Failure = Literal["threw", "timeout", "memory", "input", "output", "crash", "busy"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """All that one call wrote at one level, one message a line: it becomes one event-log entry (contract 6.3)."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class LambdaResult:
    arguments: list[Any]
    """The mutable arguments as the lambda left them: untrusted, but of the JSON kind they had."""

    logs: tuple[LogLine, ...]


class LambdaFailed(Exception):
    """The lambda did not do its work; nothing it changed may be used.

    `kind` is `threw`, `timeout`, `memory`; `input` (source or arguments too large), `output` (too large, or no JSON of
    the kind it was), `crash` (its process died), `busy` (no process became free in time). `message` is for the event
    log, never for the caller of the API.
    """

    def __init__(self, kind: Failure, message: str, logs: tuple[LogLine, ...] = ()) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.logs = logs


def dumped_arguments(arguments: list[Any]) -> str:
    try:
        text = json.dumps(arguments, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise LambdaFailed("input", f"The arguments are no JSON: {error}.") from None
    if size > ARGUMENT_BYTES:
        raise LambdaFailed("input", f"The arguments are larger than {ARGUMENT_BYTES // 1024} KiB.")
    # The engine takes UTF-8 only: half a surrogate pair, which X may send, passes as an escape.
    return text if storable(text) else json.dumps(arguments)


def raise_failure(answer: dict[str, Any]) -> None:
    kind = answer.get("kind")
    if kind is not None:
        message = _clean(str(answer.get("message"))).strip()[:MESSAGE_CHARACTERS]
        raise LambdaFailed(kind if kind in get_args(Failure) else "crash", message, logs_of(answer))


def logs_of(answer: dict[str, Any]) -> tuple[LogLine, ...]:
    try:
        texts = json.loads(answer["logs"])
        return tuple(LogLine(level, _clean(texts[level])) for level in get_args(Level) if level in texts)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ()


def _clean(text: str) -> str:
    """Storable text: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def results_of(answer: dict[str, Any], originals: list[Any], logs: tuple[LogLine, ...]) -> list[Any]:
    try:
        pairs = [("", None) if text is None else json.loads(text) for text in answer["results"]]
        if sum(len((now or "").encode()) for _, now in pairs) > RESULT_BYTES:
            raise ValueError(f"it is larger than {RESULT_BYTES // 1024} KiB")
        return [_result(seen, now, original) for (seen, now), original in zip(pairs, originals, strict=True)]
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise LambdaFailed("output", f"What the lambda left behind is not usable: {error}.", logs) from None


def _result(seen: str, now: str | None, original: Any) -> Any:
    if now is None:
        return original
    before, after = (json.loads(text, parse_constant=_no_constant, parse_int=_number) for text in (seen, now))
    for kind in (dict, list):
        if isinstance(original, kind) and not isinstance(after, kind):
            raise ValueError("an object or array became something else")
    return restored(original, before, after)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _number(digits: str) -> int | float:
    """JavaScript writes its floats up to 10^21 like integers; as such nobody else could write those beyond 64 bits."""
    value = int(digits)
    return value if -(2**63) <= value < 2**64 else float(value)


def restored(original: Any, seen: Any, now: Any) -> Any:
    """What the lambda left, with every member it did not touch as it was before it went through JavaScript.

    JavaScript knows no integers above 2^53: an id that the lambda never looked at must not come back rounded.
    """
    if isinstance(now, dict) and isinstance(seen, dict) and isinstance(original, dict):
        return {name: restored(original.get(name), seen.get(name), value) for name, value in now.items()}
    if isinstance(now, list) and isinstance(seen, list) and isinstance(original, list) and len(now) == len(seen):
        return [restored(*three) for three in zip(original, seen, now, strict=True)]
    return original if type(now) is type(seen) and now == seen else now
