"""Metrics for Prometheus: who may read them, and that they count what happened, over all workers."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

import pytest
import requests

from identity import operator_keys
from identity.http.metrics import Metrics
from identity.runtime import Runtime
from tests.server_process import server_process
from tests.service import Service

PATH = "/api/prometheus/metrics"
LOGIN = "/api/identity-provider/login"


def value(text: str, name: str, **labels: str) -> float:
    """The sum of the samples with these labels."""
    found = 0.0
    for line in text.splitlines():
        sample = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if sample and sample[1] == name:
            given = dict(re.findall(r'(\w+)="([^"]*)"', sample[2] or ""))
            found += float(sample[3]) if labels.items() <= given.items() else 0
    return found


def metrics(service: Service) -> str:
    answer = service.call("GET", PATH)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_key_opens_them_as_it_is_and_as_a_password(shared_service: Service) -> None:
    key = shared_service.key
    assert shared_service.call("GET", PATH, key="", headers=basic("apikey", key)).status_code == 200
    allowed = shared_service.add_key(permissions={PATH: ["GET"]})
    assert shared_service.call("GET", PATH, key="", headers=basic("apikey", allowed)).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "nonsense", "Basic", "Basic !", "Basic /w==", *basic("apikey", "wrong").values()]
)
def test_without_a_key_that_counts_they_are_401(shared_service: Service, header: str) -> None:
    answer = shared_service.call("GET", PATH, key="", headers={"Authorization": header})
    assert (answer.status_code, answer.content) == (401, b"")


def test_another_user_another_permission_and_a_locked_key_are_401(shared_service: Service) -> None:
    assert shared_service.call("GET", PATH, key="", headers=basic("admin", shared_service.key)).status_code == 401
    for key in (
        shared_service.add_key(permissions={"/api/user": ["GET"]}),
        shared_service.add_key(tenant_id=shared_service.tenant_id),
    ):
        assert shared_service.call("GET", PATH, key=key).status_code == 401


def test_answers_logins_connections_and_the_outbox_are_counted(service: Service) -> None:
    for _ in range(3):
        service.call("POST", LOGIN, {}, key="")
    service.call("GET", "/nowhere/secret-path")
    service.call("BREW", "/api/user")
    text = metrics(service)
    assert value(text, "identity_logins_total", door="complete login", status="400") == 3
    assert value(text, "identity_requests_total", route=LOGIN, method="POST", status="400") == 3
    assert value(text, "identity_request_seconds_count", route=LOGIN) == 3
    assert value(text, "identity_requests_total", route="-", status="404") == 1
    assert value(text, "identity_requests_total", method="other") == 1
    assert value(text, "identity_database_connections") >= 1
    assert 'identity_outbox{state="waiting"} 0.0' in text
    assert "secret-path" not in text
    assert "BREW" not in text


@pytest.mark.slow
def test_whichever_worker_is_asked_tells_the_numbers_of_all(database_url: str, tmp_path: Path) -> None:
    with server_process(database_url, tmp_path, IDENTITY_WORKERS="2") as server:
        key = operator_keys.create(database_url, "metrics", None, {}, False, Runtime())
        for _ in range(40):  # a connection of its own each, so that both workers get some
            assert requests.post(server.url + LOGIN, json={}, timeout=10).status_code == 400
        told = {
            value(requests.get(server.url + PATH, headers={"Authorization": key}, timeout=10).text,
                  "identity_logins_total", status="400")
            for _ in range(20)
        }  # fmt: skip
    assert told == {40.0}


@pytest.mark.slow
def test_the_folder_of_numbers_is_made_and_when_it_vanishes_no_request_fails(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    with server_process(database_url, tmp_path, PROMETHEUS_MULTIPROC_DIR=str(folder)) as server:
        assert any(folder.iterdir())
        shutil.rmtree(folder)
        assert requests.post(server.url + LOGIN, json={}, timeout=10).status_code == 400
        key = operator_keys.create(database_url, "metrics", None, {}, False, Runtime())
        assert requests.get(server.url + PATH, headers={"Authorization": key}, timeout=10).status_code == 200


def test_numbers_that_can_not_be_written_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    counting = Metrics()
    for _ in range(2):
        with counting.never_failing():
            raise OSError(28, "No space left on device")
    assert [record.message for record in caplog.records] == ["the metrics can not be written any more: OSError"]
