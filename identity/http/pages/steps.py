"""What the pages of the steps that a login may miss have in common: how they end, and what they say of limits."""

from __future__ import annotations

from flask import Response

from identity.domain.errors import MESSAGES, TooManyRequests
from identity.http.pages.catalogue import msgid, words_for
from identity.http.pages.errors import error_page
from identity.http.pages.hosted import PageCall

OVER = msgid("This sign-in is over")
WHY_OVER = msgid(
    "It took too long, it was completed already, or it was begun again on another page. Please begin again."
)
BLANK = MESSAGES["blank"]
SECONDS_PER_MINUTE = 60


def over(headline: str = OVER, text: str = WHY_OVER) -> Response:
    """Nothing is left to go on with. The page offers to begin again."""
    return error_page(400, headline, text)


def too_often(call: PageCall, limited: TooManyRequests) -> str:
    """In words: so many codes or mails were sent that the next one has to wait."""
    minutes = -(-limited.retry_after_seconds // SECONDS_PER_MINUTE)
    return words_for(call.request, call.sign_in.locale).say_number(
        "So many were sent that the next one has to wait. Please try again in %(number)s minute.",
        "So many were sent that the next one has to wait. Please try again in %(number)s minutes.",
        minutes,
    )


def waiting(response: Response, limited: TooManyRequests) -> Response:
    """The page with the header that says as much to programs."""
    response.headers["Retry-After"] = str(limited.retry_after_seconds)
    return response
