"""The service as a target: its own server and key file, configured through its API with the official client."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fusionauth.fusionauth_client import FusionAuthClient
from fusionauth.rest_client import ClientResponse

from identity.ports import free_port
from identity.sealing import new_key_line
from tests.bench.failure import BenchFailed
from tests.bench.operations import TWITTER
from tests.bench.programs import plain_environment, program

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def configured_service(
    url: str,
    x_url: str,
    folder: Path,
    consumer: tuple[str, str],
    workers: int,
    *,
    name: str = "service",
    root: Path = ROOT,
) -> Iterator[tuple[int, int, str, str]]:
    """Port, process id of the master, application id and API key of a running service.

    It runs from the source tree `root`, which may be another release's.
    """
    key_file = folder / f"{name}.keys"
    key_file.write_text(new_key_line("bench", secrets.token_bytes), encoding="utf-8")
    port = free_port("127.0.0.1")
    base_url = f"http://127.0.0.1:{port}"
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
    _identity(root, environment, "migrate")
    api_key = _identity(root, environment, "api-key", "create", "--name", "Bench", "--key-manager").strip()
    command = [sys.executable, "-m", "identity", "serve"]
    log = folder / f"{name}.log"
    with program(f"the {name}", command, port, log, cwd=root, environment=environment) as process:
        yield port, process, _configure(FusionAuthClient(api_key, base_url), consumer), api_key


def _identity(root: Path, environment: dict[str, str], *arguments: str) -> str:
    """What a command of that source tree prints. Raises BenchFailed."""
    done = subprocess.run(
        [sys.executable, "-m", "identity", *arguments],
        cwd=root,
        env={**plain_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchFailed(f"identity {' '.join(arguments)} failed in {root}: {done.stderr.strip()}")
    return done.stdout


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
