"""Requests that no client of good will sends: wrong verbs, sizes, encodings, headers. None is answered by a fault."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import pytest
import requests
from werkzeug.test import EnvironBuilder, run_wsgi_app

from identity.app import create_app
from identity.http.limits import HeaderLimits
from tests.contract.people import codes
from tests.service import Service

MEBIBYTE = 1024 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@pytest.fixture
def service(shared_service: Service) -> Service:
    return shared_service


def carries_the_headers_of_every_answer(response: requests.Response) -> bool:
    return EVERY_ANSWER.items() <= dict(response.headers).items() and len(response.headers["X-Request-Id"]) >= 8


@pytest.mark.parametrize("verb", ["BREW", "PROPFIND", "TRACE", "CONNECT"])
def test_a_verb_that_is_not_implemented_at_all_is_501_without_a_body(service: Service, verb: str) -> None:
    response = service.call(verb, "/api/tenant")
    assert (response.status_code, response.content) == (501, b"")
    assert carries_the_headers_of_every_answer(response)


def test_a_verb_that_the_route_does_not_have_is_405_and_says_which_it_has(service: Service) -> None:
    response = service.call("PATCH", "/api/tenant")
    assert (response.status_code, response.content) == (405, b"")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_answers_with_the_verbs_and_neither_body_nor_type(service: Service) -> None:
    response = service.call("OPTIONS", "/api/tenant", key="")
    assert (response.status_code, response.content) == (200, b"")
    assert "Content-Type" not in response.headers
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_head_needs_the_permission_of_get(service: Service) -> None:
    reader = service.add_key(permissions={"/api/tenant": ["GET"]})
    writer = service.add_key(permissions={"/api/tenant": ["POST"]})
    assert service.call("HEAD", "/api/tenant", key=reader).status_code == 200
    assert service.call("HEAD", "/api/tenant", key=writer).status_code == 401


@pytest.mark.parametrize("number", ["--5", "-", "5-", "+5", "1e3", "%C2%B2", "%D9%A5", "9" * 20, "%205", "5%0A"])
def test_a_query_number_that_is_none_is_refused(service: Service, number: str) -> None:
    response = service.call("GET", f"/api/user/search?startRow={number}")
    assert codes(response) == {"startRow": ["[couldNotConvert]startRow"]}


@pytest.mark.parametrize("name", ["email", "username", "loginId"])
@pytest.mark.parametrize("text", ["%00", "%ff%fe", "%ed%a0%80"])
def test_text_of_a_query_that_no_column_can_hold_finds_nobody(service: Service, name: str, text: str) -> None:
    assert service.call("GET", f"/api/user?{name}={text}").status_code in {400, 404}


@pytest.mark.parametrize("text", ["%00", "%ff%fe", "%ed%a0%80"])
@pytest.mark.parametrize("path", ["/api/identity-provider/link/pending/{}", "/api/system/event-log/{}", "/api/user/{}"])
def test_a_path_that_is_no_text_names_nothing(service: Service, path: str, text: str) -> None:
    assert service.call("GET", path.format(text)).status_code in {400, 404}


def _chunks(text: bytes) -> Iterable[bytes]:
    """Sent in chunks, so that the length is not known before the end."""
    for start in range(0, len(text), 65536):
        yield text[start : start + 65536]


@pytest.mark.parametrize("spaces", [MEBIBYTE, 2 * MEBIBYTE])
def test_a_chunked_body_beyond_a_mebibyte_is_413_and_not_cut_short(service: Service, spaces: int) -> None:
    response = service.call("POST", "/api/user", data=_chunks(b" " * spaces + b"[]"), headers=JSON)
    assert (response.status_code, response.content) == (413, b"")


def test_a_chunked_body_within_the_limit_is_read_whole(service: Service) -> None:
    response = service.call("POST", "/api/user", data=_chunks(b" " * (MEBIBYTE - 2) + b"[]"), headers=JSON)
    assert codes(response) == {"": ["[invalidJSON]"]}


def test_a_body_of_one_byte_more_than_a_mebibyte_is_413(service: Service) -> None:
    response = service.call("POST", "/api/user", data=b" " * (MEBIBYTE + 1), headers=JSON)
    assert (response.status_code, response.content) == (413, b"")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_form_beyond_64_kibibytes_is_413(service: Service, chunked: bool) -> None:
    form = b"token=unknown&padding=".ljust(64 * 1024 + 1, b"x")
    data: Any = _chunks(form) if chunked else form
    assert service.call("DELETE", "/api/jwt/refresh", data=data, headers=FORM).status_code == 413


def test_a_form_of_64_kibibytes_is_read(service: Service) -> None:
    form = b"token=unknown&padding=".ljust(64 * 1024, b"x")
    assert service.call("DELETE", "/api/jwt/refresh", data=form, headers=FORM).status_code == 404


@pytest.mark.parametrize("header", ["", " ", "undefined", "\xff", "00000000-0000-4000-8000"])
@pytest.mark.parametrize("route", ["GET /api/user?email=a@example.com", "POST /api/jwt/refresh"])
def test_a_tenant_header_that_is_no_uuid_is_refused_and_never_opens_every_tenant(
    service: Service, header: str, route: str
) -> None:
    """An empty one too: it is what granian hands over for bytes it can not read."""
    method, path = route.split()
    headers = [("X-FusionAuth-TenantId", header), ("Authorization", service.key)]
    status, answer = _raw(service, method, path, headers)
    assert (status, b"[couldNotConvert]tenantId" in answer) == (400, True)


def test_two_tenant_headers_are_none_of_both(service: Service) -> None:
    both = [("X-FusionAuth-TenantId", str(tenant)) for tenant in (service.tenant_id, uuid4())]
    status, _ = _raw(service, "GET", "/api/user?email=a@example.com", [("Authorization", service.key), *both])
    assert status == 400


@pytest.mark.parametrize("key", ["", " ", "\xff\xfe", "Bearer", "Bearer {key}", "{key}\t.", "{key}, {key}", "x" * 5000])
def test_a_key_that_is_not_quite_a_key_is_401_without_a_body(service: Service, key: str) -> None:
    assert _raw(service, "GET", "/api/tenant", [("Authorization", key.format(key=service.key))]) == (401, b"")


@pytest.mark.parametrize("cookie", ["\xff", "a\x01", '"\\777"', ";;=;", "a" * 5000, "\xed\xa0\x80"])
def test_a_cookie_that_is_no_token_is_refused_as_a_wrong_one_is(service: Service, cookie: str) -> None:
    status, answer = _raw(service, "POST", "/api/jwt/refresh", [("Cookie", f"refresh_token={cookie}")])
    assert (status, b'"refreshToken"' in answer) == (400, True)
    assert _raw(service, "GET", "/api/jwt/validate", [("Cookie", f"access_token={cookie}")]) == (401, b"")


def _raw(service: Service, method: str, path: str, headers: list[tuple[str, str]]) -> tuple[int, bytes]:
    """A request whose headers no library tidies up; they are sent as latin-1."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    try:
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.fixture
def limited(service: Service) -> HeaderLimits:
    return HeaderLimits(create_app(service.services), service.services.runtime.new_id)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"path": f"/api/user/{'a' * 9000}"}, 414),
        ({"path": "/api/user", "query_string": "email=" + "a" * 9000}, 414),
        ({"path": "/api/status", "headers": {"X-Long": "a" * 9000}}, 431),
        ({"path": "/api/status", "headers": {f"X-{n}": "a" for n in range(101)}}, 431),
        ({"path": "/api/status", "headers": {f"X-{n}": "a" * 7000 for n in range(10)}}, 431),
    ],
)
def test_a_refusal_of_long_headers_has_the_headers_of_every_other_answer(
    limited: HeaderLimits, options: dict[str, Any], status: int
) -> None:
    body, said, headers = run_wsgi_app(limited, EnvironBuilder(**options).get_environ())
    assert (int(said[:3]), b"".join(body)) == (status, b"")
    assert EVERY_ANSWER.items() <= dict(headers).items()
    assert len(headers["X-Request-Id"]) == 32


def test_a_token_with_times_beyond_all_measure_is_none(service: Service) -> None:
    """Whoever has the private half of an imported key can sign anything."""
    secret, kid = uuid4().hex, uuid4().hex
    key = {"algorithm": "HS256", "secret": secret, "kid": kid, "name": kid}
    assert service.call("POST", "/api/key/import", {"key": key}).status_code == 200
    claims = {"exp": 2**62, "iat": 1, "iss": "acme.com", "tid": str(service.tenant_id), "sub": str(uuid4())}
    token = jwt.encode(claims, secret, "HS256", {"kid": kid})
    bearer = {"Authorization": f"Bearer {token}"}
    assert service.call("GET", "/api/jwt/validate", headers=bearer, key="").status_code == 401
    path = f"/api/jwt/issue?applicationId={uuid4()}"
    assert service.call("GET", path, headers=bearer, key="").status_code == 401
