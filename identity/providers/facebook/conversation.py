"""One login's calls to Graph: each proves that we know the app's secret.

What may be repeated: reading the person once, after a reset or a 5xx. A code is taken once, so its exchange is not.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from identity.domain.redact import mask
from identity.providers.facebook import answers
from identity.upstream import Answer, Leg, Outside, UpstreamRefused
from identity.upstream import conversation as upstream
from identity.upstream.conversation import reason_of

SHOWN = frozenset({"client_id", "fields", "grant_type", "redirect", "redirect_uri"})
"""Parameters that a trace shows; all others are secrets."""


class Conversation(upstream.Conversation):
    """Calls Graph for one app."""

    party: ClassVar[str] = "Facebook"
    unquotable: ClassVar[str] = "access_token"

    def __init__(self, app_id: str, secret: str, outside: Outside) -> None:
        super().__init__(outside, secret)
        self._app = {"client_id": app_id, "client_secret": secret}

    def as_app(self, leg: Leg, **parameters: str) -> str:
        """A token, asked for in the app's name. Raises UpstreamRefused."""
        answer = self._call(leg, "/oauth/access_token", self._app | parameters)
        token = self.understood(leg, answer, answers.token)
        self.keep_secret(token)
        self.outside.trace.add(f"Facebook issued the token {mask(token)}.")
        return token

    def as_person(
        self, leg: Leg, path: str, token: str, *, repeatable: bool = False, **parameters: str
    ) -> dict[str, Any]:
        """What the holder of the token may read. Raises UpstreamRefused."""
        proof = proof_of(self._app["client_secret"], token)
        parameters |= {"access_token": token, "appsecret_proof": proof}
        answer = self._call(leg, path, parameters, repeatable=repeatable)
        return self.understood(leg, answer, answers.document)

    def _call(self, leg: Leg, path: str, parameters: Mapping[str, str], *, repeatable: bool = False) -> Answer:
        """An answer of status 200. Raises UpstreamRefused."""
        self.keep_secret(*(value for name, value in parameters.items() if name not in SHOWN))
        url = versioned(self.outside.api_url, self.outside.options) + path
        said = [f"{name} {value if name in SHOWN else mask(value)}" for name, value in parameters.items()]
        described = f"{url} with {', '.join(said)}"

        def send() -> Answer:
            return self.send(leg, "GET", f"{url}?{urlencode(parameters)}", described, {})

        answer = self.repeated(send) if repeatable else send()
        if answer.status != 200:
            raise self._refused(leg, answer)
        return answer

    def _refused(self, leg: Leg, answer: Answer) -> UpstreamRefused:
        code, subcode = answers.error_codes(answer)
        named = {"facebookCode": code, "facebookSubcode": subcode}
        details = {name: value for name, value in named.items() if value is not None}
        codes = "/".join(str(value) for value in details.values())
        return self.refusal(leg, answer, _reason(answer.status, code), codes, details)


def proof_of(secret: str, token: str) -> str:
    """`appsecret_proof`: with it, Graph takes the tokens of this app only."""
    return hmac.new(secret.encode(), token.encode(), "sha256").hexdigest()


def versioned(url: str, options: Mapping[str, Any]) -> str:
    """The address with the version that is asked for."""
    return "/".join(filter(None, (url.rstrip("/"), options.get("graph_version"))))


def _reason(status: int, code: int | None) -> str:
    if status < 500 and code in answers.TRANSIENT:
        return "unavailable"
    return "rate limited" if status < 500 and code in answers.THROTTLED else reason_of(status)
