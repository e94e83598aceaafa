"""One login's calls to X: signed, within one time budget, repeated only where that is safe, and traced without secrets.

What may be repeated (login contract 7.5, decision 31): any call once after error 135, with X's clock; reading the
user once after a reset or a 5xx. A token exchange is otherwise never repeated, since X takes a verifier once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from identity.domain.redact import mask, mask_email
from identity.providers.twitter import answers
from identity.providers.twitter.oauth1 import FormFields, authorization_header, form_body
from identity.upstream import Answer, Outside, UpstreamRefused, UpstreamUnreachable

TIMESTAMP_OUT_OF_BOUNDS = 135
LONGEST_QUOTE = 10_000
SHORTEST_SECRET = 6
"""Characters; shorter texts are not looked for in what X says, since they occur by chance."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A token and its secret: X's request token, or a person's access token."""

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    pair: TokenPair | None
    form: FormFields
    callback: str | None

    def described(self, consumer: TokenPair) -> str:
        """Its parameters for the trace, secrets masked."""
        parts = [f"consumer key {consumer.token}", f"consumer secret {mask(consumer.secret)}"]
        if self.pair:
            parts += [f"token {mask(self.pair.token)}", f"token secret {mask(self.pair.secret)}"]
        parts += [f"{name} {mask(value)}" for name, value in self.form]
        if self.callback:
            parts.append(f"callback {self.callback}")
        return ", ".join(parts)


@dataclass(slots=True)
class Conversation:
    """Calls X with one consumer's key and secret."""

    consumer: TokenPair
    outside: Outside
    deadline: float = field(init=False)
    skew: int = 0
    """Seconds X's clock is ahead of ours, once X has complained."""

    _secrets: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.outside.runtime.monotonic() + self.outside.budget
        self._secrets = []
        self._keep_secret(self.consumer.secret)

    def call(
        self,
        code: str,
        method: str,
        path: str,
        pair: TokenPair | None = None,
        *,
        form: FormFields = (),
        callback: str | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """An answer of status 200; `code` is the error code otherwise. Raises UpstreamRefused."""
        self._keep_secret(*(pair.token, pair.secret) if pair else (), *(value for _, value in form))
        request = _Request(method, path, pair, form, callback)
        answer = self._send_twice(request, code) if repeatable else self._send(request, code)
        if answer.status != 200:
            raise self._refusal(code, answer)
        return answer

    def not_understood(self, code: str, answer: Answer, why: answers.NotUnderstood) -> UpstreamRefused:
        """The refusal for an answer of status 200 that makes no sense. It is not quoted: it may hold new tokens."""
        kind = answer.headers.get("content-type", "no content type")
        self.outside.trace.add(f"X's answer of {len(answer.body)} bytes ({kind}) cannot be used: {why}.")
        return UpstreamRefused(code, f"X cannot be understood: {why}.", {"status": answer.status, "reason": "garbage"})

    def note_issued(self, pair: TokenPair) -> None:
        """Note a pair that X issued."""
        self._keep_secret(pair.token, pair.secret)
        self.outside.trace.add(f"X issued the token {mask(pair.token)} with the secret {mask(pair.secret)}.")

    def note_person(self, person: Mapping[str, Any]) -> None:
        """Note the user document, its e-mail address masked wherever it occurs."""
        email = person.get("email")
        if isinstance(email, str) and email:
            text = orjson.dumps(person).decode().replace(_inside_json(email), _inside_json(mask_email(email)))
        else:
            text = orjson.dumps({**person, "email": None}).decode()
        self.outside.trace.add(f"X returned the user: {self._without_secrets(text)[:LONGEST_QUOTE]}")

    def _send_twice(self, request: _Request, code: str) -> Answer:
        try:
            answer = self._send(request, code)
        except UpstreamRefused as refused:
            if refused.data.get("reason") != "reset":
                raise
        else:
            if answer.status < 500:
                return answer
        self.outside.trace.add("The call is repeated once.")
        return self._send(request, code)

    def _send(self, request: _Request, code: str) -> Answer:
        answer = self._send_once(request, code)
        if answer.status == 200 or TIMESTAMP_OUT_OF_BOUNDS not in answers.error_codes(answer):
            return answer
        clock = answers.clock_of(answer)
        if clock is None:
            return answer
        self.skew = clock - self.outside.runtime.wall_clock()
        self.outside.trace.add(f"X refused our timestamp; its clock is {self.skew} s ahead. Calling once more with it.")
        return self._send_once(request, code)

    def _send_once(self, request: _Request, code: str) -> Answer:
        """Raises UpstreamRefused when X cannot be reached in time."""
        trace, runtime = self.outside.trace, self.outside.runtime
        url = self.outside.api_url.rstrip("/") + request.path
        trace.add(f"Call {request.method} {url} with {request.described(self.consumer)}.")
        header = authorization_header(
            request.method,
            url,
            consumer_key=self.consumer.token,
            consumer_secret=self.consumer.secret,
            token=request.pair.token if request.pair else None,
            token_secret=request.pair.secret if request.pair else None,
            nonce=runtime.random_bytes(16).hex(),
            timestamp=runtime.wall_clock() + self.skew,
            params=request.form,
            callback=request.callback,
        )
        post = request.method == "POST"
        try:
            answer = self.outside.http.send(
                request.method,
                url,
                headers={"Authorization": header, **(FORM if post else {})},
                body=form_body(request.form) if post else None,
                budget=self.deadline - runtime.monotonic(),
            )
        except UpstreamUnreachable as failure:
            trace.add(f"X could not be used: {failure.reason}.")
            raise UpstreamRefused(
                code, f"X could not be reached: {failure.reason}.", {"reason": failure.reason}
            ) from None
        trace.add(f"X answered {answer.status}.")
        return answer

    def _refusal(self, code: str, answer: Answer) -> UpstreamRefused:
        codes, reset = answers.error_codes(answer), answers.rate_limit_reset(answer)
        self.outside.trace.add(f"X refused: {self._quote(answer)}")
        data: dict[str, Any] = {"status": answer.status, "twitterCodes": codes, "reason": _reason(answer.status)}
        if reset is not None:
            data["rateLimitReset"] = reset
            self.outside.trace.add(f"X takes calls again at {reset} (epoch seconds).")
        named = f" and code {', '.join(map(str, codes))}" if codes else ""
        return UpstreamRefused(code, f"X refused with status {answer.status}{named}.", data)

    def _keep_secret(self, *texts: str) -> None:
        self._secrets += [text for text in texts if len(text) >= SHORTEST_SECRET]

    def _quote(self, answer: Answer) -> str:
        text = answer.body[:LONGEST_QUOTE].decode("utf-8", "replace")
        return "<not shown, it holds a token>" if "oauth_token" in text else self._without_secrets(text)

    def _without_secrets(self, text: str) -> str:
        """X may say back what it was told; longest first, as one secret may hold another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, mask(secret))
        return text


def _reason(status: int) -> str:
    if status == 429:
        return "rate limited"
    return "unavailable" if status >= 500 else "refused"


def _inside_json(text: str) -> str:
    """As it stands between the quotes of a JSON string."""
    return orjson.dumps(text).decode()[1:-1]
