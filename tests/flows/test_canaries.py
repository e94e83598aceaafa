"""Secrets are seen by nobody who is not meant to (security T29, section 12): not in a log, not in an error, not stored.

Every secret that a caller can hand in is a text that occurs nowhere else; it is handed to every route that takes it,
rightly and wrongly, and then looked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from identity import logs
from tests.connectors import CONNECTOR, add_lambda, connector
from tests.hosted import Tab, allow_client
from tests.login_world import TWITTER, World
from tests.oauth_world import add_client, challenge_of
from tests.second_factors import challenge, tenant_policy, with_phone
from tests.service import Service
from tests.troubles import PASSWORD, Somebody
from tests.webhook_world import hooks_of

JSON_PATCH = {"Content-Type": "application/json-patch+json"}


class Everything(logging.Handler):
    """All that any library logs, as a formatter of an operator would write it, stacks included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{self.format(record)}\n{record.name} {logs.JsonLines().format(record)}\n"

    @property
    def of_the_service(self) -> str:
        """Without the lines of the test's own server and client, which name whole paths."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith(("werkzeug", "urllib3")))


@pytest.fixture
def log() -> Iterator[Everything]:
    handler, root = Everything(), logging.getLogger()
    chatty = [
        root,
        *(logging.getLogger(name) for name in ("werkzeug", "urllib3", "psycopg", "psycopg.pool", "identity")),
    ]
    levels = [logger.level for logger in chatty]
    for logger in chatty:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        for logger, level in zip(chatty, levels, strict=True):
            logger.setLevel(level)


@dataclass
class Canaries:
    """Makes secrets, keeps them, and keeps the answers of refused calls."""

    service: Service
    made: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> str:
        return self.made.setdefault(name, f"Canary9{uuid4().hex}")

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        answer = self.service.call(method, path, body, **options)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code >= 400:
            self.refusals.append(answer.text)
        return answer

    def found_in(self, text: str) -> set[str]:
        return {name for name, secret in self.made.items() if secret in text}

    def stored(self) -> str:
        """Every row of every table, as text."""
        self.service.services.traces.flush()
        rows = []
        with self.service.services.db.read() as conn:
            for (table,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
                query = psycopg.sql.SQL("SELECT t::text FROM public.{} t").format(psycopg.sql.Identifier(table))
                rows += [f"{table}: {row}" for (row,) in conn.execute(query).fetchall()]
        return "\n".join(rows)


@pytest.fixture
def canaries(world: World) -> Canaries:
    return Canaries(world.service)


def test_a_canary_secret_in_every_input_of_administration_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    _provider(canaries, world.application_id)
    _user(canaries)
    _link(canaries)
    _api_key(canaries)
    _keys(canaries)
    _connector(canaries)
    _tenant_and_application(canaries, world.application_id)
    _registration(canaries, world.application_id)
    assert canaries.found_in(log.text) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def test_a_canary_secret_in_every_input_of_a_login_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    world.configure(debug=True)
    world.add_lambda("function reconcile(user, registration, idToken) { console.info(JSON.stringify(arguments)); }")
    for verifier in (True, False):
        body = world.login_body("alice", verifier=verifier)
        canaries.made |= {f"{name} {verifier}": value for name, value in body["data"].items()}
        logged_in = canaries.call("POST", "/api/identity-provider/login", body, key="").json()
        canaries.made |= {
            f"refresh token {verifier}": logged_in["refreshToken"],
            f"token {verifier}": logged_in["token"],
        }
        canaries.call("POST", "/api/identity-provider/login", body, key="")
    _wrong_logins(canaries, world)
    _tokens(canaries, logged_in, world.application_id)
    world.strategy("CreatePendingLink", debug=True)
    pending = world.login("bob").json()["pendingIdPLinkId"]
    canaries.made["pending link"] = pending
    link = {"pendingIdPLinkId": pending, "identityProviderLink": {"userId": str(uuid4())}}
    canaries.call("POST", "/api/identity-provider/link", link)
    canaries.call("GET", f"/api/identity-provider/link/pending/{pending}?userId={uuid4()}")
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def test_a_canary_secret_in_every_input_of_a_password_login_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    with hooks_of(world.service) as hooks:
        hook = hooks.add("user.login.failed", "user.login.success")
        hooks.switch_on("user.login.failed", "user.login.success")
        _password_logins(canaries, world)
        hooks.deliver()
        assert "user.login.failed" in hook.types
        assert canaries.found_in(str(hook.events)) == set()
    world.service.services.traces.flush()
    assert canaries.found_in(log.text) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def test_a_canary_secret_in_every_input_of_any_other_door_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    somebody = Somebody(world)
    _passwords(canaries, somebody)
    _change_of_password(canaries, somebody)
    _second_factors(canaries, somebody)
    _verifications(canaries, somebody)
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()
    assert world.count("login_traces") > 10


def _passwords(canaries: Canaries, somebody: Somebody) -> None:
    application_id = somebody.world.application_id
    canaries.made["password"] = PASSWORD

    def body(password: Any, **members: Any) -> dict[str, Any]:
        return {"loginId": somebody.email, "password": password, "applicationId": application_id} | members

    assert canaries.call("POST", "/api/login", body(PASSWORD)).status_code == 200
    canaries.call("POST", "/api/login", body(canaries("wrong password")))
    canaries.call("POST", "/api/login", body(PASSWORD, loginId="nobody@example.com"))
    canaries.call("POST", "/api/login", body(PASSWORD), key=canaries("unknown key"))
    canaries.call("POST", "/api/login", body(PASSWORD), cookies={"fusionauth.trust": canaries("trust cookie")})
    canaries.call("POST", "/api/login", body(PASSWORD, twoFactorTrustId=canaries("twoFactorTrustId")))
    once = {"oneTimePassword": canaries("one-time password"), "applicationId": application_id}
    canaries.call("POST", "/api/login", once)
    _wrongly(canaries, "POST", "/api/login", body, "password of the wrong kind")


def _change_of_password(canaries: Canaries, somebody: Somebody) -> None:
    somebody.call("PATCH", f"/api/user/{somebody.user_id}", {"user": {"passwordChangeRequired": True}})
    canaries.made["changePasswordId"] = given = somebody.complete_login().json()["changePasswordId"]
    path = "/api/user/change-password"
    canaries.call("POST", f"{path}/{canaries('unknown changePasswordId')}", {"password": canaries("new password")})
    canaries.call("POST", f"{path}/{given}", {"password": "x"})
    changed = canaries.call("POST", f"{path}/{given}", {"password": canaries("new password")}, key="")
    assert changed.status_code == 200, changed.text
    wrong = {"loginId": somebody.email, "currentPassword": canaries("current password"), "password": canaries("next")}
    canaries.call("POST", path, wrong)
    forgotten = canaries.call("POST", "/api/user/forgot-password", {"loginId": somebody.email})
    canaries.made["forgotten changePasswordId"] = forgotten.json()["changePasswordId"]


def _second_factors(canaries: Canaries, somebody: Somebody) -> None:
    phone, recovery_codes = with_phone(somebody.world, somebody.user_id)
    canaries.made |= {"TOTP secret": phone.base64, "TOTP secret in base 32": phone.base32}
    canaries.made |= {f"recovery code {number}": code for number, code in enumerate(recovery_codes)}
    canaries.made["twoFactorId"] = given = somebody.complete_login().json()["twoFactorId"]
    canaries.call("POST", "/api/two-factor/login", {"twoFactorId": given, "code": canaries("wrong code")}, key="")
    unknown = {"twoFactorId": canaries("unknown twoFactorId"), "code": canaries("wrong code")}
    canaries.call("POST", "/api/two-factor/login", unknown, key="")
    right = {"twoFactorId": given, "code": phone.code(), "trustComputer": True}
    done = canaries.call("POST", "/api/two-factor/login", right, key="")
    assert done.status_code == 200, done.text
    canaries.made |= {name: done.json()[name] for name in ("trustToken", "twoFactorTrustId") if name in done.json()}
    again = somebody.complete_login().json()["twoFactorId"]
    recovered = {"twoFactorId": again, "code": recovery_codes[0]}
    assert canaries.call("POST", "/api/two-factor/login", recovered, key="").status_code == 200


def _verifications(canaries: Canaries, somebody: Somebody) -> None:
    for kind in ("email", "registration"):
        path = f"/api/user/verify-{kind}"
        canaries.call("POST", f"{path}/{canaries(f'unknown {kind} verification')}", key="")
        body = {"verificationId": canaries(f"verification of {kind}"), "oneTimeCode": canaries(f"code of {kind}")}
        canaries.call("POST", path, body, key="")
    query = {"applicationId": somebody.world.application_id, "email": somebody.email}
    for kind in ("email", "registration"):
        answer = canaries.call("PUT", f"/api/user/verify-{kind}?sendVerifyEmail=false", params=query)
        made = answer.json() if answer.content else {}
        canaries.made |= {f"{kind} {name}": value for name, value in made.items() if isinstance(value, str)}


def _provider(canaries: Canaries, application_id: str) -> None:
    path = f"/api/identity-provider/{TWITTER}"

    def document(secret: Any, **members: Any) -> dict[str, Any]:
        override = {"enabled": True, "consumerKey": "key", "consumerSecret": canaries("override's consumer secret")}
        whole = {"type": "Twitter", "buttonText": "b", "consumerKey": "k", "consumerSecret": secret}
        return {"identityProvider": {**whole, "applicationConfiguration": {application_id: override}, **members}}

    secret = canaries("consumer secret")
    assert canaries.call("PUT", path, document(secret)).status_code == 200
    canaries.call("PUT", path, document(secret, enabled="yes"))
    canaries.call("PUT", path, document(secret, tenantConfiguration={str(uuid4()): {}}))
    canaries.call("POST", "/api/identity-provider", document(secret))
    _wrongly(canaries, "PUT", path, document, "consumer secret")
    test = [{"op": "test", "path": "/identityProvider/consumerSecret", "value": canaries("guessed consumer secret")}]
    canaries.call("PATCH", path, test, headers=JSON_PATCH)
    canaries.call("POST", "/api/identity-provider/test", {"identityProviderId": TWITTER})


def _user(canaries: Canaries) -> None:
    def document(secret: Any) -> dict[str, Any]:
        return {"user": {"email": f"{uuid4()}@example.com", "password": secret}}

    user_id = canaries.call("POST", "/api/user", document(canaries("password"))).json()["user"]["id"]
    canaries.call("PATCH", f"/api/user/{user_id}", document(canaries("new password")))
    canaries.call("PUT", f"/api/user/{user_id}", document(canaries("refused password") + "x" * 300))
    _wrongly(canaries, "POST", "/api/user", document, "password of the wrong kind")


def _api_key(canaries: Canaries) -> None:
    def document(secret: Any) -> dict[str, Any]:
        return {"apiKey": {"key": secret, "name": str(uuid4())}}

    text = canaries("API key")
    assert canaries.call("POST", "/api/api-key", document(text)).status_code == 200
    canaries.call("POST", "/api/api-key", document(text))
    canaries.call("GET", "/api/tenant", key=text)
    canaries.call("GET", "/api/tenant", key=canaries("unknown API key"))
    _wrongly(canaries, "POST", "/api/api-key", document, "API key")


def _connector(canaries: Canaries) -> None:
    secrets = {"systemAccountPassword": canaries("system account")}
    document = connector(add_lambda(canaries.service), **secrets)
    path = f"{CONNECTOR}/{canaries.call('POST', CONNECTOR, document).json()['connector']['id']}"
    wrong = {"connector": document["connector"] | {"securityMethod": "LDAPS"}}
    for method, given in (("PUT", document), ("PUT", wrong), ("PATCH", {"connector": secrets | {"name": ""}})):
        canaries.call(method, path, given)
    canaries.call("POST", CONNECTOR, document)
    canaries.call("GET", path)


def _keys(canaries: Canaries) -> None:
    def document(secret: Any) -> dict[str, Any]:
        return {"key": {"algorithm": "HS256", "name": str(uuid4()), "secret": secret}}

    assert canaries.call("POST", "/api/key/import", document(canaries("HMAC secret"))).status_code == 200
    canaries.call("POST", "/api/key/import", document(canaries("HMAC secret")[:9]))
    _wrongly(canaries, "POST", "/api/key/import", document, "HMAC secret")
    pem = _private_pem()
    canaries.made["private key"] = pem.splitlines()[1]
    body = {"key": {"algorithm": "ES256", "name": "imported", "privateKey": pem}}
    assert canaries.call("POST", "/api/key/import", body).status_code == 200
    body["key"] |= {"name": "broken", "privateKey": pem.replace("END", "ENDE")}
    assert canaries.call("POST", "/api/key/import", body).status_code == 400


def _tenant_and_application(canaries: Canaries, application_id: str) -> None:
    tenant = {
        "name": "With secrets",
        "captchaConfiguration": {"secretKey": canaries("captcha secret")},
        "emailConfiguration": {"password": canaries("SMTP password")},
    }
    made = canaries.call("POST", "/api/tenant", {"tenant": tenant}).json()["tenant"]
    canaries.call("POST", "/api/tenant", {"tenant": tenant})
    canaries.call("PATCH", f"/api/tenant/{made['id']}", {"tenant": {"name": 5}})
    application = {
        "name": "With secrets",
        "oauthConfiguration": {"clientSecret": canaries("client secret")},
        "cleanSpeakConfiguration": {"apiKey": canaries("CleanSpeak key")},
    }
    canaries.call("POST", "/api/application", {"application": application})
    canaries.call("POST", "/api/application", {"application": application})
    canaries.call("PUT", f"/api/application/{application_id}", {"application": {**application, "name": 5}})


def _registration(canaries: Canaries, application_id: str) -> None:
    path = f"/api/application/{application_id}"
    canaries.call("PATCH", path, {"application": {"authenticationTokenConfiguration": {"enabled": True}}})

    def document(secret: Any) -> dict[str, Any]:
        registration = {
            "applicationId": application_id,
            "authenticationToken": secret,
            "tokens": {TWITTER: canaries("token of a registration")},
        }
        return {
            "user": {"email": f"{uuid4()}@example.com", "password": canaries("password")},
            "registration": registration,
        }

    path = "/api/user/registration"
    assert canaries.call("POST", path, document(canaries("authentication token"))).status_code == 200
    _wrongly(canaries, "POST", path, document, "authentication token")


def _link(canaries: Canaries) -> None:
    user = {"email": "linked@example.com", "password": canaries("password")}
    user_id = canaries.call("POST", "/api/user", {"user": user}).json()["user"]["id"]

    def document(secret: Any) -> dict[str, Any]:
        link = {"identityProviderId": TWITTER, "identityProviderUserId": "5", "userId": user_id, "token": secret}
        return {"identityProviderLink": link}

    assert (
        canaries.call("POST", "/api/identity-provider/link", document(canaries("token of a link"))).status_code == 200
    )
    _wrongly(canaries, "POST", "/api/identity-provider/link", document, "token of a link")


def _wrongly(canaries: Canaries, method: str, path: str, document: Any, name: str) -> None:
    """The secret within a value of the wrong kind, too long, and in a body that is no JSON."""
    secret = canaries(name)
    for wrong in ([secret], {secret: secret}, secret * 400):
        canaries.call(method, path, document(wrong))
    headers = {"Content-Type": "application/json"}
    canaries.call(method, path, data=f'{{"a": "{secret}"'.encode(), headers=headers)


def _wrong_logins(canaries: Canaries, world: World) -> None:
    data = {name: canaries(name) for name in ("oauth_token", "oauth_token_secret", "oauth_verifier")}
    body = {"applicationId": world.application_id, "identityProviderId": TWITTER, "data": data}
    canaries.call("POST", "/api/identity-provider/login", body, key="")
    for fault in ("garbage", "unavailable"):
        world.x.fault(fault)
        canaries.call("POST", "/api/identity-provider/login", body, key="")
        world.x.clear_faults()
    for name, secret in data.items():
        canaries.call("POST", "/api/identity-provider/login", {**body, "data": {**data, name: [secret]}}, key="")


def _password_logins(canaries: Canaries, world: World) -> None:
    application = f"/api/application/{world.application_id}"
    canaries.call("PATCH", application, {"application": {"authenticationTokenConfiguration": {"enabled": True}}})
    person = {"email": f"{uuid4()}@example.com", "password": canaries("password")}
    registration = {"applicationId": world.application_id, "authenticationToken": canaries("authentication token")}
    body = {"user": person, "registration": registration}
    assert canaries.call("POST", "/api/user/registration", body).status_code == 200

    def login(password: Any) -> dict[str, Any]:
        return {"loginId": person["email"], "password": password, "applicationId": world.application_id}

    for secret in ("password", "authentication token"):
        tokens = canaries.call("POST", "/api/login", login(canaries(secret))).json()
        canaries.made |= {f"{name} for {secret}": tokens[name] for name in ("token", "refreshToken")}
    canaries.call("POST", "/api/login", login(canaries("wrong password")))
    canaries.call("POST", "/api/login", login(canaries("password")), key=canaries("unknown API key"))
    canaries.call("POST", "/api/login", {**login(None), "oneTimePassword": canaries("one-time password")})
    canaries.call("POST", "/api/login", login("x") | {"twoFactorTrustId": canaries("trusted computer")})
    _wrongly(canaries, "POST", "/api/login", login, "password")


def test_a_canary_secret_in_every_input_of_a_second_factor_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    tenant_policy(world, email={"enabled": True})
    alice = world.logged_in("alice")["user"]["id"]
    phone, codes = with_phone(world, alice)
    canaries.made |= {f"recovery code {number}": code for number, code in enumerate(codes)}
    canaries.made |= {"base64": phone.base64, "base32": phone.base32}
    two_factor_id = canaries.made["two-factor id"] = challenge(world, "alice")
    login, methods = "/api/two-factor/login", f"/api/user/two-factor/{alice}"
    unknown = canaries("unknown two-factor id")
    for body in ({"twoFactorId": two_factor_id, "code": canaries("code")}, {"twoFactorId": unknown, "code": codes[1]}):
        canaries.call("POST", login, body, key="")
        canaries.call("POST", login, body | {"applicationId": "none"}, key="")
        canaries.call("POST", login, body | {"userId": 1}, key="")
    enable = {"method": "authenticator", "code": canaries("code"), "secret": canaries("secret")}
    canaries.call("POST", methods, enable)
    canaries.call("POST", methods, enable | {"secretBase32Encoded": canaries("secret"), "secret": None})
    canaries.call("POST", methods, {"method": "email", "email": "a@b.example", "code": canaries("code")})
    canaries.call("POST", methods, enable | {"secret": phone.base64, "code": phone.code(), "twoFactorId": unknown})
    started = canaries.call("POST", "/api/two-factor/start", {"userId": alice, "trustChallenge": canaries("challenge")})
    canaries.made |= {"started": started.json()["twoFactorId"]}
    answered = {"twoFactorId": started.json()["twoFactorId"], "code": started.json()["code"], "trustComputer": True}
    completed = canaries.call("POST", login, answered, key="").json()
    canaries.made |= {"trust token": completed["trustToken"], "trust": completed["twoFactorTrustId"]}
    canaries.call(
        "POST", "/api/two-factor/status", {"userId": alice, "twoFactorTrustId": completed["twoFactorTrustId"]}
    )
    assert canaries.found_in(log.text) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def test_a_canary_secret_in_every_form_about_accounts_is_in_no_trace_log_event_or_page(
    world: World, canaries: Canaries, log: Everything
) -> None:
    allow_client(world)
    change = {"application": {"registrationConfiguration": {"enabled": True, "confirmPassword": True}}}
    canaries.call("PATCH", f"/api/application/{world.application_id}", change)
    email, pages = f"{uuid4()}@example.com", []
    with Tab(world) as tab:
        tab.ask()
        tab.click("Create an account")
        first = {"email": email, "password": canaries("password")}
        for typed in (
            first | {"password_confirm": canaries("another password")},
            first | {"email": "no address", "password_confirm": first["password"]},
            first | {"password_confirm": first["password"]},
        ):
            pages.append(tab.page.html)
            tab.press("Create the account", **typed)
        assert tab.brought()["code"]
    [(user_id,)] = world.rows("SELECT id::text FROM users")
    phone, _ = with_phone(world, user_id)
    body = {"loginId": email, "sendForgotPasswordEmail": False, "applicationId": world.application_id}
    secret = canaries.call("POST", "/api/user/forgot-password", body).json()["changePasswordId"]
    canaries.made["id of the link"] = secret
    with Tab(world) as tab:
        tab.go(f"/password/change/{secret}")
        tab.press("Continue", code=canaries("wrong code"))
        pages.append(tab.page.html)
        tab.press("Continue", code=phone.code())
        for password in (canaries("new password") * 10, canaries("new password")):
            tab.press("Save the password", password=password, password_confirm=canaries("new password"))
            pages.append(tab.page.html)
        assert tab.page.path == "/password/complete"
        tab.go(f"/password/change/{secret}")
        pages.append(tab.page.html)
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(pages)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def _tokens(canaries: Canaries, logged_in: dict[str, Any], application_id: str) -> None:
    token, refresh_token = logged_in["token"], logged_in["refreshToken"]
    for body in ({"refreshToken": refresh_token}, {"refreshToken": canaries("unknown refresh token")}):
        canaries.call("POST", "/api/jwt/refresh", body, key="")
        canaries.call("POST", "/api/jwt/refresh", {**body, "timeToLiveInSeconds": -1}, key="")
    bearer = {"Authorization": f"Bearer {token}"}
    canaries.call("GET", f"/api/jwt/issue?applicationId={application_id}", key="", headers=bearer)
    canaries.call("GET", "/api/jwt/validate", key="", headers={"Authorization": f"Bearer {token}x"})
    canaries.call("DELETE", "/api/jwt/refresh", {"token": canaries("unknown refresh token")})
    cookies = {"refresh_token": canaries("cookie"), "access_token": canaries("other cookie")}
    canaries.call("POST", "/api/jwt/refresh", key="", cookies=cookies)
    canaries.call("POST", "/api/logout", {"refreshToken": refresh_token}, key="")


def test_a_canary_secret_in_every_input_of_oauth_is_in_no_trace_log_event_or_error(
    world: World, canaries: Canaries, log: Everything
) -> None:
    client = add_client(world, clientSecret=canaries("client secret"))
    verifier = f"{canaries('verifier')}-of-forty-three"
    asked = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    canaries.made["code"] = code = client.code(**asked)
    tokens = client.redeem(code, code_verifier=verifier).json()
    canaries.made |= {name: tokens[name] for name in ("access_token", "id_token", "refresh_token")}
    answers = [
        client.redeem(code, code_verifier=verifier),
        client.redeem(client.code(**asked), code_verifier=f"{canaries('wrong verifier')}-of-forty-three"),
        client.redeem(canaries("unknown code")),
        client.redeem("x", client_secret=canaries("wrong secret")),
        client.post(basic=(client.id, canaries("wrong secret")), grant_type="password"),
        client.refresh(canaries("unknown refresh token")),
        client.refresh(tokens["refresh_token"], scope="sing"),
        client.log_in(canaries("wrong password")),
        client.userinfo(canaries("no access token")),
        client.userinfo(tokens["id_token"]),
        client.post("/oauth2/introspect", client_secret=canaries("wrong secret"), token=tokens["access_token"]),
    ]
    canaries.refusals += [f"{answer.headers} {answer.text}" for answer in answers]
    assert {answer.status_code for answer in answers} == {400, 401}
    assert canaries.found_in(log.of_the_service) == set()
    assert canaries.found_in("\n".join(canaries.refusals)) == set()
    assert canaries.found_in(canaries.stored()) == set()


def _private_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
