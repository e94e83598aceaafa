"""Chromium, a service with its X emulator for all tests of this folder, and a visitor for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypeVar

import pytest
from playwright.sync_api import Browser

from tests import postgres
from tests.browser import axe
from tests.browser.application import Application, running_application
from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.browser.drawn import drawn_pages, pages_of
from tests.browser.playing import Play
from tests.browser.tenancy import own_tenant
from tests.browser.visitor import PLAIN, WIDE, Mode, Visitor
from tests.facebook_world import reaching
from tests.fakes.graph import GraphEmulator
from tests.login_world import World, login_world
from tests.node import MISSING as NO_NODE
from tests.node import Tools, find_tools, install

HERE = "tests/browser/"
Found = TypeVar("Found")


def pytest_itemcollected(item: pytest.Item) -> None:
    """One worker has all tests of this folder, so that its fixtures are made once."""
    item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They come one after the other, whoever shuffles tests."""
    items.sort(key=lambda item: item.nodeid.startswith(HERE))


def _must_have(found: Found | None, missing: str) -> Found:
    if found is None:
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(f"NO PAGE WAS TESTED IN A BROWSER: {missing}")
    return found


@pytest.fixture(scope="package")
def tools() -> Tools:
    return _must_have(find_tools(), NO_NODE)


@pytest.fixture(scope="package")
def chromium(tools: Tools) -> Iterator[Browser]:
    """One chromium. It ends with the last test of this folder: its loop would be in the way of other tests' own."""
    program = _must_have(find_chromium(), MISSING)
    install(tools, axe.FOLDER)
    with running_chromium(program) as browser:
        yield browser


@pytest.fixture(scope="package")
def graph() -> Iterator[GraphEmulator]:
    with GraphEmulator() as running:
        yield running


@pytest.fixture(scope="package")
def shared_world(postgres_server: postgres.Server, migrated_template: str, graph: GraphEmulator) -> Iterator[World]:
    """X and Facebook are other sites for the browser, as they are for people."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url, x_host="localhost", brought=reaching(graph, "localhost")) as world:
        yield world
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="package")
def application() -> Iterator[Application]:
    with running_application() as running:
        yield running


@pytest.fixture
def world(shared_world: World, application: Application) -> World:
    """A world with a tenant of the test's own, so that everybody may have the same people."""
    return own_tenant(shared_world, application)


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> Mode:
    """How the pages are used; tests that play all ways have the mark `ALL_WAYS`."""
    return getattr(request, "param", PLAIN)


@pytest.fixture
def visitor(chromium: Browser, world: World, mode: Mode, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Somebody with a browser of their own, whose pages must not do what `Watch` forbids."""
    context = chromium.new_context(java_script_enabled=mode.script, viewport=WIDE, reduced_motion="reduce")
    try:
        visitor = Visitor(context.new_page(), mode, request.node.name)
        with drawn_pages() as drawn:
            yield visitor
        assert visitor.watch.problems == []
        assert pages_of(request.node) <= drawn
    finally:
        context.close()


@pytest.fixture
def play(world: World, visitor: Visitor, application: Application) -> Play:
    """The visitor as a person with an account."""
    return Play(world, visitor, application)
