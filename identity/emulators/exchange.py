"""The way of every call of an emulated provider: held back, served, noted with its reason, and answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from flask import Response, request

from identity.emulators.calls import Call, Parameters
from identity.emulators.faults import Fault, Stage
from identity.emulators.replies import Refused, Reply, to_response
from identity.emulators.state import State

S = TypeVar("S", bound=State[Any])


@dataclass(slots=True)
class Exchange(Generic[S]):
    """One call while it is served; what is not yet known is empty."""

    emulator: S
    endpoint: Enum
    now: float
    """The provider's clock for this call, which a fault may move."""
    application: str = ""
    person: str | None = None
    parameters: Parameters = ()
    """As they may be shown."""
    base_string: str = ""
    struck: list[Fault] = field(default_factory=list)

    def strike(self, stage: Stage, kind: str | None = None) -> Fault | None:
        """The fault that strikes at this stage, remembered for the record."""
        fault = self.emulator.fault(self.endpoint, self.person, stage, kind)
        if fault is not None:
            self.struck.append(fault)
        return fault

    def hold_back(self) -> None:
        """Wait for the latency that is set, and for a fault that is slow."""
        slow = self.strike(Stage.BEFORE, "slow")
        milliseconds = self.emulator.settings.latency_ms + (slow.number("ms") if slow else 0)
        if milliseconds:
            self.emulator.closing.wait(milliseconds / 1000)


def answered(exchange: Exchange[S], work: Callable[[], Reply]) -> Response:
    """The answer of `work`, noted as a call of the current request. `work` may raise Refused."""
    result, reason = "answered", ""
    try:
        reply = work()
    except Refused as refused:
        reply, result, reason = refused.reply, "refused", refused.reason
    if exchange.struck:
        result = "fault" if result == "answered" else result
        reason = "; ".join(filter(None, (reason, *(f"fault: {fault.kind.name}" for fault in exchange.struck))))
    note(exchange, reply.status, result, reason)
    if reply.waits:
        exchange.emulator.closing.wait(reply.waits)
    return to_response(reply, exchange.now)


def note(exchange: Exchange[S], status: int, result: str, reason: str) -> None:
    """Remember the current request as a call."""
    exchange.emulator.calls.add(
        Call(
            at=int(exchange.emulator.clock() * 1000),
            method=request.method,
            path=request.script_root + request.path,
            status=status,
            result=result,
            reason=reason,
            consumer=exchange.application,
            person=exchange.person,
            parameters=exchange.parameters,
            base_string=exchange.base_string,
        )
    )
