"""The measured operations: how each is asked for on the wire and how its answer is known to be a real one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from tests.bench.failure import BenchFailed
from tests.bench.fake_x import secret_of, token_of

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"
LOGIN_PATH = "/api/identity-provider/login"
SIGNED = b"RS256"


@dataclass(frozen=True, slots=True)
class Person:
    """A person who has logged in once: `number` is that of fake X."""

    number: int
    refresh_token: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Wire:
    """Whom requests are for: the application, and the API key where the target asks for one.

    Logins and refreshes are sent without a key, as FusionAuth's own clients send them.
    """

    port: int
    application_id: str
    api_key: str = ""

    def request(self, method: str, path: str, body: object = None, *, keyed: bool = False) -> bytes:
        content = b"" if body is None else orjson.dumps(body)
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Accept: application/json"]
        if keyed and self.api_key:
            lines.append(f"Authorization: {self.api_key}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + content

    def login(self, number: int) -> bytes:
        """Complete login in its access-token form: one call to X."""
        token = token_of(number)
        data = {"oauth_token": token, "oauth_token_secret": secret_of(token)}
        body = {"applicationId": self.application_id, "identityProviderId": TWITTER, "data": data}
        return self.request("POST", LOGIN_PATH, body)


def check_login(body: bytes) -> None:
    answer = orjson.loads(body)
    _check_token(answer["token"])
    if not answer["refreshToken"] or not answer["user"]["id"]:
        raise BenchFailed(f"A login answered without a refresh token or a user: {body[:300]!r}")


def check_refresh(body: bytes) -> None:
    _check_token(orjson.loads(body)["token"])


def check_link(body: bytes) -> None:
    answer = orjson.loads(body)
    links = answer.get("identityProviderLinks") or [answer.get("identityProviderLink")]
    if len(links) != 1 or not links[0]["identityProviderUserId"]:
        raise BenchFailed(f"The link read did not answer with the one link: {body[:300]!r}")


def check_provider(body: bytes) -> None:
    if orjson.loads(body)["identityProvider"]["type"] != "Twitter":
        raise BenchFailed(f"The provider read did not answer with the provider: {body[:300]!r}")


def _check_token(token: str) -> None:
    head = token.partition(".")[0]
    if SIGNED not in base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)):
        raise BenchFailed("The token is not signed with RS256: the comparison would not be fair.")


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    requests: Callable[[Wire, Sequence[Person]], list[bytes]]
    check: Callable[[bytes], None]
    logs_in: bool = False
    """Calls X exactly once."""
    new_people: bool = False
    """Takes persons nobody has seen yet, so the requests are not repeated."""
    on_floor: bool = True
    goal: float | None = None
    """The most CPU it may take as a multiple of the floor's."""


OPERATIONS = (
    Operation(
        "login", lambda wire, people: [wire.login(p.number) for p in people], check_login, logs_in=True, goal=2.0
    ),
    Operation(
        "first login",
        lambda wire, people: [wire.login(p.number) for p in people],
        check_login,
        logs_in=True,
        new_people=True,
    ),
    Operation(
        "refresh",
        lambda wire, people: [
            wire.request("POST", "/api/jwt/refresh", {"refreshToken": p.refresh_token}) for p in people
        ],
        check_refresh,
        goal=1.8,
    ),
    Operation(
        "link read",
        lambda wire, people: [
            wire.request(
                "GET", f"/api/identity-provider/link?identityProviderId={TWITTER}&userId={p.user_id}", keyed=True
            )
            for p in people
        ],
        check_link,
        goal=3.5,
    ),
    Operation(
        "provider read",
        lambda wire, people: [wire.request("GET", f"/api/identity-provider/{TWITTER}", keyed=True)] * len(people),
        check_provider,
        on_floor=False,
    ),
)
LOGIN = OPERATIONS[0]
