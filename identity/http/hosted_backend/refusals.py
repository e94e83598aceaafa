"""What a person is told when the hosted backend can not go on: always a page, with status 200 as FusionAuth has it."""

from __future__ import annotations

import logging

from flask import Blueprint, Response

from identity.http.pages.catalogue import msgid
from identity.http.pages.errors import NOT_BEGUN, OF_CLIENTS, error_page

log = logging.getLogger("identity.http")

OVER = msgid("This sign-in is over")


class CannotGoOn(Exception):
    """The person is told this; the reason is for the log."""

    def __init__(self, headline: str, text: str, reason: str) -> None:
        super().__init__(reason)
        self.headline = headline
        self.text = text


def no_such_application() -> CannotGoOn:
    return CannotGoOn(NOT_BEGUN, OF_CLIENTS["client_id"], "invalid_client_id")


def not_enabled(grant: str) -> CannotGoOn:
    text = msgid("The application is not set up for signing in this way. Please tell those who run it.")
    return CannotGoOn(NOT_BEGUN, text, f"grant_type_disabled: {grant}")


def nowhere_to_return() -> CannotGoOn:
    return CannotGoOn(NOT_BEGUN, OF_CLIENTS["redirect_uri"], "invalid_redirect_uri")


def unreadable() -> CannotGoOn:
    text = msgid(
        "The address that brought you here is incomplete or too long. Please tell those who run the application."
    )
    return CannotGoOn(NOT_BEGUN, text, "invalid_request")


def not_of_this_browser() -> CannotGoOn:
    text = msgid(
        "It was begun in another browser, was used before, or is too old. Please go back to the application and begin "
        "again."
    )
    return CannotGoOn(OVER, text, "invalid_state")


def refused(reason: str) -> CannotGoOn:
    text = msgid("You were not signed in. Please go back to the application and begin again.")
    return CannotGoOn(OVER, text, reason)


def show_refusals(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(CannotGoOn, refusal_page)


def refusal_page(error: CannotGoOn) -> Response:
    log.info("the hosted backend can not go on: %r", str(error)[:200])
    return error_page(200, error.headline, error.text)
