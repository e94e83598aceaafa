"""The outbound client against a server that misbehaves on the wire."""

from __future__ import annotations

import gzip
import os
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from identity.outbound.http import Client, parse_url
from identity.runtime import Runtime
from identity.settings import X
from identity.upstream import UpstreamUnreachable
from tests.fakes import certificates, sink
from tests.fakes.sink import Sink

QUICK = X(connect_timeout=1.0, read_timeout=1.0, login_budget=4.0)
GOOD = sink.answer(200, "fine")


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(QUICK, 48, Runtime())
    yield made
    made.close()


def get(client: Client, url: str, budget: float | None = None) -> bytes:
    return client.send("GET", url, headers={}, budget=budget).body


def reason_of(client: Client, url: str, budget: float | None = None) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        get(client, url, budget)
    return caught.value.reason


def test_an_answer_comes_back_whole_with_lower_case_header_names(client: Client) -> None:
    with Sink([sink.answer(429, "slow down", X_Rate_Limit_Reset="17")]) as server:
        found = client.send("POST", server.url + "/a?b=c", headers={"Authorization": "OAuth x"}, body=b"d=e")
    assert (found.status, found.body, found.headers["x-rate-limit-reset"]) == (429, b"slow down", "17")
    sent = server.requests[0]
    assert (sent.method, sent.target, sent.body) == ("POST", "/a?b=c", b"d=e")
    assert sent.headers["authorization"] == "OAuth x"
    assert sent.headers["host"] == f"127.0.0.1:{server.port}"
    assert sent.headers["accept-encoding"] == "identity"


def test_one_connection_serves_many_requests(client: Client) -> None:
    with Sink([GOOD]) as server:
        assert [get(client, server.url) for _ in range(20)] == [b"fine"] * 20
        assert server.connections == 1


def test_a_chunked_answer_is_read_and_its_connection_kept(client: Client) -> None:
    chunked = sink.raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", stay=True
    )
    with Sink([chunked]) as server:
        assert [get(client, server.url) for _ in range(3)] == [b"abcde"] * 3
        assert server.connections == 1


