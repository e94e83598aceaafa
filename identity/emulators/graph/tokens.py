"""Codes and access tokens: who holds which, until when, and that each code works once."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass, field, replace

CODE_SECONDS = 600
MOST_CODES = 10_000
MOST_TOKENS = 100_000

_ALPHABET = string.ascii_letters + string.digits


def _random(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person has let an app do."""

    app_id: str
    person: str
    """The key of the person."""
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What a browser brings back from the dialog."""

    text: str = field(repr=False)
    grant: Grant
    redirect_uri: str
    issued_at: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A user access token. `ended` is the subcode of Graph's error once it is no longer good."""

    text: str = field(repr=False)
    grant: Grant
    issued_at: float
    expires_at: float
    long_lived: bool = False
    ended: int | None = None


class Tokens:
    """All codes and tokens, in memory and bounded: the oldest give way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Token] = {}

    def issue_code(self, grant: Grant, redirect_uri: str, now: float) -> Code:
        """A code for a person who has just said yes."""
        made = Code(_random("AQ", 180), grant, redirect_uri, now)
        with self._lock:
            self._codes[made.text] = made
            _drop_oldest(self._codes, MOST_CODES)
        return made

    def code(self, text: str) -> Code | None:
        with self._lock:
            return self._codes.get(text)

    def use(self, text: str) -> bool:
        """Use a code up; False when it was, meanwhile."""
        with self._lock:
            found = self._codes.get(text)
            if found is None or found.used:
                return False
            self._codes[text] = replace(found, used=True)
            return True

    def issue(self, grant: Grant, now: float, seconds: float, *, long_lived: bool = False) -> Token:
        """A token that lives so many seconds."""
        made = Token(_random("EAA", 160), grant, now, now + seconds, long_lived)
        with self._lock:
            self._tokens[made.text] = made
            _drop_oldest(self._tokens, MOST_TOKENS)
        return made

    def token(self, text: str) -> Token | None:
        with self._lock:
            return self._tokens.get(text)

    def end(
        self, subcode: int, *, person: str | None = None, app_id: str | None = None, text: str | None = None
    ) -> int:
        """End the tokens of a person, an app, or the one token, and say how many there were."""
        with self._lock:
            ended = [
                token
                for token in self._tokens.values()
                if token.ended is None
                and text in {None, token.text}
                and person in {None, token.grant.person}
                and app_id in {None, token.grant.app_id}
            ]
            self._tokens |= {token.text: replace(token, ended=subcode) for token in ended}
        return len(ended)

    def newest(self, count: int) -> tuple[list[Code], list[Token]]:
        """The last codes and tokens, newest first."""
        with self._lock:
            codes, tokens = list(self._codes.values()), list(self._tokens.values())
        return codes[-count:][::-1], tokens[-count:][::-1]


def _drop_oldest(table: dict[str, Code] | dict[str, Token], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]
