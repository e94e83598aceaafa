"""Request tokens, verifiers and access tokens: who holds which, and that each request token works once."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass, field, replace

from identity.emulators.x.options import OUT_OF_BAND, Consumer
from identity.emulators.x.signature import same

REQUEST_TOKEN_SECONDS = 600
MOST_REQUEST_TOKENS = 10_000
MOST_ACCESS_TOKENS = 100_000
RATE_WINDOW = 900
"""X counts calls per token in windows of 15 minutes."""

_ALPHABET = string.ascii_letters + string.digits


def _random(length: int, alphabet: str = _ALPHABET) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


@dataclass(frozen=True, slots=True)
class RequestToken:
    """A temporary credential; `person` and `verifier` are None until somebody consented."""

    token: str
    secret: str = field(repr=False)
    consumer_key: str
    callback: str
    issued_at: float
    person: str | None = None
    verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An application's lasting right to act for a person."""

    token: str
    secret: str = field(repr=False)
    consumer_key: str
    person: str
    may_read_email: bool
    issued_at: float


class Tokens:
    """All live tokens, in memory and bounded: the oldest give way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[str, RequestToken] = {}
        self._accesses: dict[str, AccessToken] = {}
        self._grants: dict[tuple[str, str, bool], str] = {}
        self._calls: dict[str, tuple[int, int]] = {}

    def issue_request(self, consumer: Consumer, callback: str, now: float) -> RequestToken:
        """A fresh request token that nobody consented to yet."""
        made = RequestToken(_random(27), _random(32), consumer.key, callback, now)
        with self._lock:
            self._requests[made.token] = made
            _drop_oldest(self._requests, MOST_REQUEST_TOKENS)
        return made

    def request(self, token: str, now: float) -> RequestToken | None:
        """A request token that is still alive: not used, not denied, not older than ten minutes."""
        with self._lock:
            return self._live(token, now)

    def authorise(self, token: str, person: str, now: float) -> RequestToken | None:
        """Record the person's consent and make the verifier; None when the token is gone or was authorised before."""
        with self._lock:
            found = self._live(token, now)
            if found is None or found.person is not None:
                return None
            verifier = _random(7, string.digits) if found.callback == OUT_OF_BAND else _random(32)
            self._requests[token] = replace(found, person=person, verifier=verifier)
            return self._requests[token]

    def discard(self, token: str) -> None:
        """Forget a request token: its person said no."""
        with self._lock:
            self._requests.pop(token, None)

    def redeem(self, token: str, verifier: str, now: float) -> str | None:
        """Use up a request token by its verifier and name the person; None, and nothing used, when it is not right."""
        with self._lock:
            found = self._live(token, now)
            if found is None or found.verifier is None or not same(found.verifier, verifier):
                return None
            del self._requests[token]
            return found.person

    def issue_access(self, consumer: Consumer, person: str, user_id: str, now: float) -> AccessToken:
        """The access token of this application and person: X gives the same pair until it is revoked.

        A change of the application's e-mail permission makes a new pair; the old one keeps what it had.
        """
        grant = (consumer.key, person, consumer.email_permission)
        with self._lock:
            known = self._accesses.get(self._grants.get(grant, ""))
            if known is not None:
                return known
            made = AccessToken(
                f"{user_id}-{_random(40)}", _random(45), consumer.key, person, consumer.email_permission, now
            )
            self._accesses[made.token] = made
            self._grants[grant] = made.token
            self._drop_oldest_access()
        return made

    def access(self, token: str) -> AccessToken | None:
        """An access token that was not revoked."""
        with self._lock:
            return self._accesses.get(token)

    def revoke(self, token: str) -> bool:
        """Take an access or request token away; False when there is none."""
        with self._lock:
            self._calls.pop(token, None)
            access = self._accesses.pop(token, None)
            if access is not None:
                self._forget_grant(access)
            return access is not None or self._requests.pop(token, None) is not None

    def count_call(self, token: str, now: float) -> int:
        """Count one call of this token in the current window and return how many there were."""
        window = int(now) // RATE_WINDOW
        with self._lock:
            seen, count = self._calls.get(token, (window, 0))
            count = count + 1 if seen == window else 1
            self._calls[token] = (window, count)
            return count

    def newest(self, count: int) -> tuple[list[RequestToken], list[AccessToken]]:
        """The last request and access tokens, newest first."""
        with self._lock:
            requests, accesses = list(self._requests.values()), list(self._accesses.values())
        return requests[-count:][::-1], accesses[-count:][::-1]

    def _live(self, token: str, now: float) -> RequestToken | None:
        found = self._requests.get(token)
        if found is None or now - found.issued_at > REQUEST_TOKEN_SECONDS:
            return None
        return found

    def _drop_oldest_access(self) -> None:
        while len(self._accesses) > MOST_ACCESS_TOKENS:
            token, access = next(iter(self._accesses.items()))
            del self._accesses[token]
            self._calls.pop(token, None)
            self._forget_grant(access)

    def _forget_grant(self, access: AccessToken) -> None:
        self._grants.pop((access.consumer_key, access.person, access.may_read_email), None)


def _drop_oldest(table: dict[str, RequestToken], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]
