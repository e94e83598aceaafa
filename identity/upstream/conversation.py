"""One login's calls to a provider: within one time budget, repeated only where that is safe, traced without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import orjson

from identity.domain.redact import mask, mask_email
from identity.upstream import Answer, Leg, Outside, UpstreamRefused, UpstreamUnreachable
from identity.upstream.answers import NotUnderstood

Read = TypeVar("Read")
LONGEST_QUOTE = 10_000
SHORTEST_SECRET = 6
"""Characters; shorter texts are not looked for in what a provider says, since they occur by chance."""


class Conversation:
    """What the calls to one provider have in common; each kind of provider adds how it signs and refuses."""

    party: ClassVar[str]
    """Who is talked to, in messages."""

    unquotable: ClassVar[str]
    """What tokens are called in its answers: one that has this in it is not quoted."""

    def __init__(self, outside: Outside, *secrets: str) -> None:
        self.outside = outside
        self._deadline = outside.runtime.monotonic() + outside.budget
        self._secrets: set[str] = set()
        self.keep_secret(*secrets)

    def keep_secret(self, *texts: str) -> None:
        """No trace shows these from now on, whoever says them: as they are, or as JSON and addresses spell them."""
        for text in texts:
            if len(text) >= SHORTEST_SECRET:
                in_json = json.dumps(text, ensure_ascii=False)[1:-1]
                in_address = quote(text, safe="", errors="surrogatepass")
                self._secrets |= {text, in_json, in_json.replace("/", r"\/"), in_address}

    def send(
        self, leg: Leg, method: str, url: str, described: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One request, which the trace shows as it is `described`. Raises UpstreamRefused: no answer in time."""
        trace = self.outside.trace
        trace.add(f"Call {method} {described}.")
        budget = self._deadline - self.outside.runtime.monotonic()
        try:
            answer = self.outside.http.send(method, url, headers=headers, body=body, budget=budget)
        except UpstreamUnreachable as failure:
            trace.add(f"{self.party} could not be used: {failure.reason}.")
            message = f"{self.party} could not be reached: {failure.reason}."
            raise UpstreamRefused(leg, message, {"reason": failure.reason}) from None
        trace.add(f"{self.party} answered {answer.status}.")
        return answer

    def repeated(self, send: Callable[[], Answer]) -> Answer:
        """What `send` gets, asked once more after a reset or a 5xx."""
        try:
            answer = send()
        except UpstreamRefused as refused:
            if refused.data["reason"] != "reset":
                raise
        else:
            if answer.status < 500:
                return answer
        self.outside.trace.add("The call is repeated once.")
        return send()

    def refusal(self, leg: Leg, answer: Answer, reason: str, codes: str, details: Mapping[str, Any]) -> UpstreamRefused:
        """The refusal for an answer of another status than 200. `codes` are the provider's own, in words."""
        self.outside.trace.add(f"{self.party} refused: {self._quote(answer)}")
        named = f" and code {codes}" if codes else ""
        message = f"{self.party} refused with status {answer.status}{named}."
        return UpstreamRefused(leg, message, {"status": answer.status, **details, "reason": reason})

    def understood(self, leg: Leg, answer: Answer, read: Callable[[Answer], Read]) -> Read:
        """What `read` makes of an answer of status 200. One that makes no sense is not quoted: it may hold new tokens.

        Raises UpstreamRefused.
        """
        try:
            return read(answer)
        except NotUnderstood as why:
            kind = answer.headers.get("content-type", "no content type")
            told = f"{self.party}'s answer of {len(answer.body)} bytes ({kind}) cannot be used: {why}."
            self.outside.trace.add(told)
            message = f"{self.party} cannot be understood: {why}."
            raise UpstreamRefused(leg, message, {"status": answer.status, "reason": "garbage"}) from None

    def note_person(self, person: Mapping[str, Any]) -> None:
        """Note the user document, its e-mail address masked wherever it occurs."""
        email = person.get("email")
        if isinstance(email, str) and email:
            text = orjson.dumps(person).decode().replace(_inside_json(email), _inside_json(mask_email(email)))
        else:
            text = orjson.dumps({**person, "email": None}).decode()
        self.outside.trace.add(f"{self.party} returned the user: {self._without_secrets(text)[:LONGEST_QUOTE]}")

    def _quote(self, answer: Answer) -> str:
        text = answer.body[:LONGEST_QUOTE].decode("utf-8", "replace")
        return "<not shown, it holds a token>" if self.unquotable in text else self._without_secrets(text)

    def _without_secrets(self, text: str) -> str:
        """A provider may say back what it was told; longest first, as one secret may hold another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, mask(secret))
        return text


def reason_of(status: int) -> str:
    """Why a provider refused, by the status alone."""
    if status == 429:
        return "rate limited"
    return "unavailable" if status >= 500 else "refused"


def _inside_json(text: str) -> str:
    """As it stands between the quotes of a JSON string."""
    return orjson.dumps(text).decode()[1:-1]