def test_48_threads_share_the_pool_and_each_gets_its_own_answer() -> None:
    patient = replace(QUICK, connect_timeout=60.0, read_timeout=60.0, login_budget=60.0)

    def echo(exchange: sink.Exchange) -> bool:
        return sink.answer(200, exchange.request.target)(exchange)

    with closing(Client(patient, 48, Runtime())) as client, Sink([echo]) as server, ThreadPoolExecutor(48) as threads:
        targets = [f"/{number}" for number in range(480)]
        assert [body.decode() for body in threads.map(lambda t: get(client, server.url + t), targets)] == targets
        assert server.connections <= 48


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (sink.silence, "timeout"),
        (sink.hang_up, "reset"),
        (sink.reset, "reset"),
        (sink.half(b'{"id', 500), "reset"),
        (sink.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"), "reset"),
        (sink.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"), "reset"),
        (sink.raw(b"220 mail.example.com ESMTP\r\n"), "garbage"),
        (sink.raw(b"HTTP/3.9 200 OK\r\n\r\n"), "garbage"),
        (sink.raw(b"HTTP/1.1 two hundred\r\n\r\n"), "garbage"),
        (sink.raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n"), "garbage"),
        (sink.raw(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n"), "garbage"),
        (sink.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "garbage"),
        (sink.answer(200, gzip.compress(b"x" * 1000), Content_Encoding="gzip"), "garbage"),
        (sink.huge, "too large"),
        (sink.answer(200, b"x" * (1024 * 1024 + 1)), "too large"),
        (sink.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n"), "too large"),
        (sink.answer(302, Location="http://127.0.0.1:9/"), "redirect"),
        (sink.answer(307, Location="/again"), "redirect"),
    ],
)
def test_an_unusable_answer_has_one_reason(client: Client, behaviour: sink.Behaviour, reason: str) -> None:
    with Sink([behaviour]) as server:
        assert reason_of(client, server.url) == reason
        assert len(server.requests) == 1


def test_an_answer_of_exactly_one_mebibyte_is_read(client: Client) -> None:
    with Sink([sink.answer(200, b"x" * 1024 * 1024)]) as server:
        assert len(get(client, server.url)) == 1024 * 1024


def test_a_huge_chunk_costs_no_memory(client: Client) -> None:
    with Sink([sink.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffff\r\nabc")]) as server:
        assert reason_of(client, server.url) == "reset"


def test_chunk_framing_counts_as_well(client: Client) -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"e" * 60_000 + b"\r\nx\r\n"
    with Sink([sink.raw(endless + (b"1;" + b"e" * 60_000 + b"\r\nx\r\n") * 40)]) as server:
        assert reason_of(client, server.url) == "too large"


def test_a_dripping_answer_ends_with_the_budget(client: Client) -> None:
    with Sink([sink.drip]) as server:
        began = time.monotonic()
        assert reason_of(client, server.url, budget=0.5) == "timeout"
        assert 0.4 < time.monotonic() - began < 1.5


@pytest.mark.parametrize("budget", [0.0, -1.0])
def test_a_spent_budget_sends_nothing(client: Client, budget: float) -> None:
    with Sink([GOOD]) as server:
        assert get(client, server.url) == b"fine"
        assert reason_of(client, server.url, budget) in {"timeout", "busy"}
        assert len(server.requests) == 1


def test_a_closed_port_is_a_failed_connection(client: Client) -> None:
    assert reason_of(client, f"http://127.0.0.1:{sink.closed_port()}") == "connect"


def test_a_name_that_cannot_be_looked_up_is_a_failed_connection(client: Client) -> None:
    assert reason_of(client, f"https://{'a' * 70}.example") == "connect"


def test_a_resolver_that_hangs_takes_no_more_than_the_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        release.wait(sink.NEVER)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    client = Client(replace(QUICK, connect_timeout=0.2), 48, Runtime())
    before = threading.active_count()
    try:
        assert [reason_of(client, "https://x.example") for _ in range(3)] == ["timeout"] * 3
        assert threading.active_count() <= before + 1  # the look-ups share one thread
    finally:
        release.set()


@pytest.mark.parametrize("ending", [sink.then_hang_up(GOOD), sink.answer(200, "fine", stay=False, Connection="close")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_was_closed_while_idle_is_not_used_again(
    client: Client, ending: sink.Behaviour, method: str
) -> None:
    with Sink([ending, GOOD]) as server:
        assert get(client, server.url) == b"fine"
        wait_for(lambda: not server._open)
        assert client.send(method, server.url, headers={}, body=b"").body == b"fine"
        assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_is_never_sent_twice(client: Client, method: str) -> None:
    with Sink([GOOD, sink.hang_up, GOOD]) as server:
        assert get(client, server.url) == b"fine"
        with pytest.raises(UpstreamUnreachable, match="reset"):
            client.send(method, server.url, headers={}, body=b"")
        assert len(server.requests) == 2


def test_a_connection_with_unasked_bytes_is_not_used_again(client: Client) -> None:
    def chatter(exchange: sink.Exchange) -> bool:
        GOOD(exchange)
        wait_for(said.is_set)
        exchange.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        spoken.set()
        return True

    said, spoken = threading.Event(), threading.Event()
    with Sink([chatter, GOOD]) as server:
        assert get(client, server.url) == b"fine"
        said.set()
        assert spoken.wait(5)
        assert get(client, server.url) == b"fine"
        assert server.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    now = [0.0]
    client = Client(QUICK, 48, Runtime(monotonic=lambda: now[0]))
    with Sink([GOOD]) as server:
        get(client, server.url)
        now[0] += 29
        get(client, server.url)
        assert server.connections == 1
        now[0] += 31
        get(client, server.url)
        assert server.connections == 2
    client.close()


def test_more_calls_than_allowed_wait_and_are_then_refused() -> None:
    client = Client(replace(QUICK, max_concurrent=1, read_timeout=5.0), 48, Runtime())
    with Sink([sink.silence]) as server:
        slow = threading.Thread(target=lambda: reason_of(client, server.url, budget=1.0))
        slow.start()
        wait_for(lambda: bool(server.requests))
        assert reason_of(client, server.url, budget=0.2) == "busy"
        slow.join()
        assert len(server.requests) == 1


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_makes_its_own_connections(client: Client) -> None:
    with Sink([GOOD]) as server:
        get(client, server.url)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os._exit(0 if get(client, server.url) == b"fine" else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert get(client, server.url) == b"fine"
        assert server.connections == 2


def test_an_untrusted_certificate_is_refused(client: Client, tmp_path: Path) -> None:
    _, context = certificates.issue(tmp_path)
    with Sink([GOOD], tls=context) as server:
        assert reason_of(client, server.url) == "tls"
        assert server.requests == []


def test_ssl_cert_file_names_the_trusted_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust, context = certificates.issue(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    client = Client(QUICK, 48, Runtime())
    with Sink([GOOD], tls=context) as server:
        assert [get(client, server.url) for _ in range(3)] == [b"fine"] * 3
        assert server.connections == 1
    client.close()


def test_a_certificate_for_another_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust, context = certificates.issue(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    client = Client(QUICK, 48, Runtime())
    with Sink([GOOD], tls=context) as server:
        assert reason_of(client, server.url) == "tls"


def test_a_server_that_speaks_no_tls_is_a_tls_failure(client: Client) -> None:
    with Sink([sink.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")]) as server:
        assert reason_of(client, server.url.replace("http", "https")) in {"tls", "timeout"}


@pytest.mark.parametrize("url", ["http://api.example.com/", "http://10.0.0.1/", "http://localhost.example.com/"])
def test_clear_text_beyond_loopback_is_refused(client: Client, url: str) -> None:
    assert reason_of(client, url) == "tls"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///x", "http://u:p@127.0.0.1/", "http://127.0.0.1/a b"])
def test_a_url_that_cannot_be_called_is_a_mistake_of_the_caller(url: str) -> None:
    with pytest.raises(ValueError, match="the URL must be"):
        parse_url(url)


def test_a_header_cannot_smuggle_another(client: Client) -> None:
    with pytest.raises(ValueError, match="line break"):
        client.send("GET", "http://127.0.0.1:9/", headers={"A": "b\r\nC: d"})


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
