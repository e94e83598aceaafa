"""How the conformance suite talks to each provider: a login, the answers of a good one, and the codes of a bad one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

    extras: tuple[Behaviour, ...] = ()
    """What it answers after that, to calls that a login can do without."""

    extra_codes: tuple[str, ...] = ()
    """The error code in the event log when such a call fails."""

    expected: Mapping[str, Any] = field(default_factory=dict)
    """Members of the claims of a good login."""

    fallback_name: str = "ada"
    """What a person without e-mail is called."""

    @property
    def good(self) -> list[Behaviour]:
        """All answers of a good login."""
        return [*self.steps, *self.extras]

    def ending(self, behaviour: Behaviour) -> list[Behaviour]:
        """Those of a login whose last step is answered otherwise."""
        return [*self.steps[:-1], behaviour, *self.extras]


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


TWITTER_CLAIMS = {
    "subject": "783214",
    "email": "ada@example.test",
    "username": "ada",
    "token": "783214-access-token",
    "token_secret": "access-token-secret",
    "image_url": None,
}


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
    expected=TWITTER_CLAIMS,
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
    expected=TWITTER_CLAIMS,
    secrets=(*TWITTER_ACCESS_TOKEN.secrets, "request-token-1", "request-token-secret", "verifier-1"),
)
FACEBOOK_APP = {
    "app_id": "1234567890",
    "client_secret": "facebook-app-secret",
    "button_text": "Login with Facebook",
    "profile_fields": "email",
    "permissions": "email",
    "login_method": "UsePopup",
}
PICTURE_URL = "https://platform.example.test/ada.jpg"
FACEBOOK_ADA: dict[str, Any] = {"id": "783214", "name": "Ada Lovelace", "email": "ada@example.test"}


def facebook_ada(**changes: Any) -> Behaviour:
    """The profile with members replaced, as `ada` does."""
    return answer_json(200, {name: value for name, value in {**FACEBOOK_ADA, **changes}.items() if value is not ...})


def issued(token: str) -> Behaviour:
    return answer_json(200, {"access_token": token, "token_type": "bearer", "expires_in": 5183944})


def picture(**members: Any) -> Behaviour:
    data = {"height": 50, "is_silhouette": False, "url": PICTURE_URL, "width": 50}
    return answer_json(200, {"data": data | members})


FACEBOOK_TOKEN = Subject(
    name="facebook-token",
    provider=PROVIDERS["Facebook"],
    values=FACEBOOK_APP,
    data={"token": "short-lived-token"},
    steps=(facebook_ada(),),
    codes=("FacebookMe",),
    repeated=(True,),
    without_email=facebook_ada(email=...),
    without_id=facebook_ada(id=...),
    secrets=("facebook-app-secret", "short-lived-token", "long-lived-token", "ada@example.test"),
    extras=(picture(), issued("long-lived-token")),
    extra_codes=("FacebookMePicture", "FacebookAccessToken"),
    expected={
        "subject": "783214",
        "email": "ada@example.test",
        "username": None,
        "name": "Ada Lovelace",
        "image_url": PICTURE_URL,
        "token": "long-lived-token",
        "token_secret": None,
    },
    fallback_name="Ada Lovelace",
)
FACEBOOK_CODE = replace(
    FACEBOOK_TOKEN,
    name="facebook-code",
    data={"code": "code-from-the-dialog", "redirect_uri": "https://app.example.test/back"},
    steps=(issued("short-lived-token"), facebook_ada()),
    codes=("FacebookAccessToken", "FacebookMe"),
    repeated=(False, True),
    secrets=(*FACEBOOK_TOKEN.secrets, "code-from-the-dialog"),
)
SUBJECTS = (TWITTER_ACCESS_TOKEN, TWITTER_VERIFIER, FACEBOOK_TOKEN, FACEBOOK_CODE)
