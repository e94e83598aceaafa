"""Facebook as an identity provider: the person behind a token or a code, and the beginning of a hosted login.

What the person is comes from `/me`, and without it there is no login. Picture and long-lived token are extras: a login
goes on without them, and the event log says so. Source: Rocket.Chat contract 10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from identity.domain.model import Claims, ProviderValues
from identity.providers.facebook import answers
from identity.providers.facebook.conversation import Conversation, versioned
from identity.providers.facebook.schema import FacebookOverrideSchema, FacebookSchema
from identity.settings import Settings
from identity.upstream import MISSING_UNIQUE_ID, Leg, Outside, Reach, Return, Start, UpstreamRefused
from identity.wire import WireSchema

EXCHANGE = Leg("FacebookAccessToken", 7)
ME = Leg("FacebookMe")
PICTURE = Leg("FacebookMePicture")

ALWAYS = ("id", "name", "email")
"""Fields of the profile that are read whatever the configuration lists."""

OWN_HOSTS = tuple(f"https://{name}.facebook.com" for name in ("www", "m", "web", "business"))
"""Facebook sends browsers from one of its names to another; the emulator has one name only."""

INNER = re.compile(r"\([^(){}]*\)|\{[^(){}]*\}")
"""What belongs to one field of a list of them: `picture.width(200)`, `friends{id,name}`."""


class Facebook:
    """Implements `identity.upstream.IdentityProvider` and `StartsLogins`."""

    wire_type: ClassVar[str] = "Facebook"
    fixed_id: ClassVar[UUID] = UUID("56abdcc7-8bd9-4321-9621-4e9bbebae494")
    authentication_type: ClassVar[str] = "FACEBOOK"
    name: ClassVar[str] = "Facebook"
    schema: ClassVar[type[WireSchema]] = FacebookSchema
    override_schema: ClassVar[type[WireSchema]] = FacebookOverrideSchema
    credentials: ClassVar[tuple[str, str]] = ("app_id", "client_secret")
    has_codes: ClassVar[bool] = True
    checks: ClassVar[str] = "Credentials"
    sign: ClassVar[str] = (
        "M14 22v-8h2.8l.5-3.3H14V8.6c0-1 .4-1.7 1.9-1.7h1.5V4a17 17 0 0 0-2.3-.2"
        "c-2.8 0-4.5 1.6-4.5 4.4v2.5H7.7V14h2.9v8z"
    )
    brings: ClassVar[tuple[str, ...]] = ()

    def missing(self, data: Mapping[str, str]) -> list[str]:
        """With a code it is the address that the code was sent to; without, a token."""
        needed = "redirect_uri" if data.get("code", "").strip() else "token"
        return [] if data.get(needed, "").strip() else [needed]

    def reach(self, settings: Settings) -> Reach:
        own = settings.of("facebook")
        return Reach(own["graph_url"], own["login_budget"], own)

    def claims(self, values: ProviderValues, data: Mapping[str, str], outside: Outside) -> Claims:
        """Of the holder of the token, which a code is exchanged for first."""
        conversation = _conversation(values, outside)
        token = _token(conversation, data)
        person = _person(conversation, values["profile_fields"], token)
        subject = answers.subject(person)
        if subject is None:
            outside.trace.add("The user has no usable id.")
            why = {"status": 200, "reason": "garbage"}
            raise UpstreamRefused(MISSING_UNIQUE_ID, "Facebook returned no user id.", why)
        return Claims(
            subject=subject,
            email=answers.email(person),
            name=answers.name(person),
            image_url=answers.image_url(person),
            token=_long_lived(conversation, token),
            raw=person,
        )

    def check(self, values: ProviderValues, callback_url: str, outside: Outside) -> None:
        """Facebook gives an app a token of its own for id and secret. It does not say whether it knows a callback."""
        _conversation(values, outside).as_app(EXCHANGE, grant_type="client_credentials")

    def start(self, values: ProviderValues, callback_url: str, outside: Outside) -> Start:
        """The dialog's address; Facebook is not called. What it brings back is bound to this login by the state."""
        state = outside.runtime.new_secret()
        asked = {
            "client_id": values["app_id"],
            "redirect_uri": callback_url,
            "state": state,
            "scope": values["permissions"],
            "response_type": "code",
        }
        dialog = versioned(outside.options["login_url"], outside.options) + "/dialog/oauth"
        return Start(f"{dialog}?{urlencode(asked)}", state, {"redirect_uri": callback_url})

    def destinations(self, reach: Reach) -> tuple[str, ...]:
        url: str = reach.options["login_url"]
        return OWN_HOSTS if url.rstrip("/") in OWN_HOSTS else (url,)

    def returned(self, query: Mapping[str, str]) -> Return | None:
        """Facebook sends the state with a code, or with an error when the person said no."""
        state, code = query.get("state"), query.get("code")
        if not state or not (code or query.get("error")):
            return None
        return Return(state, {"code": code, "state": state} if code and not query.get("error") else None)


def _conversation(values: ProviderValues, outside: Outside) -> Conversation:
    return Conversation(values["app_id"], values["client_secret"], outside)


def _token(conversation: Conversation, data: Mapping[str, str]) -> str:
    code = data.get("code", "").strip()
    if code:
        return conversation.as_app(EXCHANGE, redirect_uri=data["redirect_uri"], code=code)
    conversation.outside.trace.add("No code is exchanged, since the client brought a token.")
    return data["token"].strip()


def _person(conversation: Conversation, listed: str, token: str) -> dict[str, Any]:
    """The profile, with the picture in Graph's own form."""
    names = field_names(listed)
    fields = ",".join([listed, *(name for name in ALWAYS if name not in names)])
    person = conversation.as_person(ME, "/me", token, repeatable=True, fields=fields)
    conversation.note_person(person)
    if "picture" not in names:
        try:
            picture = conversation.as_person(PICTURE, "/me/picture", token, redirect="false")
        except UpstreamRefused as failure:
            conversation.outside.overlooked.append(failure)
        else:
            person["picture"] = {"data": picture.get("data")}
    return person


def _long_lived(conversation: Conversation, token: str) -> str:
    """A token that works for weeks, for applications that call Graph for the user; else the one of this login."""
    try:
        return conversation.as_app(EXCHANGE, grant_type="fb_exchange_token", fb_exchange_token=token)
    except UpstreamRefused as failure:
        conversation.outside.overlooked.append(failure)
        return token


def field_names(listed: str) -> set[str]:
    """The names in a list of fields, without what is said of each."""
    outer, count = listed, 1
    while count:
        outer, count = INNER.subn("", outer)
    return {part.partition(".")[0].strip() for part in outer.split(",")}
