"""Can somebody who only has a clock tell an unknown user from a wrong password? `python -m tests.bench.guessing`

The goal (security section 8): the medians over 500 tries of each differ by less than 5 %. Tries alternate, so that what
else the machine does hits both alike. Each login id is tried a few times, from the first guess into the lockout.
"""

from __future__ import annotations

import statistics
import sys
import time
from http.client import HTTPConnection
from uuid import uuid4

import orjson

from identity.runtime import Runtime
from identity.store.migrate import migrate
from tests import postgres
from tests.service import Service, running_service

TRIES = 500
TRIES_EACH = 10
GOAL = 0.05
SCHEMES = ("argon2id", "bcrypt", "salted-pbkdf2-hmac-sha256")


def main() -> int:
    run = uuid4().hex
    try:
        with postgres.server(run) as server:
            template = postgres.template(server, "guessing", lambda url: migrate(url, now=Runtime().now()))
            with running_service(postgres.fresh_database(server, template)) as service:
                met = [_measure(service, scheme) for scheme in SCHEMES]
    finally:
        postgres.sweep(run)
    return 0 if all(met) else 1


def _measure(service: Service, scheme: str) -> bool:
    settings = {"passwordEncryptionConfiguration": {"encryptionScheme": scheme, "encryptionSchemeFactor": None}}
    _done(service, "PATCH", f"/api/tenant/{service.tenant_id}", {"tenant": settings})
    emails = [f"{uuid4().hex}@example.com" for _ in range(TRIES // TRIES_EACH)]
    for email in emails:
        _done(service, "POST", "/api/user", {"user": {"email": email, "password": "correct horse battery"}})
    nobody = [f"{uuid4().hex}@example.com" for _ in emails]
    connection = HTTPConnection(service.url.removeprefix("http://"), timeout=30)
    wrong, unknown = [], []
    for email, other in zip(emails * TRIES_EACH, nobody * TRIES_EACH, strict=True):
        wrong.append(_guess(connection, service.key, email))
        unknown.append(_guess(connection, service.key, other))
    connection.close()
    medians = statistics.median(wrong), statistics.median(unknown)
    difference = abs(medians[0] - medians[1]) / max(medians)
    shown = f"wrong password {medians[0] * 1000:.2f} ms, unknown user {medians[1] * 1000:.2f} ms"
    print(f"{scheme}: {shown}: {difference:.1%} apart (goal: under {GOAL:.0%})")
    return difference < GOAL


def _guess(connection: HTTPConnection, key: str, email: str) -> float:
    body = orjson.dumps({"loginId": email, "password": "incorrect horse battery"})
    begin = time.perf_counter()
    connection.request("POST", "/api/login", body, {"Authorization": key, "Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    taken = time.perf_counter() - begin
    assert response.status == 404, response.status
    return taken


def _done(service: Service, method: str, path: str, body: object) -> None:
    answer = service.call(method, path, body)
    assert answer.status_code == 200, answer.text


if __name__ == "__main__":
    sys.exit(main())
