"""The emulator as a process of its own: options, keep-alive, dates, broken connections and the way it stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from requests_oauthlib import OAuth1

from identity.emulators.provider_emulator import BadOptions
from identity.emulators.x.server import parse_options
from tests.contract.x_calls import VERIFY


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = tmp_path_factory.mktemp("emulator") / "options.json"
    options.write_text(json.dumps({"consumers": [{"key": "k", "secret": "s", "callbacks": ["https://a.example/"]}]}))
    command = [sys.executable, "-m", "identity.emulators.x", "--options", str(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        banner = process.stdout.readline()
        address = banner.split()[2]
        try:
            _wait_until_up(address)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in rest


def _wait_until_up(address: str) -> None:
    adapter = requests.adapters.HTTPAdapter(
        max_retries=requests.adapters.Retry(connect=60, backoff_factor=0.05, backoff_max=0.2)
    )
    with requests.Session() as session:
        session.mount("http://", adapter)
        assert session.get(address, timeout=10).status_code == 200


def auth_of(url: str, person: str) -> OAuth1:
    made = requests.post(f"{url}/control/tokens", json={"person": person}, timeout=10).json()
    return OAuth1("k", "s", made["oauth_token"], made["oauth_token_secret"])


def test_the_options_file_is_followed(url: str) -> None:
    assert requests.get(f"{url}/control/settings", timeout=10).json() == {
        "consumers": [
            {
                "key": "k",
                "secret": "s",
                "name": "Test application",
                "callbacks": ["https://a.example/"],
                "email_permission": True,
            }
        ],
        "latency_ms": 0,
        "rate_limit": None,
    }


def test_a_signed_call_is_answered(url: str) -> None:
    answer = requests.get(url + VERIFY, auth=auth_of(url, "max"), timeout=10)
    assert answer.json()["id"] == 1765432109876543210


def test_a_connection_is_kept_open(url: str) -> None:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        sockets = set()
        for path in ("/", VERIFY, "/control/settings"):
            connection.request("GET", path)
            connection.getresponse().read()
            sockets.add(connection.sock)
    assert len(sockets) == 1
    assert None not in sockets


def test_a_skewed_clock_dates_the_answer_once(url: str) -> None:
    auth = auth_of(url, "alice")
    requests.post(f"{url}/control/faults", json={"kind": "clock_skew", "seconds": 31536000, "times": 1}, timeout=10)
    refused = requests.get(url + VERIFY, auth=auth, timeout=10)
    good = requests.get(url + VERIFY, auth=auth, timeout=10)
    assert refused.json()["errors"][0]["code"] == 135
    year = int(good.headers["Date"].split()[3])
    assert refused.headers["Date"].split()[3] in {str(year), str(year + 1)}
    assert refused.headers["Date"] != good.headers["Date"]
    assert "," in refused.headers["Date"]
    assert refused.headers["Date"].count("GMT") == 1


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "hang", "seconds": 0}])
def test_a_broken_connection_is_one_and_leaves_the_server_well(url: str, fault: dict[str, object]) -> None:
    auth = auth_of(url, "alice")
    requests.post(f"{url}/control/faults", json={**fault, "times": 1}, timeout=10)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(url + VERIFY, auth=auth, timeout=10)
    assert requests.get(url + VERIFY, auth=auth, timeout=10).status_code == 200


def test_a_killed_supervisor_takes_its_worker_along() -> None:
    command = [sys.executable, "-m", "identity.emulators.x"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[2]
        _wait_until_up(address)
        workers = psutil.Process(process.pid).children()
        process.kill()
        gone, alive = psutil.wait_procs(workers, timeout=10)
    assert gone
    assert not alive


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"consumers": []}', '{"colour": 1}', '{"latency_ms": "1"}', '{"consumers": [{"key": ""}]}']
)
def test_bad_options_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadOptions, match="options of the X emulator"):
        parse_options(text)


def test_options_left_out_have_their_defaults(tmp_path: Path) -> None:
    options = parse_options("{}")
    assert len(options.consumers) == 1
    assert options.latency_ms == 0
    assert parse_options("{}").consumers != options.consumers
