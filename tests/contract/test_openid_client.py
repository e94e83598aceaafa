"""The certified relying party openid-client, unchanged but for its permission to use plain http, against the service.

The checks are written in JavaScript (openid_client/checks.mjs) and run in one node process, which signs in by the form
of the hosted page; each is one test here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests import postgres
from tests.login_world import login_world
from tests.node import MISSING, find_tools, install
from tests.oauth_world import REDIRECT_URI, add_client
from tests.password_door import PASSWORD

FOLDER = Path(__file__).parent / "openid_client"
NAMES = re.findall(r'^check\("(.+?)",', (FOLDER / "checks.mjs").read_text(encoding="utf-8"), re.MULTILINE)
PROMISED = {
    "discovery, code with PKCE, refresh, userinfo, logout",
    "a changed redirect_uri gets no tokens",
    "a reused code gets no tokens, and those of its first use end",
    "a wrong verifier gets no tokens",
    "an ID token for the browser is not given without a nonce",
}
OTHER_URI = "https://client.example/other"
pytestmark = pytest.mark.xdist_group("openid-client")  # one worker, so that one node process serves all


@pytest.fixture(scope="module")
def problems(postgres_server: postgres.Server, migrated_template: str) -> dict[str, str | None]:
    """What each check found wrong."""
    tools = find_tools()
    if tools is None:
        assert not os.environ.get("CI"), MISSING
        pytest.skip(f"OPENID-CLIENT WAS NOT RUN: {MISSING}")
    install(tools, FOLDER)
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url) as world:
        issuer = world.service.services.settings.base_url
        tenant = {"tenant": {"issuer": issuer}}
        assert world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", tenant).status_code == 200
        client = add_client(world, authorizedRedirectURLs=[REDIRECT_URI, OTHER_URI])
        public = add_client(world, clientAuthenticationPolicy="NotRequired", proofKeyForCodeExchangePolicy="Required")
        done = subprocess.run(
            [tools.node, str(FOLDER / "run.mjs")],
            input=json.dumps(
                {
                    "issuer": issuer,
                    "clientId": client.id,
                    "clientSecret": client.secret,
                    "publicClientId": public.id,
                    "redirectUri": REDIRECT_URI,
                    "otherRedirectUri": OTHER_URI,
                    "loginId": client.email,
                    "password": PASSWORD,
                }
            ),
            env=tools.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    postgres.drop_database(postgres_server, url)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return {line["name"]: line["problem"] for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", NAMES)
def test_through_openid_client(problems: dict[str, str | None], name: str) -> None:
    assert problems[name] is None, problems[name]


def test_every_check_that_ran_is_a_test_here(problems: dict[str, str | None]) -> None:
    assert list(problems) == NAMES
    assert set(NAMES) >= PROMISED
    assert len(set(NAMES)) == len(NAMES)
