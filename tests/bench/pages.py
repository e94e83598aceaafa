"""Behind `python -m tests.bench pages`: what a hosted page costs the service, and what browsers load for it."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from tests.bench import accounting
from tests.bench.failure import BenchFailed
from tests.bench.service import configured_service
from tests.bench.stage import embedded_postgres, new_database

ROUNDS, TIMES = 5, 300
MOST_CPU_MS, MOST_KB = 10.0, 60.0
REDIRECT = "https://app.example.com/back"
LOADED = re.compile(r'(?:<link rel="(?:stylesheet|icon)"[^>]* href|<script[^>]* src|<img[^>]* src)="(/[^"]+)"')
THEME = {
    "primaryButtonColor": "#0a7d4f",
    "panelBackgroundColor": "#fffdf5",
    "fontColor": "#222222",
    "borderRadius": "4px",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One page. CPU is that of the service's processes, in rounds; `kilobytes` are all bodies as they were sent."""

    name: str
    cpu_ms: tuple[float, ...]
    wall_ms: float
    kilobytes: float
    files: int

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_ms)


def measure(rounds: int, times: int, tell: Callable[[str], None]) -> list[Figure]:
    """Raises BenchFailed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="identity-bench-")))
        folder.chmod(0o711)  # as root, PostgreSQL drops to an account that must be able to pass
        url, _ = stack.enter_context(embedded_postgres(folder / "home", tell))
        running = configured_service(new_database(url, "pages"), "http://127.0.0.1:1", folder, ("key", "secret"), 1)
        port, process, application_id, api_key = stack.enter_context(running)
        session = stack.enter_context(requests.Session())
        origin = f"http://127.0.0.1:{port}"
        application = f"{origin}/api/application/{application_id}"
        _call(session, "PATCH", application, api_key, {"application": {"oauthConfiguration": _OAUTH}})
        asked = {"client_id": application_id, "redirect_uri": REDIRECT, "response_type": "code", "state": "s"}
        page = f"{origin}/oauth2/authorize?{urlencode(asked)}"
        figures = [_figure(session, "sign in", page, process, rounds, times)]
        theme = _call(session, "POST", f"{origin}/api/theme", api_key, {"theme": {"name": "Bench", "variables": THEME}})
        _call(session, "PATCH", application, api_key, {"application": {"themeId": theme["theme"]["id"]}})
        themed = f"{page}&locale=de"
        figures.append(_figure(session, "sign in, German, with a theme", themed, process, rounds, times))
        tell("both pages are measured")
        return figures


_OAUTH = {
    "authorizedRedirectURLs": [REDIRECT],
    "enabledGrants": ["authorization_code"],
    "proofKeyForCodeExchangePolicy": "NotRequired",
}


def table(figures: list[Figure], times: int) -> str:
    lines = [
        f"Medians over the rounds of {times} requests each (lowest-highest), one at a time; 1 worker.",
        "",
        "| page                          | CPU ms            | wall ms | kB sent | files |",
        "| ---                           | ---               | ---     | ---     | ---   |",
    ]
    for each in figures:
        cpu = f"{each.cpu:.2f} ({min(each.cpu_ms):.2f}-{max(each.cpu_ms):.2f})"
        lines.append(
            f"| {each.name:<29} | {cpu:<17} | {each.wall_ms:<7.1f} | {each.kilobytes:<7.1f} | {each.files:<5} |"
        )
    return "\n".join(lines)


def refuse_heavy(figures: list[Figure]) -> None:
    """Raises BenchFailed when a page costs or weighs more than it may."""
    for each in figures:
        if each.cpu > MOST_CPU_MS or each.kilobytes > MOST_KB:
            raise BenchFailed(
                f"{each.name}: {each.cpu:.1f} ms and {each.kilobytes:.1f} kB, "
                f"of {MOST_CPU_MS:.0f} ms and {MOST_KB:.0f} kB that it may have"
            )


def _figure(session: requests.Session, name: str, page: str, process: int, rounds: int, times: int) -> Figure:
    first = _page(session, page)
    loaded = sorted(set(LOADED.findall(first.text)))
    sent = [len(_raw(session, page)), *(len(_raw(session, page.partition("/oauth2")[0] + path)) for path in loaded)]
    if not loaded:
        raise BenchFailed(f"{name}: the page names no stylesheet")
    cpu, wall = [], []
    for _ in range(rounds):
        before, began = accounting.cpu_seconds(accounting.tree(process)), time.perf_counter()
        for _ in range(times):
            _page(session, page)
        wall.append(1000 * (time.perf_counter() - began) / times)
        cpu.append(1000 * (accounting.cpu_seconds(accounting.tree(process)) - before) / times)
    return Figure(name, tuple(cpu), statistics.median(wall), sum(sent) / 1000, len(sent))


def _page(session: requests.Session, page: str) -> requests.Response:
    answer = session.get(page, timeout=60)
    if answer.status_code != 200 or "current-password" not in answer.text:
        raise BenchFailed(f"the sign-in page was not answered: {answer.status_code} {answer.text[:300]}")
    return answer


def _raw(session: requests.Session, url: str) -> bytes:
    """The body as it came over the wire, packed or not."""
    with session.get(url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=60) as answer:
        if answer.status_code != 200:
            raise BenchFailed(f"{url} was not answered: {answer.status_code}")
        return bytes(answer.raw.read(decode_content=False))


def _call(session: requests.Session, method: str, url: str, key: str, document: dict[str, Any]) -> dict[str, Any]:
    answer = session.request(method, url, json=document, headers={"Authorization": key}, timeout=60)
    if answer.status_code != 200:
        raise BenchFailed(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
    return dict(answer.json())
