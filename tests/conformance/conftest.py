"""A real client with short times, and logins through it against a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from identity.domain.model import Claims
from identity.domain.trace import Trace
from identity.outbound.http import Client
from identity.runtime import Runtime
from identity.settings import X
from identity.upstream import Outside, UpstreamRefused
from tests.conformance.subjects import Subject
from tests.fakes.sink import Behaviour, Request, Sink

PATIENT = X(connect_timeout=2.0, read_timeout=2.0)
"""For tests about answers: a busy machine may keep one waiting."""
HASTY = X(connect_timeout=1.0, read_timeout=0.3)
NOW = 1_700_000_000


@dataclass
class Attempt:
    """What became of one login."""

    claims: Claims | None
    refused: UpstreamRefused | None
    trace: str
    requests: list[Request]
    overlooked: list[UpstreamRefused]

    @property
    def won(self) -> Claims:
        assert self.claims is not None, self.refused
        return self.claims

    @property
    def refusal(self) -> UpstreamRefused:
        assert self.refused is not None, self.claims
        return self.refused


Login = Callable[..., Attempt]


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(PATIENT, 48, Runtime())
    yield made
    made.close()


@pytest.fixture
def hasty_client() -> Iterator[Client]:
    """For tests about answers that come too late."""
    made = Client(HASTY, 48, Runtime())
    yield made
    made.close()


def outside(client: Client, url: str, **more: Any) -> Outside:
    runtime = Runtime(wall_clock=lambda: NOW)
    return Outside(http=client, runtime=runtime, api_url=url, trace=Trace(lambda: 0), **more)


@pytest.fixture
def login(client: Client) -> Login:
    def attempt(
        subject: Subject,
        script: list[Behaviour],
        data: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Attempt:
        with Sink(list(script)) as server:
            return attempt_at(client, subject, server.url, server.requests, data, **more)

    return attempt


def attempt_at(
    client: Client, subject: Subject, url: str, requests: list[Request], data: Mapping[str, str] | None, **more: Any
) -> Attempt:
    world = outside(client, url, **more)
    claims = refused = None
    try:
        claims = subject.provider.claims(subject.values, data or subject.data, world)
    except UpstreamRefused as caught:
        refused = caught
    trace = "\n".join(step.text for step in world.trace)
    return Attempt(claims, refused, trace, requests, world.overlooked)
