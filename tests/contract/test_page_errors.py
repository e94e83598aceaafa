"""Whatever goes wrong on a page is a page: the API's status, what to do in the reader's language, and never a cause."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from identity import settings as settings_module
from identity.app import build_services
from identity.domain.errors import (
    Busy,
    Conflict,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    WrongCode,
    invalid_field,
)
from identity.domain.sign_in import SignIn
from identity.flows.events.announce import WebhooksRefused
from identity.http.fusionauth.respond import HANDLERS
from identity.sealing import new_key_line
from identity.store.db import InUse, StoreUnavailable, UniqueConflict
from tests.contract.page_probe import BROWSER, SHOWN, Elements, Probe, probe
from tests.service import Service

CAUSE = "the cause, host=db.internal user=root"
HTML = "text/html; charset=UTF-8"
PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PARAMETERS = {"client_id": "a b", "redirect_uri": "https://app.example/cb?x=1&y=2", "state": '"><b>'}
ERRORS = [
    (Invalid(), 400),
    (invalid_field(CAUSE, CAUSE, CAUSE), 400),
    (BadRequest(CAUSE), 400),
    (Unauthorized(CAUSE), 401),
    (NotFound(CAUSE), 404),
    (Conflict(CAUSE), 409),
    (RequestEntityTooLarge(CAUSE), 413),
    (WrongCode(CAUSE), 421),
    (Unreachable(CAUSE), 422),
    (TooManyRequests(17), 429),
    (RuntimeError(CAUSE), 500),
    (StoreUnavailable(CAUSE), 503),
    (Busy(CAUSE), 503),
    (WebhooksRefused(CAUSE), 504),
    (UniqueConflict(CAUSE), 400),
    (InUse(CAUSE), 400),
]


@pytest.fixture(scope="module")
def trying(shared_service: Service) -> Probe:
    return probe(shared_service.services)


@pytest.mark.parametrize(
    ("error", "status"), ERRORS, ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each)
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_an_exception_is_a_page_of_its_status_that_names_no_cause(
    trying: Probe, error: Exception, status: int, language: str
) -> None:
    answer = trying.fail(error, headers={"Accept-Language": language})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, HTML)
    page = Elements(answer.text)
    assert "cause" not in answer.text
    assert page.named("html") == [{"lang": language}]
    assert [len(page.named(tag)) for tag in ("main", "h1", "title")] == [1, 1, 1]
    assert [each for _, each in page.all if each.get("role") == "alert"]
    assert answer.headers["X-Request-Id"] in page.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_every_exception_that_the_api_knows_has_been_tried() -> None:
    tried = {kind for error, _ in ERRORS for kind in type(error).__mro__}
    assert {kind.__name__ for kind in HANDLERS} - {kind.__name__ for kind in tried} == {"ValidationError"}


@pytest.mark.parametrize(
    ("error", "seconds"), [(TooManyRequests(17), "17"), (StoreUnavailable(""), "2"), (Busy(), "2")]
)
def test_what_may_be_tried_again_says_when(trying: Probe, error: Exception, seconds: str) -> None:
    assert trying.fail(error).headers["Retry-After"] == seconds


@pytest.mark.parametrize("form", [{}, {"sign_in": ""}, {"sign_in": "x"}, {"sign_in": "é"}, {"sign_in": "a" * 20_000}])
def test_a_form_without_its_sign_in_is_refused_before_anything_happens(trying: Probe, form: dict[str, str]) -> None:
    answer = trying.fail(RuntimeError(CAUSE), "POST", data=form)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, HTML)
    assert "This page is no longer valid" in answer.text
    assert "X-Identity-Trace" not in answer.headers


def test_a_sign_in_of_another_browser_is_refused(trying: Probe) -> None:
    sealed = trying.sealed(SignIn(parameters=PARAMETERS))
    assert trying.open(SHOWN, "POST", data={"sign_in": sealed}).status_code == 200
    trying.client.set_cookie("identity.browser", "c" * 43)
    refused = trying.open(SHOWN, "POST", data={"sign_in": sealed})
    trying.client.set_cookie("identity.browser", BROWSER)
    assert (refused.status_code, "Begin again" in refused.text) == (403, False)


def test_the_way_back_is_the_request_that_began_the_sign_in(trying: Probe) -> None:
    answer = trying.fail(Busy(), "POST", data={"sign_in": trying.sealed(SignIn(parameters=PARAMETERS))})
    [link] = [each["href"] for each in Elements(answer.text).named("a") if each.get("class") == "button primary"]
    assert link == (
        "/oauth2/authorize?client_id=a+b&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1%26y%3D2&state=%22%3E%3Cb%3E"
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_told_the_right_ones(trying: Probe, method: str) -> None:
    answer = trying.open(SHOWN, method)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, HTML)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_the_api_keeps_its_own_answers(trying: Probe) -> None:
    for method, path, status in (("PUT", "/api/status", 405), ("GET", "/api/nothing", 404), ("BREW", SHOWN, 501)):
        answer = trying.open(path, method, headers=PERSON)
        assert (answer.status_code, answer.data, answer.headers.get("Content-Type")) == (status, b"", None)
    assert trying.open("/nothing").data == b""


@pytest.mark.parametrize("path", ["/nothing", "/oauth2/nothing", "//evil.example/x", "/%0aSet-Cookie:x", "/a%00b"])
def test_a_person_at_a_wrong_address_gets_a_page(trying: Probe, path: str) -> None:
    answer = trying.open(path, headers=PERSON)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, HTML)
    assert "There is no such page" in answer.text
    assert all(link["href"].startswith("?") for link in Elements(answer.text).named("a") if link["href"])


def test_a_form_that_is_too_large_is_a_page(trying: Probe) -> None:
    answer = trying.open(SHOWN, "POST", data={"a": "b" * 70_000})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, HTML)


def test_without_a_database_a_page_still_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("no-database")
    keys = folder / "secret.keys"
    keys.write_text(new_key_line("test", lambda size: b"k" * size))
    settings = settings_module.load(
        {
            "IDENTITY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1",
            "IDENTITY_SECRET_KEY_FILE": str(keys),
            "IDENTITY_DATA_DIR": str(folder),
        }
    )
    services = build_services(settings)
    try:
        trying = probe(services)
        sign_in = SignIn(tenant_id=UUID("0193abf0-1111-7000-8000-0123456789ab"), locale="de")
        answer = trying.open(SHOWN, query_string={"sign_in": trying.sealed(sign_in)})
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, HTML)
        assert "Wir sind gleich wieder da" in answer.text
        assert answer.headers["Retry-After"] == "2"
    finally:
        services.close()


def test_the_reference_of_a_login_that_failed_is_its_trace(trying: Probe) -> None:
    answer = trying.fail(Busy(), "POST", data={"sign_in": trying.sealed(SignIn())})
    assert f"<code>{answer.headers['X-Identity-Trace']}</code>" in answer.text


def test_a_reference_is_text_that_one_click_selects(trying: Probe) -> None:
    answer = trying.fail(RuntimeError())
    assert re.search(r"<code>[0-9a-f-]{32,36}</code>", answer.text)
