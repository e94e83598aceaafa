"""One login's calls to X: signed, and sent again where X complains of the clock.

What may be repeated (login contract 7.5, decision 31): any call once after error 135, with X's clock; reading the
user once after a reset or a 5xx. A token exchange is otherwise never repeated, since X takes a verifier once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from identity.domain.redact import mask
from identity.providers.twitter import answers
from identity.providers.twitter.oauth1 import FormFields, authorization_header, form_body
from identity.upstream import Answer, Leg, Outside, UpstreamRefused
from identity.upstream import conversation as upstream
from identity.upstream.conversation import reason_of

TIMESTAMP_OUT_OF_BOUNDS = 135

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A token and its secret: X's request token, or a person's access token."""

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    pair: TokenPair | None
    form: FormFields
    callback: str | None

    def described(self, consumer: TokenPair) -> str:
        """For the trace, secrets masked."""
        parts = [f"consumer key {consumer.token}", f"consumer secret {mask(consumer.secret)}"]
        if self.pair:
            parts += [f"token {mask(self.pair.token)}", f"token secret {mask(self.pair.secret)}"]
        parts += [f"{name} {mask(value)}" for name, value in self.form]
        if self.callback:
            parts.append(f"callback {self.callback}")
        return f"{self.url} with {', '.join(parts)}"


class Conversation(upstream.Conversation):
    """Calls X with one consumer's key and secret."""

    party: ClassVar[str] = "X"
    unquotable: ClassVar[str] = "oauth_token"

    def __init__(self, consumer: TokenPair, outside: Outside) -> None:
        super().__init__(outside, consumer.secret)
        self.consumer = consumer
        self.skew = 0
        """Seconds X's clock is ahead of ours, once X has complained."""

    def call(
        self,
        leg: Leg,
        method: str,
        path: str,
        pair: TokenPair | None = None,
        *,
        form: FormFields = (),
        callback: str | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """An answer of status 200. Raises UpstreamRefused."""
        self.keep_secret(*(pair.token, pair.secret) if pair else (), *(value for _, value in form))
        request = _Request(method, self.outside.api_url.rstrip("/") + path, pair, form, callback)
        answer = self.repeated(lambda: self._in_time(leg, request)) if repeatable else self._in_time(leg, request)
        if answer.status != 200:
            raise self._refused(leg, answer)
        return answer

    def note_issued(self, pair: TokenPair) -> None:
        """Note a pair that X issued."""
        self.keep_secret(pair.token, pair.secret)
        self.outside.trace.add(f"X issued the token {mask(pair.token)} with the secret {mask(pair.secret)}.")

    def _in_time(self, leg: Leg, request: _Request) -> Answer:
        """By X's clock, if need be."""
        answer = self._signed(leg, request)
        if answer.status == 200 or TIMESTAMP_OUT_OF_BOUNDS not in answers.error_codes(answer):
            return answer
        clock = answers.clock_of(answer)
        if clock is None:
            return answer
        self.skew = clock - self.outside.runtime.wall_clock()
        self.outside.trace.add(f"X refused our timestamp; its clock is {self.skew} s ahead. Calling once more with it.")
        return self._signed(leg, request)

    def _signed(self, leg: Leg, request: _Request) -> Answer:
        runtime = self.outside.runtime
        header = authorization_header(
            request.method,
            request.url,
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
        headers = {"Authorization": header, **(FORM if post else {})}
        body = form_body(request.form) if post else None
        return self.send(leg, request.method, request.url, request.described(self.consumer), headers, body)

    def _refused(self, leg: Leg, answer: Answer) -> UpstreamRefused:
        codes, reset = answers.error_codes(answer), answers.rate_limit_reset(answer)
        details: dict[str, Any] = {"twitterCodes": codes} | ({} if reset is None else {"rateLimitReset": reset})
        refusal = self.refusal(leg, answer, reason_of(answer.status), ", ".join(map(str, codes)), details)
        if reset is not None:
            self.outside.trace.add(f"X takes calls again at {reset} (epoch seconds).")
        return refusal
