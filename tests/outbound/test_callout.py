"""Calls to typed-in addresses: guarded, bounded, without redirects (security T25)."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from identity.outbound.callout import LARGEST_ANSWER, Caller, Callout
from identity.outbound.guard import Guard
from identity.runtime import Runtime
from identity.upstream import UpstreamUnreachable
from tests.fakes import certificates, sink
from tests.fakes.sink import Sink

NEAR = Guard(allow_private=True)


@pytest.fixture
def caller() -> Caller:
    return Caller(Runtime(), NEAR)


def reason_of(caller: Caller, url: str, **members: Any) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        caller.post(Callout(url, b"{}", **members))
    return caught.value.reason


def test_a_post_arrives_whole_and_its_answer_comes_back(caller: Caller) -> None:
    with Sink([sink.answer(202, "taken")]) as server:
        answer = caller.post(Callout(f"{server.url}/hook?a=b", b'{"c":1}', {"X-Own": "value"}))
    assert (answer.status, answer.body) == (202, b"taken")
    [request] = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/hook?a=b", b'{"c":1}')
    assert request.headers["x-own"] == "value"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"


def test_an_address_that_is_not_public_is_not_even_dialled() -> None:
    with Sink([sink.answer(200)]) as server:
        assert reason_of(Caller(Runtime(), Guard()), server.url) == "forbidden"
        assert server.connections == 0


def test_a_name_is_judged_by_its_address_and_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up that is judged is the one that is dialled: another answer would come too late (DNS rebinding)."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Sink([sink.answer(200)]) as server:
        url = f"http://hooks.example:{server.port}/"
        assert Caller(Runtime(), NEAR).post(Callout(url, b"{}")).status == 200
        assert asked == ["hooks.example"]
        assert server.requests[0].headers["host"] == f"hooks.example:{server.port}"
        assert reason_of(Caller(Runtime(), NEAR), url) == "forbidden"


@pytest.mark.parametrize(
    "url", ["http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://0/"]
)
def test_another_way_of_writing_a_near_address_is_no_way_around(url: str) -> None:
    assert reason_of(Caller(Runtime(), Guard()), url) in {"forbidden", "connect"}


def test_a_redirect_is_not_followed(caller: Caller) -> None:
    with Sink([sink.answer(200)]) as target, Sink([sink.answer(302, Location=target.url)]) as server:
        assert reason_of(caller, server.url) == "redirect"
        assert target.requests == []


def test_a_proxy_of_the_environment_is_not_used(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sink([sink.answer(200)]) as proxy, Sink([sink.answer(200)]) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert caller.post(Callout(server.url, b"{}")).status == 200
        assert proxy.requests == []


def test_no_more_than_64_kib_of_an_answer_are_taken(caller: Caller) -> None:
    most, more = (sink.answer(200, b"x" * size) for size in (LARGEST_ANSWER, LARGEST_ANSWER + 1))
    with Sink([most, more, sink.huge]) as server:
        assert len(caller.post(Callout(server.url, b"{}")).body) == LARGEST_ANSWER
        assert reason_of(caller, server.url) == "too large"
        assert reason_of(caller, server.url) == "too large"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [(sink.silence, "timeout"), (sink.drip, "timeout"), (sink.hang_up, "reset"), (sink.raw(b"nonsense"), "garbage")],
)
def test_a_server_that_misbehaves_is_given_up_in_time(caller: Caller, behaviour: sink.Behaviour, reason: str) -> None:
    began = time.monotonic()
    with Sink([behaviour]) as server:
        assert reason_of(caller, server.url, connect_timeout=0.2, read_timeout=0.3) == reason
    assert time.monotonic() - began < 3


def test_nobody_there_is_a_failure(caller: Caller) -> None:
    assert reason_of(caller, f"http://127.0.0.1:{sink.closed_port()}/") == "connect"


def test_a_certificate_of_ones_own_is_trusted_for_the_webhook_that_names_it(caller: Caller, tmp_path: Path) -> None:
    trust, context = certificates.issue(tmp_path)
    with Sink([sink.answer(200)], tls=context) as server:
        assert reason_of(caller, server.url) == "tls"
        assert caller.post(Callout(server.url, b"{}", certificate=trust.read_text())).status == 200


def test_a_certificate_for_another_address_is_not_trusted(caller: Caller, tmp_path: Path) -> None:
    trust, context = certificates.issue(tmp_path, "127.0.0.2")
    with Sink([sink.answer(200)], tls=context) as server:
        assert reason_of(caller, server.url, certificate=trust.read_text()) == "tls"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///x", "http://u:p@127.0.0.1/", "http://127.0.0.1/a b"])
def test_a_url_that_can_not_be_called_is_a_mistake_of_the_caller(caller: Caller, url: str) -> None:
    with pytest.raises(ValueError, match="the URL must be"):
        caller.post(Callout(url, b"{}"))
