"""authlib as a relying party: its OAuth 2 session against the service, signing in by the form of the hosted page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests import postgres
from tests.login_world import World, world_for_a_module
from tests.oauth_world import REDIRECT_URI, SCOPES, VERIFIER, Client, add_client
from tests.password_door import PASSWORD


@pytest.fixture(scope="module")
def world(postgres_server: postgres.Server, migrated_template: str) -> Iterator[World]:
    with world_for_a_module(postgres_server, migrated_template) as made:
        yield made


def discovered(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.service.call("GET", "/.well-known/openid-configuration", key="").json()
    return found


def session_of(client: Client, **options: Any) -> OAuth2Session:
    return OAuth2Session(
        client.id, client.secret, redirect_uri=REDIRECT_URI, scope=SCOPES, code_challenge_method="S256", **options
    )


def signed_in(client: Client, url: str) -> str:
    """Where the browser of the person ends up who signs in on the page at this address."""
    browser = requests.Session()
    page = browser.get(url, timeout=30)
    [form] = [each for each in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if 'name="loginId"' in each]
    action = html.unescape(re.search(r'action="(.*?)"', form)[1])  # type: ignore[index]
    sealed = html.unescape(re.search(r'name="sign_in" value="(.*?)"', form)[1])  # type: ignore[index]
    fields = {"sign_in": sealed, "loginId": client.email, "password": PASSWORD}
    answer = browser.post(urljoin(page.url, action), data=fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    browser.close()
    return answer.headers["Location"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_code_with_pkce_refresh_userinfo_and_introspection(world: World, method: str) -> None:
    client, server = add_client(world), discovered(world)
    with session_of(client, token_endpoint_auth_method=method) as session:
        url, state = session.create_authorization_url(
            server["authorization_endpoint"], nonce="a nonce", code_verifier=VERIFIER
        )
        location = signed_in(client, url)
        token = session.fetch_token(
            server["token_endpoint"], authorization_response=location, state=state, code_verifier=VERIFIER
        )
        keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=30).json())
        claims = jwt.decode(token["id_token"], keys).claims
        assert (claims["nonce"], claims["aud"], claims["iss"]) == ("a nonce", client.id, server["issuer"])
        assert session.get(server["userinfo_endpoint"]).json()["email"] == client.email
        fresh = session.refresh_token(server["token_endpoint"])
        assert fresh["access_token"] != token["access_token"]
        asked = session.introspect_token(f"{world.service.url}/oauth2/introspect", token=fresh["access_token"])
        assert asked.json()["active"] is True


def test_a_wrong_verifier_and_a_reused_code_are_invalid_grants(world: World) -> None:
    client, server = add_client(world), discovered(world)
    with session_of(client) as session:
        url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=VERIFIER)
        location = signed_in(client, url)
        for verifier in (f"{VERIFIER}-another", VERIFIER):
            with pytest.raises(OAuthError) as error:
                session.fetch_token(
                    server["token_endpoint"], authorization_response=location, state=state, code_verifier=verifier
                )
            assert error.value.error == "invalid_grant"


def test_a_password_grant(world: World) -> None:
    client, server = add_client(world), discovered(world)
    with session_of(client) as session:
        token = session.fetch_token(server["token_endpoint"], username=client.email, password=PASSWORD)
        assert token["userId"] == client.user_id
