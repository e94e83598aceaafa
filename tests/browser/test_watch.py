"""The eyes of the other tests here: each kind of problem is seen, with and without script."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import grave_violations
from tests.browser.watch import Watch

PAGE = "http://127.0.0.1:9/"


def problems(chromium: Browser, html: str, *, script: bool = True, policy: str = "", status: int = 200) -> list[str]:
    """What is seen of a page that says this, under this policy."""
    context = chromium.new_context(java_script_enabled=script)
    watch = Watch(context)
    page = context.new_page()
    headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
    page.route(PAGE, lambda route: route.fulfill(status=status, headers=headers, body=html))
    page.goto(PAGE)
    context.close()
    return watch.problems


def test_a_quiet_page_and_a_page_that_refuses_have_no_problems(chromium: Browser) -> None:
    assert problems(chromium, "<h1>Hello</h1>") == []
    assert problems(chromium, "<h1>Once more</h1>", status=400) == []
    assert problems(chromium, "<h1>Right back</h1>", status=503) == []


def test_a_fault_is_seen_whatever_the_page_says(chromium: Browser) -> None:
    [problem] = problems(chromium, "<h1>Something went wrong</h1>", status=500)
    assert "500" in problem


def test_a_failing_script_is_seen(chromium: Browser) -> None:
    [problem] = problems(chromium, "<script>throw new Error('broken')</script>")
    assert "broken" in problem


@pytest.mark.parametrize("script", [True, False])
def test_what_the_policy_forbids_is_seen(chromium: Browser, script: bool) -> None:
    [problem] = problems(chromium, "<style>h1 { color: red }</style>", script=script, policy="default-src 'none'")
    assert "Content Security Policy" in problem


@pytest.mark.parametrize("host", ["example.com", "192.0.2.1", "0.0.0.0"])
def test_a_request_to_another_machine_is_seen_and_goes_nowhere(chromium: Browser, host: str) -> None:
    found = problems(chromium, f"<img src='http://{host}/a.png' alt=''>")
    assert f"a page asked another machine: http://{host}/a.png" in found
    assert any("net::ERR_NAME_NOT_RESOLVED" in problem for problem in found)


def test_axe_finds_what_is_wrong_under_the_policy_of_the_page(visited: Callable[[str, str], Page]) -> None:
    policy = "default-src 'none'"
    assert grave_violations(visited(GOOD, policy)) == []
    found = grave_violations(visited(GOOD.replace("<label>Name <input></label>", "<input>"), policy))
    assert [line.partition(":")[0] for line in found] == ["label"]


GOOD = "<!doctype html><html lang=en><title>A page</title><main><h1>Hello</h1><label>Name <input></label></main>"


@pytest.fixture
def visited(chromium: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Goes to a page that says this, under this policy."""
    with chromium.new_context() as context:

        def visit(html: str, policy: str) -> Page:
            page = context.new_page()
            headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
            page.route(PAGE, lambda route: route.fulfill(headers=headers, body=html))
            page.goto(PAGE)
            return page

        yield visit
