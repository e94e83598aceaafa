"""Hosted pages that only tests have, on the application as it is: one that shows, and one that fails as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity.app import create_app
from identity.domain.outcome import Door
from identity.domain.sign_in import SignIn
from identity.flows.hosted.carried import seal
from identity.flows.services import Services
from identity.http.pages.hosted import PageCall, hosted_blueprint, page_route, show

SHOWN, FAILING = "/probe/shown", "/probe/failing"
BROWSER = "b" * 43


class Elements(HTMLParser):
    """The elements of a page in their order, each with its attributes; and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.all if name == tag]


@dataclass
class Probe:
    """A browser that has its cookie, before an application with the two pages."""

    services: Services
    client: FlaskClient
    failure: list[Exception]

    def open(self, path: str = SHOWN, method: str = "GET", **options: Any) -> TestResponse:
        return self.client.open(path, method=method, **options)

    def fail(self, error: Exception, method: str = "GET", **options: Any) -> TestResponse:
        self.failure[:] = [error]
        return self.open(FAILING, method, **options)

    def open_for(self, *, tenant_id: str | None = None, application_id: str | None = None) -> TestResponse:
        """The page in a sign-in at this tenant or application."""
        ids = {"tenant_id": tenant_id, "application_id": application_id}
        sign_in = SignIn(**{name: UUID(value) for name, value in ids.items() if value})
        return self.open(query_string={"sign_in": self.sealed(sign_in)})

    def sealed(self, sign_in: SignIn) -> str:
        return seal(self.services, sign_in, BROWSER)


def probe(services: Services, values: Mapping[str, Any] | None = None) -> Probe:
    """`values` are what the page is shown with."""
    app, failure = create_app(services), list[Exception]()
    blueprint = hosted_blueprint("probe")

    @page_route(blueprint, SHOWN, methods=("GET", "POST"))
    def shown(call: PageCall) -> Response:
        given = {"headline": "Was it you?", "text": "or", **(values or {})}
        return show(call, "notice.html", **given)

    @page_route(blueprint, FAILING, methods=("GET", "POST"), door=Door.PASSWORD)
    def failing(call: PageCall) -> Response:
        raise failure[0]

    app.register_blueprint(blueprint)
    client = app.test_client()
    client.set_cookie("identity.browser", BROWSER)
    return Probe(services, client, failure)
