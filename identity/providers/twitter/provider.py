"""Twitter (X) as an identity provider: the token exchange, the person, and the beginning of a hosted login.

Every refusal of X and every failure on the way to it ends as `UpstreamRefused` with the general code of its step
(login contract 3.6 and 7.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from identity.domain.contact import is_email
from identity.domain.model import Claims, ProviderValues
from identity.providers.twitter import answers
from identity.providers.twitter.conversation import Conversation, TokenPair
from identity.providers.twitter.oauth1 import encode
from identity.providers.twitter.schema import TwitterOverrideSchema, TwitterSchema
from identity.settings import Settings
from identity.upstream import MISSING_UNIQUE_ID, Leg, Outside, Reach, Return, Start, UpstreamRefused
from identity.wire import WireSchema

REQUEST_TOKEN = Leg("TwitterRequestToken")
CALLBACK_UNCONFIRMED = Leg("TwitterCallbackUnconfirmed")
ACCESS_TOKEN = Leg("TwitterAccessToken", 7)
VERIFY_CREDENTIALS = Leg("TwitterVerifyCredentials")

USER_PATH = "/1.1/account/verify_credentials.json?include_email=true"
OWN_HOSTS = ("https://api.twitter.com", "https://api.x.com", "https://twitter.com", "https://x.com")
"""X sends browsers from one of its names to another; the emulator has one name only."""
REQUIRED_DATA = ("oauth_token", "oauth_token_secret")
EXTRA_QUERY = "&include_entities=false&skip_status=true"


class Twitter:
    """Implements `identity.upstream.IdentityProvider` and `StartsLogins`."""

    wire_type: ClassVar[str] = "Twitter"
    fixed_id: ClassVar[UUID] = UUID("45bb233c-0901-4236-b5ca-ac46e2e0a5a5")
    authentication_type: ClassVar[str] = "TWITTER"
    name: ClassVar[str] = "X"
    schema: ClassVar[type[WireSchema]] = TwitterSchema
    override_schema: ClassVar[type[WireSchema]] = TwitterOverrideSchema
    credentials: ClassVar[tuple[str, str]] = ("consumer_key", "consumer_secret")
    has_codes: ClassVar[bool] = False
    checks: ClassVar[str] = "Credentials and callback URL"
    sign: ClassVar[str] = (
        "M13.9 10.5 21.3 2h-1.8l-6.4 7.4L8 2H2l7.8 11.2L2 22h1.8l6.8-7.8L16 22h6zm-2.4 2.8-.8-1.1L4.4 3.3h2.7l5.1 7.2"
        ".8 1.1 6.6 9.3h-2.7z"
    )
    brings: ClassVar[tuple[str, ...]] = ("oauth_token", "oauth_verifier")

    def missing(self, data: Mapping[str, str]) -> list[str]:
        return [name for name in REQUIRED_DATA if not data.get(name, "").strip()]

    def reach(self, settings: Settings) -> Reach:
        return Reach(settings.x.api_url, settings.x.login_budget, {"extra_query": settings.x.extra_query})

    def claims(self, values: ProviderValues, data: Mapping[str, str], outside: Outside) -> Claims:
        """With a verifier the pair in `data` is a request token and is exchanged; without, it is an access token."""
        conversation = _conversation(values, outside)
        pair = TokenPair(data["oauth_token"], data["oauth_token_secret"])
        verifier = (data.get("oauth_verifier") or "").strip()
        if verifier:
            pair = _exchange(conversation, pair, verifier)
        else:
            outside.trace.add("The call to /oauth/access_token is skipped because oauth_verifier was omitted.")
        person = _person(conversation, pair)
        subject = answers.subject(person)
        if subject is None:
            outside.trace.add("The user has no usable id_str.")
            raise UpstreamRefused(MISSING_UNIQUE_ID, "X returned no user id.", {"status": 200, "reason": "garbage"})
        email = person.get("email")
        return Claims(
            subject=subject,
            email=email if isinstance(email, str) and is_email(email) else None,
            username=(person.get("screen_name") or "").strip() or None,
            token=pair.token,
            token_secret=pair.secret,
            raw=person,
        )

    def check(self, values: ProviderValues, callback_url: str, outside: Outside) -> None:
        """X gives a request token only to an app it knows, for a callback the app has registered."""
        self.start(values, callback_url, outside)

    def start(self, values: ProviderValues, callback_url: str, outside: Outside) -> Start:
        """Ask for a request token, whose secret stays here. Raises UpstreamRefused."""
        conversation = _conversation(values, outside)
        answer = conversation.call(REQUEST_TOKEN, "POST", "/oauth/request_token", callback=callback_url)
        form = conversation.understood(REQUEST_TOKEN, answer, answers.token_form)
        if form.get("oauth_callback_confirmed") != "true":
            # RFC 5849 section 2.1: without it X would speak the protocol of 2007, which lets logins be stolen.
            outside.trace.add("X did not confirm the callback.")
            data = {"status": answer.status, "reason": "unconfirmed"}
            raise UpstreamRefused(CALLBACK_UNCONFIRMED, "X did not confirm the callback URL.", data)
        pair = _issued(conversation, form)
        url = f"{outside.api_url.rstrip('/')}/oauth/authenticate?oauth_token={encode(pair.token)}"
        return Start(url, pair.token, {"oauth_token": pair.token, "oauth_token_secret": pair.secret})

    def destinations(self, reach: Reach) -> tuple[str, ...]:
        return OWN_HOSTS if reach.api_url.rstrip("/") in OWN_HOSTS else (reach.api_url,)

    def returned(self, query: Mapping[str, str]) -> Return | None:
        """X sends `oauth_token` and `oauth_verifier`, or `denied` with the token of whoever said no."""
        if denied := query.get("denied"):
            return Return(denied, None)
        token, verifier = query.get("oauth_token"), query.get("oauth_verifier")
        return Return(token, {"oauth_token": token, "oauth_verifier": verifier}) if token and verifier else None


def _conversation(values: ProviderValues, outside: Outside) -> Conversation:
    return Conversation(TokenPair(values["consumer_key"], values["consumer_secret"]), outside)


def _exchange(conversation: Conversation, pair: TokenPair, verifier: str) -> TokenPair:
    form = [("oauth_verifier", verifier)]
    answer = conversation.call(ACCESS_TOKEN, "POST", "/oauth/access_token", pair, form=form)
    return _issued(conversation, conversation.understood(ACCESS_TOKEN, answer, answers.token_form))


def _issued(conversation: Conversation, form: Mapping[str, str]) -> TokenPair:
    pair = TokenPair(form["oauth_token"], form["oauth_token_secret"])
    conversation.note_issued(pair)
    return pair


def _person(conversation: Conversation, pair: TokenPair) -> dict[str, Any]:
    path = USER_PATH + (EXTRA_QUERY if conversation.outside.options.get("extra_query") else "")
    answer = conversation.call(VERIFY_CREDENTIALS, "GET", path, pair, repeatable=True)
    person = conversation.understood(VERIFY_CREDENTIALS, answer, answers.person)
    conversation.note_person(person)
    return person
