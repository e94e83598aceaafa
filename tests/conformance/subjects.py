"""How the conformance suite talks to each provider: a login, the answers of a good one, and the codes of a bad one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.domain.model import ProviderValues
from identity.providers import PROVIDERS
from identity.upstream import IdentityProvider
from tests.fakes.sink import Behaviour, answer, answer_json


@dataclass(frozen=True)
class Subject:
    """One way to log in through one provider."""

    name: str
    provider: IdentityProvider
    values: ProviderValues
    data: Mapping[str, str]
    steps: tuple[Behaviour, ...]
    """What the provider answers, call by call, when all goes well: always about the person `id_str` 783214."""

    codes: tuple[str, ...]
    """The error code when that call fails."""

    repeated: tuple[bool, ...]
    """Whether that call is made once more after a reset or a 5xx."""

    without_email: Behaviour
    without_id: Behaviour
    """Instead of the last step."""

    secrets: tuple[str, ...] = ()
    """Texts that no trace may show."""

    email: str = "ada@example.test"
    expected: Mapping[str, Any] = field(default_factory=dict)


ADA: dict[str, Any] = {
    "id": 783214,
    "id_str": "783214",
    "name": "Ada Lovelace",
    "screen_name": "ada",
    "email": "ada@example.test",
    "profile_image_url_https": "https://pbs.example.test/ada.jpg",
    "description": "Write to ada@example.test",
    "entities": {"description": {"urls": []}},
    "lang": None,
}
CONSUMER = {"consumer_key": "consumer-key-1", "consumer_secret": "consumer-secret-1", "button_text": "Login"}
ISSUED = "oauth_token=783214-access-token&oauth_token_secret=access-token-secret&user_id=783214&screen_name=ada"


def ada(**changes: Any) -> Behaviour:
    """The user document with members replaced; None as a value stays, `...` removes the member."""
    return answer_json(200, {name: value for name, value in {**ADA, **changes}.items() if value is not ...})


TWITTER_ACCESS_TOKEN = Subject(
    name="twitter-access-token",
    provider=PROVIDERS["Twitter"],
    values=CONSUMER,
    data={"oauth_token": "783214-access-token", "oauth_token_secret": "access-token-secret"},
    steps=(ada(),),
    codes=("TwitterVerifyCredentials",),
    repeated=(True,),
    without_email=ada(email=...),
    without_id=ada(id_str=...),
    secrets=("consumer-secret-1", "783214-access-token", "access-token-secret", "ada@example.test"),
)
TWITTER_VERIFIER = Subject(
    name="twitter-verifier",
    provider=PROVIDERS["Twitter"],
    values=CONSUMER,
    data={
        "oauth_token": "request-token-1",
        "oauth_token_secret": "request-token-secret",
        "oauth_verifier": "verifier-1",
    },
    steps=(answer(200, ISSUED, "text/html"), ada()),
    codes=("TwitterAccessToken", "TwitterVerifyCredentials"),
    repeated=(False, True),
    without_email=ada(email=...),
    without_id=ada(id_str=...),
    secrets=(*TWITTER_ACCESS_TOKEN.secrets, "request-token-1", "request-token-secret", "verifier-1"),
)
SUBJECTS = (TWITTER_ACCESS_TOKEN, TWITTER_VERIFIER)
EXPECTED = {
    "subject": "783214",
    "email": "ada@example.test",
    "username": "ada",
    "token": "783214-access-token",
    "token_secret": "access-token-secret",
}
