"""The trace of the login a request makes: begun before anything is looked at, named in the answer, kept after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g
from marshmallow import ValidationError

from identity.domain.errors import Busy, Invalid, NotFound, TooManyRequests, Unauthorized, WrongCode
from identity.domain.outcome import Door
from identity.domain.precedence import row
from identity.domain.trace import Trace, begin_trace
from identity.flows.events.announce import WebhooksRefused
from identity.runtime import Runtime
from identity.store.db import StoreUnavailable

TRACE_ID = "X-Identity-Trace"
OK = 200
SYNTAX, FIELDS = row(1), row(2)
AFTER_THE_FIRST_COMMIT = "user.login."
"""What these events are about has been written when webhooks are asked: user and link stay (decision 18)."""


@contextmanager
def traced(runtime: Runtime, door: Door) -> Iterator[Trace]:
    """A trace that the answer names. What ends the call by an exception is its last step."""
    trace = g.trace = begin_trace(runtime.now, runtime.random_bytes, door.value)
    try:
        yield trace
    except Exception as error:  # noted and raised again
        _note(trace, error)
        raise


def leaves_trace(trace: Trace, status: int) -> bool:
    """A refresh that works is no login, and there are so many that they would drive the logins out of the table."""
    return trace.door != Door.REFRESH.value or status != OK


def _note(trace: Trace, error: Exception) -> None:
    """Who raises the error may have said why; else its kind says it. Texts of errors stay out: they quote input."""
    match error:
        case StoreUnavailable():
            trace.add("The database did not take the work.", row(23))
        case WebhooksRefused():
            late = error.event_type.startswith(AFTER_THE_FIRST_COMMIT)
            trace.add(f"Webhooks did not agree to {error.event_type}.", row(30 if late else 22))
        case Busy():
            trace.add("The service is too busy.", "overload")
        case TooManyRequests():
            trace.add("This was done too often.", "rate limit")
        case Invalid() | ValidationError():
            if not trace.decided:
                _note_refusal(trace, error)
        case Unauthorized():
            if not trace.decided:
                trace.add("The API key is missing, or does not allow this.", "API key")
        case NotFound() | WrongCode():
            if not trace.decided:
                trace.add("What was given as proof is unknown, expired or wrong.", "proof")
        case _:
            trace.add(f"A fault: {type(error).__name__}.", "unforeseen")


def _note_refusal(trace: Trace, error: Invalid | ValidationError) -> None:
    if isinstance(error, Invalid) and not error.field_errors:
        codes = ", ".join(problem.code for problem in error.general_errors)
        trace.add(f"The request was refused: {codes}.", SYNTAX)
    elif isinstance(error, Invalid):
        trace.add(f"The request was refused: {', '.join(sorted(error.field_errors))}.", FIELDS)
    else:
        trace.add("The request was refused: its body does not fit the schema.", FIELDS)
