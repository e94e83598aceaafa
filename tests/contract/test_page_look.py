"""What every hosted page shares: stylesheet, policy, language, and the theme of the tenant or the application."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from identity.domain.sign_in import SignIn
from tests.contract.page_probe import SHOWN, Elements, Probe, probe
from tests.service import Service

LOGO = "https://cdn.example.com:8443/logo.png"
INLINE = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture(scope="module")
def trying(shared_service: Service) -> Probe:
    return probe(shared_service.services)


def policy(answer: TestResponse) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in rules}


def style(answer: TestResponse) -> str:
    """What the theme adds to the page."""
    _, _, rest = answer.text.partition("<style")
    return rest.partition(">")[2].partition("</style>")[0]


# Stylesheet and policy


def test_a_page_loads_its_stylesheet_and_its_icon_from_here_and_nothing_else(trying: Probe) -> None:
    answer = trying.open()
    page = Elements(answer.text)
    links = {link["rel"]: link["href"] for link in page.named("link")}
    assert set(links) == {"icon", "stylesheet"}
    assert all(path and path.startswith("/assets/") for path in links.values())
    for tag in ("script", "img", "iframe", "object", "style"):
        assert page.named(tag) == []
    assert policy(answer) == {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    assert not [name for _, attributes in page.all for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("rel", ["stylesheet", "icon"])
def test_what_a_page_loads_is_kept_for_ever_under_the_hash_of_its_content(trying: Probe, rel: str) -> None:
    [path] = [str(link["href"]) for link in Elements(trying.open().text).named("link") if link["rel"] == rel]
    plain = trying.open(path)
    packed = trying.open(path, headers={"Accept-Encoding": "br, gzip"})
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 10_000
    for answer in (plain, packed):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert trying.open(path, headers={"Accept-Encoding": "gzip;q=0"}).data == plain.data


@pytest.mark.parametrize("name", ["pages.css", "pages.0000000000000000.css", "../document.py", "__init__.py", "%2e%2e"])
def test_under_another_name_there_is_nothing(trying: Probe, name: str) -> None:
    assert trying.open(f"/assets/{name}").status_code == 404


def test_a_page_is_never_kept(trying: Probe) -> None:
    assert trying.open().headers["Cache-Control"] == "no-store"


# Language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,en;q=0.5,de;q=0.4", "en"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("de;q=x,;;=", "en"),
    ],
)
def test_a_page_speaks_the_language_of_the_browser(trying: Probe, accepted: str, language: str) -> None:
    answer = trying.open(headers={"Accept-Language": accepted})
    assert Elements(answer.text).named("html") == [{"lang": language}]
    assert answer.headers["Content-Language"] == language
    assert ("Waren Sie das?" in answer.text) == (language == "de")


def test_a_language_that_is_chosen_stays_chosen_through_the_sign_in(trying: Probe) -> None:
    first = Elements(trying.open(query_string={"a": "b & c"}).text)
    [link] = [link for link in first.named("a") if link.get("hreflang") == "de"]
    assert link["lang"] == "de"
    assert parse_qs(urlsplit(str(link["href"])).query) == {"a": ["b & c"], "locale": ["de"]}
    german = trying.open(SHOWN + str(link["href"]))
    assert "Waren Sie das?" in german.text
    sealed = trying.sealed(SignIn(locale="de"))
    after = trying.open(SHOWN, "POST", data={"sign_in": sealed})
    assert "Waren Sie das?" in after.text
    [back] = [link for link in Elements(after.text).named("a") if link.get("hreflang") == "en"]
    english = trying.open(SHOWN + str(back["href"]))
    assert (english.status_code, "Was it you?" in english.text) == (200, True)


@pytest.mark.parametrize("locale", ["xx", "../de", "de\n", '"><script>', "d" * 5_000])
def test_a_language_that_there_is_not_changes_nothing(trying: Probe, locale: str) -> None:
    answer = trying.open(query_string={"locale": locale})
    assert (answer.status_code, Elements(answer.text).named("html"), "<script" in answer.text) == (
        200,
        [{"lang": "en"}],
        False,
    )


# Theme


def made(service: Service, path: str, name: str, document: dict[str, Any], tenant: str | None = None) -> str:
    answer = service.call("POST", path, {name: document}, tenant=tenant)
    assert answer.status_code == 200, answer.text
    return str(answer.json()[name]["id"])


def theme(service: Service, **variables: Any) -> str:
    return made(service, "/api/theme", "theme", {"name": uuid4().hex, "type": "simple", "variables": variables})


def tenant(service: Service, theme_id: str | None) -> str:
    return made(service, "/api/tenant", "tenant", {"name": uuid4().hex, "issuer": "a.example", "themeId": theme_id})


def test_a_tenants_theme_sets_colours_and_logo_by_a_nonce(shared_service: Service, trying: Probe) -> None:
    mine = tenant(shared_service, theme(shared_service, primaryButtonColor="#0a7d4f", logoImageURL=LOGO))
    answers = [trying.open_for(tenant_id=mine) for _ in range(2)]
    [nonce] = policy(answers[0])["style-src"][1:]
    assert policy(answers[0])["img-src"] == ["'self'", "https://cdn.example.com:8443"]
    assert style(answers[0]) == ":root{--primary-button-color:#0a7d4f;--primary-button-text-color:#fff}"
    page = Elements(answers[0].text)
    assert [f"'nonce-{element['nonce']}'" for element in page.named("style")] == [nonce]
    assert [image["src"] for image in page.named("img")] == [LOGO]
    assert policy(answers[1])["style-src"] != policy(answers[0])["style-src"]


def test_an_applications_theme_comes_before_the_tenants(shared_service: Service, trying: Probe) -> None:
    mine = tenant(shared_service, theme(shared_service, borderRadius="1px"))
    plain = made(shared_service, "/api/application", "application", {"name": uuid4().hex}, mine)
    own = {"name": uuid4().hex, "themeId": theme(shared_service, borderRadius="2px", logoImageURL=INLINE)}
    themed = made(shared_service, "/api/application", "application", own, mine)
    assert style(trying.open_for(application_id=plain)) == ":root{--border-radius:1px}"
    answer = trying.open_for(application_id=themed)
    assert style(answer) == ":root{--border-radius:2px}"
    assert policy(answer)["img-src"] == ["'self'", "data:"]
    assert [(image["src"], image["alt"]) for image in Elements(answer.text).named("img")] == [(INLINE, own["name"])]


def test_a_change_of_a_theme_shows_on_the_next_page(shared_service: Service, trying: Probe) -> None:
    theme_id = theme(shared_service, borderRadius="1px")
    mine = tenant(shared_service, theme_id)
    assert "--border-radius:1px" in style(trying.open_for(tenant_id=mine))
    change = {"theme": {"variables": {"borderRadius": "9px"}}}
    assert shared_service.call("PATCH", f"/api/theme/{theme_id}", change).status_code == 200
    assert "--border-radius:9px" in style(trying.open_for(tenant_id=mine))


@pytest.mark.parametrize(
    "value",
    ["red}</style><script>alert(1)</script>", "red;}*{display:none", "url(https://evil.example)", "\"'><img src=x>"],
)
def test_what_is_no_colour_or_address_is_never_sent(shared_service: Service, trying: Probe, value: str) -> None:
    names = ("fontColor", "pageBackgroundColor", "logoImageURL", "backgroundImageURL", "fontFamily", "borderRadius")
    mine = tenant(shared_service, theme(shared_service, **dict.fromkeys(names, value)))
    answer = trying.open_for(tenant_id=mine)
    page = Elements(answer.text)
    assert (answer.status_code, page.named("style"), page.named("img"), page.named("script")) == (200, [], [], [])
    assert "evil.example" not in answer.headers["Content-Security-Policy"]
    assert page.named("html") == [{"lang": "en"}]


def test_templates_and_stylesheet_of_a_theme_draw_nothing(shared_service: Service, trying: Probe) -> None:
    inert = {"stylesheet": "body{display:none}", "templates": {"oauth2Authorize": "<b>gone</b>", "helpers": "${x}"}}
    theme_id = made(shared_service, "/api/theme", "theme", {"name": uuid4().hex, "type": "advanced", **inert})
    answer = trying.open_for(tenant_id=tenant(shared_service, theme_id))
    assert ("display:none" in answer.text, "gone" in answer.text, answer.status_code) == (False, False, 200)


def test_the_name_of_an_application_is_text(shared_service: Service, trying: Probe) -> None:
    name = f"</title><script>alert(1)</script> {uuid4().hex}"
    mine = made(shared_service, "/api/application", "application", {"name": name}, tenant(shared_service, None))
    answer = trying.open_for(application_id=mine)
    page = Elements(answer.text)
    assert page.named("script") == []
    assert page.text.count(name) == 2
    assert f"Was it you? - {name}" in page.text
