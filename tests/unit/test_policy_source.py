"""How a content security policy names an administrator's address."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.policy_source import source_of

SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:|https?://[\[\]*:A-Za-z0-9_.-]+")
"""a scheme, or an origin. Nothing in either ends a source, a rule or a header."""


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/sign/out?a=b", "https://app.example"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("HTTPS://app.example/", "https://app.example"),
        ("https://*.app.example/", "https://*.app.example"),
    ],
)
def test_a_web_address_is_named_by_its_origin(url: str, source: str) -> None:
    assert source_of(url) == source


def test_a_host_is_written_as_browsers_write_it() -> None:
    assert source_of("https://münchen.example/") == "https://xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("url", "source"), [("com.example.app:/signed-out", "com.example.app:"), ("myapp://signed-out", "myapp:")]
)
def test_an_address_of_an_installed_app_is_named_by_its_scheme(url: str, source: str) -> None:
    assert source_of(url) == source


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/signed-out",
        "//app.example/",
        "https:///signed-out",
        "https://app.example;script-src/",
        "https://app.example script-src/",
        "https://app.example,/",
        "https://'unsafe-inline'/",
        "https://ann@app.example/",
        "https://app.example:/",
        "https://app.example:123456/",
        "https://app.*.example/",
        "https://[::1/",
        "https://app..example/",
        f"https://{'a' * 64}.example/",
    ],
)
def test_what_a_policy_can_not_name_is_left_out(url: str) -> None:
    assert source_of(url) is None


@given(st.sampled_from(["", "https://", "http://", "https://app.example", "myapp:"]), st.text())
def test_no_text_becomes_more_than_one_source(beginning: str, rest: str) -> None:
    source = source_of(beginning + rest)
    assert source is None or SOURCE.fullmatch(source)
