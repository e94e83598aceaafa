"""/oauth2/userinfo and /oauth2/introspect (supporting contract 21.3; OpenID Connect Core 5.3; RFC 7662)."""

from __future__ import annotations

from uuid import uuid4

import pytest
import requests

from tests.oauth_world import Client, add_client, refused
from tests.sessions import PERMISSIVE, Sessions, claims_of

INTROSPECT = "/oauth2/introspect"
INVALID = ("invalid_token", "access_token_invalid")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_tells_what_the_scopes_stand_for(sessions: Sessions, method: str) -> None:
    client = add_client(sessions.world)
    token = client.tokens(scope="openid email")["access_token"]
    headers = {"Authorization": f"bearer {token}"}
    answer = requests.request(method, f"{sessions.world.service.url}/oauth2/userinfo", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "sub": client.user_id,
        "email": client.email,
        "email_verified": True,
        "applicationId": client.id,
        "roles": ["user"],
        "tid": str(sessions.tenant_id),
    }


def test_userinfo_tells_what_is_so_now(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    sessions.world.change_user(client.user_id, firstName="Augusta", fullName="Augusta Ada King")
    told = client.userinfo(token).json()
    assert (told["given_name"], told["family_name"], told["name"]) == ("Augusta", "Lovelace", "Augusta Ada King")


def test_under_strict_userinfo_needs_the_scope_openid(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens(scope="email")["access_token"]
    answer = client.userinfo(token)
    assert refused(answer, 401) == ("invalid_token", "missing_openid_scope")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    client.configure(scopeHandlingPolicy="Compatibility")
    assert client.userinfo(token).json()["given_name"] == "Ada"


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "bearer "])
def test_who_shows_no_token_is_asked_for_one_without_an_error(sessions: Sessions, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = requests.get(f"{sessions.world.service.url}/oauth2/userinfo", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="identity"')


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "x" * 5_000])
def test_what_is_no_token_is_invalid(sessions: Sessions, token: str) -> None:
    answer = add_client(sessions.world).userinfo(token)
    assert refused(answer, 401) == INVALID
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_that_has_expired_is_invalid(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    sessions.world.clock.advance(seconds=3601)
    assert refused(client.userinfo(token), 401) == INVALID
    assert client.post(INTROSPECT, token=token).json() == {"active": False}


@pytest.mark.parametrize("trouble", ["deactivated", "expired", "gone"])
def test_nobody_is_told_about_who_may_not_log_in(sessions: Sessions, trouble: str) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    if trouble == "expired":
        sessions.world.change_user(client.user_id, expiry=1)
    else:
        query = "?hardDelete=true" if trouble == "gone" else ""
        assert sessions.call("DELETE", f"/api/user/{client.user_id}{query}").status_code == 200
    reason = "user_expired" if trouble == "expired" else "user_not_found"
    assert refused(client.userinfo(token), 401) == ("invalid_token", reason)
    assert client.post(INTROSPECT, token=token).json() == {"active": False}


def test_a_vended_token_that_names_another_tenant_tells_nothing(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    with sessions.other_tenant() as (other, _):
        claims = claims_of(client.tokens()["access_token"]) | {"tid": str(other)}
        vended = sessions.call("POST", "/api/jwt/vend", {"claims": claims, "timeToLiveInSeconds": 60}).json()["token"]
    assert refused(client.userinfo(vended), 401) == INVALID


def test_introspection_shows_the_claims_of_a_token_that_holds(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    for answer in (
        client.post(INTROSPECT, token=token),
        client.post(INTROSPECT, basic=(client.id, client.secret), token=token),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json() == claims_of(token) | {"active": True}


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_what_is_no_token_is_not_active(sessions: Sessions, token: str) -> None:
    assert add_client(sessions.world).post(INTROSPECT, token=token).json() == {"active": False}


def test_a_refresh_token_is_none_of_introspections_business(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    answer = client.post(INTROSPECT, token=client.tokens()["refresh_token"])
    assert answer.json() == {"active": False}


def test_another_clients_token_is_not_shown(sessions: Sessions) -> None:
    client, other = add_client(sessions.world), add_client(sessions.world)
    answer = other.post(INTROSPECT, token=client.tokens()["access_token"])
    assert refused(answer, 401) == ("invalid_client", "client_id_mismatch")


def test_who_introspects_is_a_client_with_its_secret(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    assert refused(client.post(INTROSPECT, token=token, client_secret="wrong"), 401)[0] == "invalid_client"
    assert refused(client.post(INTROSPECT, token=token, client_secret=None), 401)[0] == "invalid_client"
    assert refused(client.post(INTROSPECT, token=token, client_id=str(uuid4())), 401)[0] == "invalid_client"
    assert refused(client.post(INTROSPECT)) == ("invalid_request", "missing_token")


def test_a_token_of_the_api_is_known_here_too(sessions: Sessions) -> None:
    client = add_client(sessions.world, scopeHandlingPolicy="Compatibility")
    client.change(loginConfiguration=PERMISSIVE)
    body = {"loginId": client.email, "password": "correct horse battery", "applicationId": client.id}
    token = sessions.call("POST", "/api/login", body).json()["token"]
    assert client.userinfo(token).json()["email"] == client.email
    assert client.post(INTROSPECT, token=token).json()["active"] is True


def add_lambda(sessions: Sessions, client: Client, body: str) -> None:
    document = {"name": f"userinfo {client.id}", "type": "UserInfoPopulate", "body": body}
    made = sessions.call("POST", "/api/lambda", {"lambda": document})
    assert made.status_code == 200, made.text
    client.change(lambdaConfiguration={"userinfoPopulateId": made.json()["lambda"]["id"]})


def test_a_lambda_may_change_what_is_told_but_not_of_whom(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens(scope="openid email")["access_token"]
    source = """
        function populate(userInfo, user, registration, jwt) {
            userInfo.shoe = user.firstName + registration.roles[0] + jwt.scope;
            delete userInfo.email;
            userInfo.sub = "somebody else"; userInfo.tid = null;
            console.error("told");
        }"""
    add_lambda(sessions, client, source)
    told = client.userinfo(token).json()
    assert told["shoe"] == "Adauseropenid email"
    assert "email" not in told
    assert (told["sub"], told["tid"]) == (client.user_id, str(sessions.tenant_id))
    assert any("told" in message for message in sessions.world.messages("Error"))


@pytest.mark.parametrize(
    "body",
    [
        "throw new Error('no');",
        "for (;;) {}",
        "userInfo.shoe = '\\ud800';",
        "for (let i = 0, it = userInfo; i < 400; i++) it = it.shoe = {};",
    ],
    ids=["throws", "never ends", "no text", "too deep"],
)
def test_a_lambda_that_fails_is_a_fault_of_the_server(sessions: Sessions, body: str) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    add_lambda(sessions, client, f"function populate(userInfo, user, registration, jwt) {{ {body} }}")
    assert refused(client.userinfo(token), 500) == ("server_error", "lambda_failed")


def test_a_lambda_may_tell_any_number_that_it_knows(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    token = client.tokens()["access_token"]
    add_lambda(sessions, client, "function populate(userInfo) { userInfo.shoe = Math.pow(2, 65); }")
    assert client.userinfo(token).json()["shoe"] == 2**65
