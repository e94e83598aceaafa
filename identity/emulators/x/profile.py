"""The v1.1 user object of a person, as verify_credentials answers it."""

from __future__ import annotations

import hashlib
from typing import Any

from identity.emulators.x.people import Person

_IMAGES = "abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"


def profile(person: Person, *, email: bool, entities: bool, status: bool) -> dict[str, Any]:
    """The user object. `email` says whether the member is there at all; without an address it is null."""
    document = _account(person) | _counts(person) | _looks(person) | _viewer()
    if entities:
        document["entities"] = _entities(person)
    if status and person.statuses_count:
        document["status"] = _status(person)
    if email:
        document["email"] = person.email
    return document


def _account(person: Person) -> dict[str, Any]:
    return {
        "id": int(person.id),
        "id_str": person.id,
        "name": person.name,
        "screen_name": person.screen_name,
        "location": person.location,
        "description": person.description,
        "url": person.url,
        "protected": person.protected,
        "verified": person.verified,
        "created_at": person.created_at,
        "utc_offset": None,
        "time_zone": None,
        "geo_enabled": False,
        "lang": None,
        "contributors_enabled": False,
        "is_translator": False,
        "is_translation_enabled": False,
        "translator_type": "none",
        "withheld_in_countries": [],
    }


def _counts(person: Person) -> dict[str, Any]:
    return {
        "followers_count": person.followers_count,
        "friends_count": person.friends_count,
        "listed_count": person.followers_count // 100,
        "favourites_count": person.friends_count * 3,
        "statuses_count": person.statuses_count,
    }


def _looks(person: Person) -> dict[str, Any]:
    picture = _IMAGES if person.default_profile_image else f"pbs.twimg.com/profile_images/{_picture(person)}_normal.jpg"
    return {
        "profile_background_color": "F5F8FA",
        "profile_background_image_url": None,
        "profile_background_image_url_https": None,
        "profile_background_tile": False,
        "profile_image_url": f"http://{picture}",
        "profile_image_url_https": f"https://{picture}",
        "profile_link_color": "1DA1F2",
        "profile_sidebar_border_color": "C0DEED",
        "profile_sidebar_fill_color": "DDEEF6",
        "profile_text_color": "333333",
        "profile_use_background_image": True,
        "has_extended_profile": False,
        "default_profile": True,
        "default_profile_image": person.default_profile_image,
    }


def _viewer() -> dict[str, Any]:
    return {
        "following": False,
        "follow_request_sent": False,
        "notifications": False,
        "suspended": False,
        "needs_phone_verification": False,
    }


def _picture(person: Person) -> str:
    digest = hashlib.sha256(person.id.encode()).hexdigest()
    return f"{int(digest[:12], 16)}/{digest[12:20]}"


def _entities(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = {"description": {"urls": []}}
    if person.url:
        shown = person.url.partition("://")[2]
        link = {"url": person.url, "expanded_url": person.url, "display_url": shown, "indices": [0, len(person.url)]}
        found["url"] = {"urls": [link]}
    return found


def _status(person: Person) -> dict[str, Any]:
    number = int(person.id) + 1_000_000_000_000_000_000
    return {
        "created_at": "Mon May 06 10:00:00 +0000 2024",
        "id": number,
        "id_str": str(number),
        "text": f"Post number {person.statuses_count}",
        "truncated": False,
        "source": "",
        "in_reply_to_status_id": None,
        "in_reply_to_user_id": None,
        "is_quote_status": False,
        "retweet_count": 0,
        "favorite_count": 0,
        "favorited": False,
        "retweeted": False,
        "lang": "en",
    }
