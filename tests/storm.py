"""Many threads that call a service at the same time, while something happens to it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import requests

THREADS = 16

Call = Callable[[], requests.Response]
Answer = TypeVar("Answer")


class Storm:
    """Threads that make calls again and again, and what they were answered."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = [calls[number % len(calls)] for number in range(THREADS)]
        self._over = threading.Event()
        self._begun = threading.Semaphore(0)
        self.statuses: Counter[int] = Counter()
        self.refusals: list[requests.Response] = []

    def _blow(self, call: Call) -> None:
        for number in range(1000):
            answer = call()
            self.statuses[answer.status_code] += 1
            if answer.status_code >= 400:
                self.refusals.append(answer)
            if number == 0:
                self._begun.release()
            if self._over.is_set():
                return

    @contextmanager
    def blowing(self) -> Iterator[None]:
        """Every thread has called once when the block begins, and calls at least once more after it."""
        with ThreadPoolExecutor(THREADS) as pool:
            done = [pool.submit(self._blow, call) for call in self._calls]
            for _ in done:
                assert self._begun.acquire(timeout=60)
            try:
                yield
            finally:
                self._over.set()
            for each in done:
                each.result()

    def told(self, *expected: int) -> list[str]:
        """What the others than the expected answers said."""
        return [f"{each.status_code} {each.text}" for each in self.refusals if each.status_code not in expected]


def at_once(work: Callable[[int], Answer], times: int) -> list[Answer]:
    """What `work(0)` to `work(times - 1)` return, all let go at the same moment."""
    start = threading.Barrier(times)

    def wait_and_work(number: int) -> Answer:
        start.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(wait_and_work, range(times)))
