"""The OpenAPI document and its page: whole, valid, offline, and harmless whatever the document says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from flask import Flask
from flask_smorest import Api, Blueprint
from openapi_spec_validator import OpenAPIV31SpecValidator

from identity.http.docs import docs_page
from identity.http.fusionauth import PAGES
from identity.http.openapi import describe
from tests import postgres
from tests.oauth_world import OPERATIONS
from tests.service import Service, running_service

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
TABLE = [row for page in PAGES for row in page.table]


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.call("GET", "/openapi.json", key="").json()
    return found


@pytest.fixture(scope="module")
def page(service: Service) -> requests.Response:
    return service.call("GET", "/docs", key="")


class Elements(HTMLParser):
    """Tags with their attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                yield method.upper(), path, item[method]


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_lists_every_route_of_the_table(document: dict[str, Any]) -> None:
    listed = {(method, path) for method, path, _ in operations(document)}
    table = {(row.method, re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", row.path)) for row in TABLE}
    assert listed == table | OPERATIONS


def test_every_operation_names_fusionauths_errors_object_for_a_refusal(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if (method, path) in OPERATIONS:
            continue
        assert "default" not in operation["responses"]
        schema = operation["responses"]["400"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Errors"}
    assert set(document["components"]["schemas"]["Errors"]["properties"]) == {"fieldErrors", "generalErrors"}


BODIES = {
    "LoginResponse": {"200", "202", "203", "212", "213", "242", "409"},
    "Errors": {"400", "429", "503", "504", "512"},
    "": {"404", "410"},
}
"""What every door of a login may answer, by the schema of the body."""

FURTHER = {
    "/api/login": {"": {"401", "413", "423"}},
    "/api/identity-provider/login": {"LoginResponse": {"232"}, "Errors": {"401"}, "": {"204", "413"}},
    "/api/two-factor/login": {"": {"413", "421"}},
}


@pytest.mark.parametrize("path", FURTHER)
def test_every_status_of_a_login_is_in_the_document_with_its_body(document: dict[str, Any], path: str) -> None:
    found: dict[str, set[str]] = {}
    for status, answer in document["paths"][path]["post"]["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        found.setdefault(schema.get("$ref", "").rpartition("/")[2], set()).add(status)
    assert found == {name: BODIES[name] | FURTHER[path].get(name, set()) for name in BODIES}


def test_a_real_refusal_fits_the_errors_object_of_the_document(service: Service, document: dict[str, Any]) -> None:
    refused = service.call("POST", "/api/tenant", {"tenant": {}})
    assert refused.status_code == 400
    assert set(refused.json()) == set(document["components"]["schemas"]["Errors"]["properties"])


def test_the_page_shows_every_operation_and_schema(page: requests.Response, document: dict[str, Any]) -> None:
    elements = Elements(page.text)
    for method, path, _ in operations(document):
        assert f"{method} {path}" in elements.text
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= set(elements.values("id"))


def test_a_member_of_several_forms_shows_each(page: requests.Response) -> None:
    shown = re.findall(r'(array of )?<a href="#schema-(\w+)">\2</a> or <a href="#schema-(\w+)">\3</a>', page.text)
    forms = ("TwitterIdentityProvider", "FacebookIdentityProvider")
    assert {("", *forms), ("array of ", *forms)} <= set(shown)


def test_every_link_of_the_page_leads_somewhere_on_this_service(page: requests.Response) -> None:
    elements = Elements(page.text)
    targets = set(elements.values("id"))
    assert len(targets) == len(elements.values("id"))
    for link in elements.values("href"):
        assert link == "/openapi.json" or link.removeprefix("#") in targets, link


def test_the_page_fetches_runs_and_sends_nothing(page: requests.Response) -> None:
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    elements = Elements(page.text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in elements.tags}
    assert not [name for _, attributes in elements.tags for name in attributes if name in {"src", "style"}]
    assert "url(" not in page.text and "@import" not in page.text
    policy = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"].startswith("'sha256-")
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_hostile_text_in_the_document_stays_text() -> None:
    html = _page_of(HOSTILE)
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in Elements(html).text


def test_the_groups_stand_in_the_order_of_their_names(page: requests.Response) -> None:
    names = re.findall(r"<h2[^>]*>([^<]+)</h2>", page.text)
    assert len(names) > 40
    assert names[:-1] == sorted(names[:-1], key=str.lower), "the schemas come last"


def test_groups_and_operations_are_reached_without_a_mouse(page: requests.Response) -> None:
    tags = [tag for tag, _ in Elements(page.text).tags]
    assert tags.count("details") == tags.count("summary") > len(TABLE)  # both are focusable and open with a key
    assert "main" in tags and "nav" in tags and tags.count("h1") == 1
    assert re.search(r"<a class=\"skip\" href=\"#content\">", page.text)


def _page_of(text: str) -> str:
    """The page of an API all of whose texts are `text`."""
    app = Flask("hostile")
    api: Api = describe(app)
    api.spec.options["info"]["description"] = text
    blueprint = Blueprint(text, __name__, description=text)

    @blueprint.route("/thing")
    @blueprint.doc(
        summary=text,
        description=text,
        parameters=[{"in": "query", "name": text, "description": text, "schema": {"type": text, "format": text}}],
        responses={"200": {"description": text}},
    )
    def thing() -> str:
        return ""

    api.spec.components.schema("Thing", {"description": text, "properties": {text: {"description": text}}})
    api.register_blueprint(blueprint)
    app.register_blueprint(docs_page(api))
    return app.test_client().get("/docs").text
