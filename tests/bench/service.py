"""The service as a target: its own server and key file, configured through its API with the official client."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from fusionauth.fusionauth_client import FusionAuthClient
from fusionauth.rest_client import ClientResponse

from identity.bootstrap import bootstrap
from identity.ports import free_port
from identity.runtime import Runtime
from identity.sealing import new_key_line, read_key_file
from identity.store.db import Database
from identity.store.migrate import migrate
from tests.bench.failure import BenchFailed
from tests.bench.operations import TWITTER
from tests.bench.programs import program
from tests.service import insert_api_key

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def configured_service(
    url: str, x_url: str, folder: Path, consumer: tuple[str, str], workers: int
) -> Iterator[tuple[int, int, str, str]]:
    """Port, process id of the master, application id and API key of a running service."""
    key_file = folder / "service.keys"
    key_file.write_text(new_key_line("bench", secrets.token_bytes), encoding="utf-8")
    port = free_port("127.0.0.1")
    base_url = f"http://127.0.0.1:{port}"
    api_key = _prepare(url, key_file, base_url)
    environment = {
        "IDENTITY_MODE": "development",  # production calls no X over plain http
        "IDENTITY_PORT": str(port),
        "IDENTITY_PUBLIC_URL": base_url,
        "IDENTITY_WORKERS": str(workers),
        "IDENTITY_DATABASE_URL": url,
        "IDENTITY_SECRET_KEY_FILE": str(key_file),
        "IDENTITY_DATA_DIR": str(folder),
        "IDENTITY_X_API_URL": x_url,
        "IDENTITY_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "identity", "serve"]
    log = folder / "service.log"
    with program("the service", command, port, log, cwd=ROOT, environment=environment) as process:
        yield port, process, _configure(FusionAuthClient(api_key, base_url), consumer), api_key


def _prepare(url: str, key_file: Path, issuer: str) -> str:
    """The tables, the default objects, and an API key that opens everything."""
    runtime = Runtime()
    migrate(url, now=runtime.now())
    database = Database(url)
    database.open()
    try:
        bootstrap(database, read_key_file(key_file, runtime.random_bytes), runtime, issuer)
    finally:
        database.close()
    with psycopg.connect(url) as connection:
        return insert_api_key(connection, key_manager=True)


def _configure(client: FusionAuthClient, consumer: tuple[str, str]) -> str:
    """An application that registers who logs in through Twitter; its id."""
    tokens = {"loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True}}
    roles = [{"name": "user", "isDefault": True}]
    created = client.create_application({"application": {"name": "Bench", "roles": roles, **tokens}})
    application_id: str = _answer(created)["application"]["id"]
    provider = {
        "type": "Twitter",
        "enabled": True,
        "buttonText": "Login with Twitter",
        "consumerKey": consumer[0],
        "consumerSecret": consumer[1],
        "applicationConfiguration": {application_id: {"enabled": True, "createRegistration": True}},
    }
    _answer(client.create_identity_provider({"identityProvider": provider}, TWITTER))
    return application_id


def _answer(response: ClientResponse) -> dict[str, Any]:
    if not response.was_successful():
        raise BenchFailed(f"The service refused its configuration: {response.status} {response.error_response}")
    found: dict[str, Any] = response.success_response
    return found
